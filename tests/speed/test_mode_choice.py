import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.data.datasets import Splits, TensorData
from recipe.data.item_data import StreamData
from recipe.speed import fused_width, mode_search, stopwatch
from recipe.speed.mode_choice import choose
from recipe.speed.mode_search import PART, SHARE, MeasuredMode, ModeChoice
from recipe.speed.stopwatch import LEAST, MOST
from recipe.training.execution_mode import PLAIN, ExecutionMode, thread_count

CPU = torch.device("cpu")


def mlp():
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))


def cnn():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 3),
    )  # fmt: skip


def data(*shape, n=64):
    source = torch.Generator().manual_seed(0)
    x = torch.randn(n, *shape, generator=source)
    part = TensorData(x, x.flatten(1)[:, :3].argmax(1))
    return Splits(part, part)


def experiment(**given):
    return Experiment(**{"model": mlp, "train": None, "batch_size": 16, **given}).resolved(5)


def found(given=None, splits=None, planned=1e9, device=CPU):
    return choose(given or experiment(), splits or data(6), device, 0, planned=planned)


@pytest.fixture(autouse=True)
def _fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path))


@pytest.fixture
def scripted(monkeypatch):
    """Ways whose speed and losses are made up: (seconds, losses) by the way's words."""

    def script(table, default=(1.0, [1.0, 1.0])):
        measured = []

        def measure(_, mode):
            measured.append(str(mode))
            result = table.get(str(mode), default)
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(mode_search.ModeSearch, "_measure", measure)
        return measured

    return script


def test_what_is_chosen_really_trains_like_the_plain_way():
    choice = found()
    assert choice.tried[0].mode == PLAIN
    assert choice.tried[0].seconds > 0
    assert all(one.reason is None for one in choice.tried)
    assert choice.gain >= 1
    kinds = {one.mode.sharing for one in choice.tried}
    assert "fused" in kinds


def test_images_are_tried_in_their_layout_and_in_bfloat16(scripted):
    measured = scripted({
        "channels-last": (0.5, [1.0, 1.0]),
        "channels-last, bfloat16": (0.2, [1.01, 1.0]),
    })  # fmt: skip
    choice = found(experiment(model=cnn), data(3, 8, 8))
    assert choice.mode == ExecutionMode(channels_last=True, precision="bfloat16")
    assert choice.gain == pytest.approx(5)
    assert "channels-last" in measured
    assert not any("fused" in mode for mode in measured)  # grouped convolutions are slow here


@pytest.mark.parametrize(
    ("losses", "reason"),
    [
        ([1.0, 1.1], "a loss of 1.1 where the plain run has 1"),
        ([float("nan"), 1.0], "a loss of nan where the plain run has 1"),
        ([], "no finite loss"),
    ],
)
def test_a_way_whose_losses_go_elsewhere_is_turned_down(scripted, losses, reason):
    scripted({"channels-last": (0.1, losses)})
    choice = found(experiment(model=cnn), data(3, 8, 8))
    turned_down = next(one for one in choice.tried if str(one.mode) == "channels-last")
    assert turned_down == MeasuredMode(ExecutionMode(channels_last=True), None, reason)
    assert not choice.mode.channels_last


def test_bfloat16_may_be_off_by_more_than_float32(scripted):
    scripted({"channels-last": (0.1, [1.01]), "bfloat16": (0.1, [1.01])})
    choice = found(experiment(model=cnn), data(3, 8, 8))
    assert choice.mode.precision == "bfloat16"
    assert not choice.mode.channels_last


def test_a_way_that_fails_is_turned_down_with_its_reason(scripted):
    scripted({"fused trials": RuntimeError("no batching rule\nfor this")})
    choice = found()
    (failed,) = [one for one in choice.tried if one.reason]
    assert failed.reason == "it fails: no batching rule"
    assert choice.mode.sharing != "fused"


def test_real_targets_keep_their_digits(scripted):
    measured = scripted({})
    splits = data(6)
    found(experiment(task="regression", model=lambda: nn.Linear(6, 3)), splits)
    assert not any("bfloat16" in mode for mode in measured)


def test_an_own_update_step_is_neither_fused_nor_cast(scripted):
    measured = scripted({})
    found(experiment(update=lambda *_: 0.0))
    assert not any("bfloat16" in mode or "fused" in mode for mode in measured)


def test_the_search_ends_when_its_share_of_the_run_is_spent(scripted, monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr(mode_search.time, "perf_counter", lambda: float(next(clock)))
    scripted({})
    everything = len(found(planned=1e9).tried)
    assert everything > 2
    plain_seconds = 1.0 * PART  # a second for a part of the batch
    few = choose(experiment(batch_size=8), data(6), CPU, 0, planned=1.5 / SHARE / plain_seconds)
    assert len(few.tried) == 2  # the plain run, and one change before a second had passed
    none = choose(experiment(batch_size=4), data(6), CPU, 0, planned=0.0)
    assert len(none.tried) == 1


def test_a_search_that_was_cut_short_is_taken_up_by_a_much_longer_run(scripted):
    scripted({})
    found(planned=0.001)
    assert found(planned=0.001).remembered
    assert not found().remembered


def test_trials_that_would_not_fit_into_memory_are_not_fused(scripted, monkeypatch):
    measured = scripted({})
    monkeypatch.setattr(fused_width, "free_memory", lambda _: 10_000)
    found()
    assert not any("fused" in mode for mode in measured)


def test_what_was_found_is_remembered_per_model_shape_and_batch(scripted):
    measured = scripted({"fused trials": (0.1, [1.0])})
    first = found()
    assert not first.remembered
    count = len(measured)
    again = found()
    assert again == replace(first, remembered=True, seconds=0.0, tried=())
    assert len(measured) == count
    for other in (
        {"given": experiment(batch_size=8)},
        {"given": experiment(optimizer="adam")},
        {"given": experiment(model=lambda: nn.Linear(6, 3))},
    ):
        assert not found(**other).remembered


@pytest.mark.parametrize("content", ["", "{}", '{"way": {"sharing": 1, "wrong": 2}, "gain": 1}'])
def test_a_broken_memory_is_measured_anew(scripted, tmp_path, content):
    scripted({})
    found()
    (path,) = (tmp_path / "speed").iterdir()
    path.write_text(content)
    assert not found().remembered


def test_a_cache_that_cannot_be_written_costs_no_run(scripted, monkeypatch, tmp_path):
    scripted({})
    (tmp_path / "file").touch()
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "file"))
    assert not found().remembered
    assert not found().remembered


def test_random_data_is_trained_plainly():
    stream = StreamData([(torch.zeros(6), 0)] * 8, CPU)
    assert found(splits=Splits(stream, stream)) == ModeChoice(PLAIN, 1.0, 0.0)


def test_a_measurement_is_long_enough_and_never_too_long():
    search = mode_search.ModeSearch(experiment(), data(6, n=400), CPU, 0, 1e9)
    seconds, losses = search._measure(PLAIN)
    assert 0 < seconds < 1
    assert LEAST <= len(losses) <= MOST


@pytest.fixture
def clock(monkeypatch):
    """A time that passes when it is told to."""
    now = [0.0]
    monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("hopeless", "seconds", "ticks", "found"),
    [
        ((float("inf"), float("inf")), [9, 0.01, 0.02, 0.01, 0.01], 4, 0.01),
        ((5, 3), [6, 1], 1, 6),  # dropped after the first
        ((5, 3), [4.5, 3.5, 1], 2, 3.5),  # after the second
        ((5, 3), [4.5, 2.5, 2.5, 1], 3, 2.5),  # slow, but not hopeless
        ((float("inf"), 3), [90, 3.5, 1], 2, 3.5),
    ],
)
def test_a_way_that_is_far_too_slow_is_dropped_at_once(clock, hopeless, seconds, ticks, found):
    measured = stopwatch.Stopwatch(CPU, hopeless=hopeless)
    for value in seconds:
        clock[0] += value
        if measured.tick():
            break
    assert len(measured.ticks) == ticks
    assert measured.seconds == pytest.approx(found)


def test_what_counts_as_far_too_slow():
    search = mode_search.ModeSearch(experiment(), data(6), CPU, 0, 1e9)
    assert search._hopeless(PLAIN) == (float("inf"), float("inf"))
    search.best = MeasuredMode(PLAIN, 1e-3)
    assert search._hopeless(PLAIN) == (0.5, 0.03)  # a first iteration holds what is done once
    search.best = MeasuredMode(PLAIN, 2.0)
    assert search._hopeless(PLAIN) == (10, 6)
    assert search._hopeless(ExecutionMode(sharing="fused", width=64), 16) == (160, 96)
    assert search._hopeless(ExecutionMode(compiled=True)) == (float("inf"), 6)
    assert search._hopeless(ExecutionMode(sharing="processes", width=2)) == (float("inf"), 12)


def test_the_sentence_for_the_user():
    mode = ExecutionMode(True, "bfloat16", sharing="processes", width=2)
    assert str(ModeChoice(mode, 3.04, 0.72)) == (
        "Speed: channels-last, bfloat16, 2 processes, 3.0 times as fast as plain training "
        "(found in 0.7 s)."
    )
    assert str(ModeChoice(PLAIN, 1.0, 0.0, remembered=True)) == (
        "Speed: the plain way is the fastest here (remembered)."
    )
    assert str(ExecutionMode(threads=1)) == "1 thread"
    assert str(ExecutionMode(threads=4, compiled=True, sharing="fused", width=8)) == (
        "compiled, 4 threads, fused trials"
    )


def test_threads_are_put_back():
    before = torch.get_num_threads()
    seen = []

    def work():
        with thread_count(before + 1):
            seen.append(torch.get_num_threads())
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert (seen, torch.get_num_threads()) == ([before + 1], before)


SPOILED = {
    "no processes": {"way": {"sharing": "processes", "width": 0}},
    "a text as width": {"way": {"sharing": "processes", "width": "2"}},
    "less than no threads": {"way": {"threads": -3}},
    "a way that there is not": {"way": {"sharing": "telepathy"}},
    "another form": {"way": [1]},
    "no gain": {"gain": "fast"},
}


@pytest.mark.parametrize("change", SPOILED.values(), ids=SPOILED)
def test_a_remembered_way_that_is_none_is_looked_for_again(tmp_path, scripted, change):
    scripted({})
    assert not found().remembered
    (path,) = (tmp_path / "speed").iterdir()
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, **change}))
    again = found()
    assert not again.remembered
    assert found().remembered


def test_what_is_remembered_in_no_file_is_not_waited_for(tmp_path, scripted):
    scripted({})
    found()
    (path,) = (tmp_path / "speed").iterdir()
    path.unlink()
    path.symlink_to("/dev/zero")
    assert not found().remembered
