import time
from dataclasses import replace

import pytest
import torch

from recipe.data.datasets import Splits, TensorData
from recipe.speed import throughput as module
from recipe.speed.throughput import Throughput, throughput
from recipe.training.execution_mode import PLAIN
from step_samples import blob_experiment, blobs

CPU = torch.device("cpu")


def measured(seconds=5.0, n=256, **given):
    experiment = blob_experiment(train=blobs(n), **given).resolved()
    data = Splits(TensorData(*blobs(n)), TensorData(*blobs(16)))
    return throughput(experiment, data, CPU, PLAIN, seconds)


@pytest.fixture
def scripted(monkeypatch, tmp_path):
    """Iterations of a size take what `take(size)` says; sizes that were timed."""
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path))
    sizes = []

    def use(take):
        def timed(_experiment, _data, _device, _mode, size):
            sizes.append(size)
            return module._Timed(take(size), 0.1)

        monkeypatch.setattr(module, "_timed", timed)
        return sizes

    return use


def test_half_the_size_and_its_doubles_are_measured(scripted):
    sizes = scripted(lambda _: 0.001)
    found = measured(batch_size=16)
    assert sizes == [8, 16, 32, 64, 128]  # half of the data at most
    assert found.sizes == tuple(sizes)
    assert found.rates[1] == 16 / 0.001
    assert (found.largest, found.waiting, found.full) == (128, 0.1, False)


def test_it_ends_where_twice_the_batch_is_no_faster(scripted):
    sizes = scripted(lambda size: 0.001 * max(1, size / 32))
    found = measured(batch_size=16)
    assert sizes == [8, 16, 32, 64]
    assert found.largest == 32


def test_it_ends_where_memory_does(scripted):
    def take(size):
        if size > 32:
            raise torch.OutOfMemoryError("no room")
        return 0.001

    scripted(take)
    found = measured(batch_size=16)
    assert (found.sizes, found.full) == ((8, 16, 32), True)


def test_no_batch_is_tried_that_would_fill_the_memory(scripted, monkeypatch):
    sizes = scripted(lambda _: 0.001)
    kept = module.kept_bytes
    seen = []
    monkeypatch.setattr(module, "kept_bytes", lambda *given: seen.append(kept(*given)) or seen[-1])
    monkeypatch.setattr(module, "free_memory", lambda _: seen[-1] * 2 * 5)  # five times 8 items
    found = measured(batch_size=16)
    assert sizes == [8, 16, 32]
    assert (found.largest, found.full) == (32, True)


def test_it_ends_in_time(scripted):
    sizes = scripted(lambda _: 100.0)
    assert measured(batch_size=1) is not None  # the first one is measured in any case
    assert sizes == [1]
    assert measured(batch_size=16) is None
    assert sizes == [1, 8]


def test_what_was_measured_is_remembered(scripted):
    sizes = scripted(lambda _: 0.001)
    first = measured(batch_size=16)
    count = len(sizes)
    assert measured(batch_size=16) == first
    assert len(sizes) == count
    measured(batch_size=32)
    assert len(sizes) > count


def test_a_real_training_is_timed(tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path))
    found = measured(60.0, batch_size=16)
    assert isinstance(found, Throughput)
    assert all(rate > 0 for rate in found.rates)
    assert 0 <= found.waiting < 0.9


def test_slow_data_are_waited_for(tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path))

    def slow(x):
        time.sleep(0.01)
        return x

    assert measured(60.0, batch_size=64, augment=slow).waiting > 0.6


def test_the_users_experiment_stays_as_it_was(scripted):
    scripted(lambda _: 0.001)
    experiment = blob_experiment().resolved()
    kept = replace(experiment)
    throughput(experiment, Splits(TensorData(*blobs()), TensorData(*blobs())), CPU, PLAIN, 1.0)
    assert experiment == kept
