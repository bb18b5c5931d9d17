"""Healthy loops: nothing is said of them, neither on the way nor at the end."""

import sys
from pathlib import Path

import pytest
import torch

import recipe

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
from bases import BASES

OPTIMIZERS = {
    "sgd": lambda params, lr, decay: torch.optim.SGD(params, lr, momentum=0.9, nesterov=True, weight_decay=decay),
    "adam": lambda params, lr, decay: torch.optim.Adam(params, lr, weight_decay=decay),
    "adamw": lambda params, lr, decay: torch.optim.AdamW(params, lr, weight_decay=decay),
}  # fmt: skip


def watched(experiment, folder, *, cosine):
    """Train it as a user does, watched; the lines that were said, and the result."""
    torch.manual_seed(0)
    model = experiment.model()
    decay = experiment.weight_decay or 0.0
    optimizer = OPTIMIZERS[experiment.optimizer](model.parameters(), experiment.lr, decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, experiment.epochs)
    (x, y), (val_x, val_y) = experiment.train, experiment.val
    said = []
    watch = recipe.watch(model, optimizer, out=folder, say=said.append, epochs=experiment.epochs)
    for _ in range(experiment.epochs):
        model.train()
        for part in torch.randperm(len(x)).split(experiment.batch_size):
            loss = experiment.loss_function(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss)
        if cosine:
            schedule.step()
        model.eval()
        with torch.no_grad():
            outputs = model(val_x)
        score = None if val_y.is_floating_point() else (outputs.argmax(-1) == val_y).float().mean()
        watch.val(loss=experiment.loss_function(outputs, val_y), score=score)
    return watch.close(), said


@pytest.mark.slow
@pytest.mark.parametrize("cosine", [False, True])
@pytest.mark.parametrize("name", ["digits-mlp", "cancer-table", "diabetes-table"])
def test_nothing_is_said(name, cosine, tmp_path):
    experiment = next(base for base in BASES if base.name == name).make(0)
    result, said = watched(experiment, tmp_path, cosine=cosine)
    assert result.verdict == "pass"
    assert len(said) == 1  # where the report lies
