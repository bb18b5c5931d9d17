import pytest
import torch
from torch import nn

from recipe.testing import judge_scalars, measure
from recipe_steps.initial_loss import InitialLoss
from recipe_steps.initial_loss.bias_rules import last_bias_not_at_base_rate
from recipe_steps.initial_loss.last_bias import last_layer, with_bias
from rule_cases import NAN, Case, check
from step_samples import blob_experiment, blobs, mlp


def rare(**more):
    return {"target_kind": "zero or one", "bias_layer": "2", "expected": 0.693, "floor": 0.199,
            "bias_first_loss": 0.205, "bias_progress": 0.73, "bias_own_progress": 0.61,
            **more}  # fmt: skip


BIAS_CASES = [
    Case(last_bias_not_at_base_rate, rare(), "note", says="save 12% more"),
    Case(last_bias_not_at_base_rate, rare(bias_progress=0.62), None),
    Case(last_bias_not_at_base_rate, rare(bias_first_loss=0.6), None),
    Case(last_bias_not_at_base_rate, rare(bias_progress=NAN), None),
    Case(last_bias_not_at_base_rate, {}, None),
]


@pytest.mark.parametrize("case", BIAS_CASES, ids=str)
def test_rule(case):
    check(InitialLoss(), case)


def source(seed):
    return torch.Generator().manual_seed(seed)


def one_in_thirty(n=900):
    x = torch.randn(n, 4, generator=source(0))
    return x, (x[:, :1] + 0.3 * torch.randn(n, 1, generator=source(1)) > 2).float()


def initial(out, **given):
    evidence = measure(InitialLoss(), blob_experiment(**given), out)
    found = {f.rule: f for f in judge_scalars(InitialLoss(), evidence.scalars)}
    return evidence, found.get("last-bias-not-at-base-rate")


def test_a_rare_class(tmp_path):
    evidence, found = initial(
        tmp_path, train=one_in_thirty(), model=mlp(4, 1), task="binary", lr=0.01
    )
    assert evidence.number("bias_first_loss") == pytest.approx(evidence.number("floor"), abs=0.1)
    assert evidence.number("bias_progress") > evidence.number("bias_own_progress")
    assert "self[2].bias.copy_(torch.logit(" in found.advice


def test_a_bias_that_is_set_is_left_alone(tmp_path):
    x, y = one_in_thirty()
    rate = y.mean().item()

    def make():
        model = mlp(4, 1)()
        nn.init.constant_(model[2].bias, torch.tensor(rate).logit().item())
        return model

    evidence, found = initial(tmp_path, train=(x, y), model=make, task="binary", lr=0.01)
    assert evidence.text("bias_layer") is None
    assert found is None


def test_even_classes_and_centred_values_are_not_tried(tmp_path):
    evidence, found = initial(tmp_path / "a", lr=0.05)
    assert evidence.text("bias_layer") is None
    x, _ = blobs(200)
    real, more = initial(tmp_path / "b", train=(x, x[:, :1]), model=mlp(4, 1), task="regression")
    assert real.text("bias_layer") is None
    assert found is more is None


def test_values_with_a_far_mean(tmp_path):
    x, _ = blobs(400)
    given = {"train": (x, x[:, :1] / x[:, 0].std() + 4), "model": mlp(4, 1), "task": "regression"}
    evidence, found = initial(tmp_path, lr=0.003, **given)
    assert evidence.text("bias_layer") == "2"
    assert found is not None
    assert "y.mean(0)" in found.advice


def test_which_layer_gives_the_outputs():
    assert last_layer(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), 2) == "0"
    assert last_layer(nn.Sequential(nn.Linear(3, 2, bias=False)), 2) is None
    assert last_layer(nn.Sequential(nn.Linear(3, 2)), 5) is None
    assert last_layer(nn.ReLU(), 5) is None
    experiment = blob_experiment(model=lambda: nn.Linear(4, 3))
    values = torch.tensor([1.0, 2.0, 3.0])
    assert torch.equal(with_bias(experiment, values).model().bias.data, values)
    assert not torch.equal(experiment.model().bias.data, values)
