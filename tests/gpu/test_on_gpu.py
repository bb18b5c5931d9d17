"""What only a GPU can show: memory that really runs out, and what is left when it did."""

import gc

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.data.datasets import Splits, TensorData
from recipe.machine.memory import free_memory
from recipe.machine.out_of_memory import give_back, is_out_of_memory, told_of_parts
from recipe.training.evaluation import evaluate
from recipe.training.loop import Training

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]
SHARE = 4 << 30
"""Bytes that a training may take here."""


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(8, 1 << 17), nn.Linear(1 << 17, 2)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)) * 1.0)


@pytest.fixture
def device():
    device = torch.device("cuda")
    whole = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(SHARE / whole)
    yield device
    torch.cuda.set_per_process_memory_fraction(1.0)
    give_back(device)


def course(device, size, accumulate):
    x = torch.randn(2 * size, 8, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    experiment = Experiment(
        model=Wide, train=(x, y), lr=1e-3, batch_size=size, epochs=1, accumulate=accumulate
    ).resolved()
    data = TensorData(x.to(device), y.to(device))
    training = Training(experiment, Splits(data, data), seed=0, device=device)
    return training, [loss for epoch in training.epochs() for loss in epoch.losses]


def test_a_batch_that_does_not_fit_is_parted(device):
    said = []
    with told_of_parts(said.append):
        training, losses = course(device, 1 << 13, 1)
    assert training.passes.parts > 1
    assert len(said) == 1
    _, declared = course(device, 1 << 13, training.passes.parts)
    assert losses == pytest.approx(declared, rel=1e-5)


def test_an_evaluation_that_does_not_fit_is_parted(device):
    training, _ = course(device, 1 << 10, 4)
    x = torch.randn(1 << 14, 8)
    data = TensorData(x.to(device), (x[:, 0] > 0).long().to(device), eval_size=1 << 14)
    loss, score = evaluate(training.model, training.experiment, data)
    assert 0 < loss < 10
    assert 0 <= score <= 1


def test_nothing_is_left_behind(device):
    course(device, 1 << 10, 2)
    gc.collect()
    before = torch.cuda.memory_allocated()
    for _ in range(5):
        course(device, 1 << 13, 1)
    gc.collect()
    assert torch.cuda.memory_allocated() <= before + (1 << 20)
    assert free_memory(device) > SHARE // 2


def test_the_device_says_it_in_words_that_are_known(device):
    with pytest.raises(RuntimeError) as raised:
        torch.empty(SHARE * 2, dtype=torch.uint8, device=device)
    assert is_out_of_memory(raised.value)
