"""Which parameters get a gradient: through checkpoints, and in an update of one's own."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from recipe.testing import judge_scalars, measure
from recipe_steps.inspect import Inspect
from recipe_steps.overfit_sample import OverfitSample
from step_samples import blob_experiment, mlp


class Checkpointed(nn.Module):
    def __init__(self, *, reentrant):
        super().__init__()
        self.reentrant = reentrant
        self.a, self.m, self.b = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.b(checkpoint(self.m, F.relu(self.a(x)), use_reentrant=self.reentrant))


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
def test_a_checkpointed_block_is_reached(tmp_path, reentrant):
    experiment = blob_experiment(model=lambda: Checkpointed(reentrant=reentrant))
    evidence = measure(Inspect(), experiment, tmp_path)
    assert evidence.number("unreached") == 0


def update(model, optimizer, batch, *, frozen=True):
    x, y = batch
    optimizer.zero_grad()
    with torch.set_grad_enabled(not frozen):
        h = model[0](x)
    loss = F.cross_entropy(model[2:](model[1](h)), y)
    loss.backward()
    optimizer.step()
    return loss


@pytest.mark.parametrize("frozen", [True, False])
def test_parameters_that_an_update_leaves_out(tmp_path, frozen):
    experiment = blob_experiment(model=mlp(), update=lambda *given: update(*given, frozen=frozen))
    evidence = measure(OverfitSample(), experiment, tmp_path)
    found = {f.rule: f for f in judge_scalars(OverfitSample(), evidence.scalars, evidence.curves)}
    assert ("parameters-without-gradient" in found) == frozen
    if frozen:
        assert "get no gradient in the update step" in found["parameters-without-gradient"].message
        assert evidence.number("update_unreached") == 2
