"""Batches on their way to a GPU, with streams that write down what is asked of them."""

from contextlib import contextmanager

import pytest
import torch

from recipe.data.datasets import TensorData
from recipe.data.prefetch import sent
from recipe.data.trees import Tree

CUDA = torch.device("cuda")
CPU = torch.device("cpu")


@pytest.fixture
def gpu(monkeypatch):
    """What happens, in order, on a GPU that is not there."""
    told = []

    class Stream:
        def __init__(self, *_):
            pass

        def record_event(self):
            told.append("event")
            return "event"

        def wait_event(self, _):
            told.append("wait")

    @contextmanager
    def within(_):
        yield

    here = Stream()
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", within)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: here)
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda *_: told.append("kept"))
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: told.append("pinned") or self)
    to = torch.Tensor.to

    def moved(self, *args, **more):
        if args and args[0] == CUDA:
            assert more.get("non_blocking"), "a copy that waits for the GPU"
            told.append("copied")
            return self
        return to(self, *args, **more)

    monkeypatch.setattr(torch.Tensor, "to", moved)
    return told


def test_the_next_batch_is_on_its_way_before_one_is_handed_out(gpu):
    batches = ((torch.full((2, 3), float(k)), torch.tensor([k, k])) for k in range(3))
    seen = []
    for x, _ in sent(batches, CUDA):
        seen.append(int(x[0, 0]))
        gpu.append(f"use {seen[-1]}")
    assert seen == [0, 1, 2]
    assert gpu.index("use 0") > [k for k, t in enumerate(gpu) if t == "event"][1]
    assert gpu.count("event") == gpu.count("wait") == 3
    assert gpu.count("pinned") == gpu.count("copied") == gpu.count("kept") == 6


@pytest.mark.usefixtures("gpu")
def test_trees_go_leaf_by_leaf():
    tree = Tree({"a": torch.ones(2, 3), "b": torch.zeros(2)})
    ((x, _),) = sent([(tree, torch.zeros(2))], CUDA)
    assert torch.equal(x.value["a"], torch.ones(2, 3))


def test_nothing_is_lost_of_data_that_stay_on_the_host(gpu):
    x, y = torch.arange(10.0).reshape(10, 1), torch.arange(10)
    data = TensorData(x, y, device=CUDA)
    order = torch.Generator().manual_seed(3)
    plain = TensorData(x, y).batches(4, torch.Generator().manual_seed(3), shuffle=True)
    for (a, b), (c, d) in zip(data.batches(4, order, shuffle=True), plain, strict=True):
        assert torch.equal(a, c)
        assert torch.equal(b, d)
    assert gpu
    assert sum(len(x) for x, _ in data.eval_batches()) == 10


def test_on_a_processor_they_are_what_they_are():
    batch = torch.ones(2), torch.ones(2)
    assert next(sent([batch], None)) is batch
    assert torch.equal(next(sent([batch], CPU))[0], batch[0])
