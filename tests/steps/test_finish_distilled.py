"""One model that learns from several."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.chosen_model import Chosen, Member
from recipe.core.leads import Lead
from recipe.plugin import OutputPool
from recipe.tasks.binary import Binary
from recipe.tasks.classification import Classification
from recipe.tasks.regression import Regression
from recipe.testing import judge_scalars, open_context
from recipe.training.models_from_weights import model_of
from recipe_steps.finish import Finish, finals
from recipe_steps.finish.candidates import Candidates
from recipe_steps.finish.distilled import affords, apart, can_distil, distil, taught
from recipe_steps.finish.measure import _distilled
from recipe_steps.finish.rules import distilled_gain
from step_samples import digits_experiment, mlp

SCORES = {"distilled_score": 0.9812, "teachers_score": 0.984, "single_score": 0.9731,
          "distilled_from": 5, "distilled_error": 0.002}  # fmt: skip


def told(**changed):
    found = judge_scalars(Finish(), SCORES | changed)
    return [f for f in found if f.rule == distilled_gain.name]


def test_rule():
    (found,) = told()
    assert found.severity == "note"
    assert found.message.startswith("One model distilled from 5 scores 0.9812, these together")
    assert found.advice.startswith("It takes their place")
    assert told(distilled_score=0.97)[0].advice.startswith("It does not take")
    assert not told(distilled_score=None)
    assert not told(teachers_score=float("nan"))


@pytest.mark.parametrize(
    ("task", "outputs", "y"),
    [
        (Classification(), torch.randn(6, 3), torch.arange(6) % 3),
        (Binary(), torch.randn(6, 1), (torch.arange(6) % 2).float()[:, None]),
        (Regression(), torch.randn(6, 2), torch.randn(6, 2)),
    ],
)
def test_the_loss_is_least_where_both_say_the_same(task, outputs, y):
    near = apart(task, outputs, outputs, y)
    for seed in range(5):
        source = torch.Generator().manual_seed(seed)
        other = outputs + 0.3 * torch.randn(outputs.shape, generator=source)
        assert apart(task, other, outputs, y) > near


def test_targets_that_do_not_count_are_left_out():
    outputs, y = torch.randn(4, 3), torch.tensor([0, 1, 2, -100])
    said = outputs.clone()
    said[3] += torch.tensor([50.0, 0.0, -50.0])
    assert apart(Classification(), outputs, said, y) == apart(
        Classification(), outputs[:3], outputs[:3], y[:3]
    )


def test_an_update_learns_from_labels_and_teacher():
    torch.manual_seed(0)
    x, y = torch.randn(64, 4), torch.randint(3, (64,))
    teacher, model = mlp()(), mlp()()
    experiment = digits_experiment(clip_norm=1e-3).resolved()
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    before = [p.detach().clone() for p in model.parameters()]
    loss = taught(experiment, teacher, Classification())(model, optimizer, (x, y))
    own = nn.functional.cross_entropy(model(x), y).detach()
    assert loss == pytest.approx(float(own), rel=0.5)
    moved = torch.stack(
        [(p.detach() - b).norm() for p, b in zip(model.parameters(), before, strict=True)]
    )
    assert moved.norm().item() == pytest.approx(1e-3, rel=1e-3)  # clipped
    assert all(p.grad is None for p in teacher.parameters())


def test_models_of_several_inputs_are_distilled_too(tmp_path):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = nn.Linear(4, 3), nn.Linear(4, 3)

        def forward(self, a, b):
            return self.one(a) + self.other(b)

    x = torch.randn(240, 4, generator=torch.Generator().manual_seed(0))
    y = x[:, :3].argmax(1)
    experiment = Experiment(model=Two, train=((x, -x), y), lr=0.1, epochs=3)
    with open_context(Finish(), experiment, tmp_path, exact=True, budget="60 epochs") as ctx:
        best = ctx.train_baseline()
        setting = ctx.experiment_of(best)
        final = finals.train(ctx, setting, 0, lambda _: None)
        pool = OutputPool(ctx.experiment, [y for _, y in ctx.data.val.eval_batches()])
        found = Candidates(ctx, pool)
        teachers = found.chosen(
            "ensemble", [found.add(best.params, final.files[finals.RAW], "seed 0")]
        )
        assert distil(ctx, setting, teachers, lambda _: None).files[finals.RAW]


def test_several_are_distilled_where_the_budget_pays_for_it(tmp_path):
    experiment = digits_experiment(lr=0.05, epochs=4)
    with open_context(Finish(), experiment, tmp_path, exact=True, budget="60 epochs") as ctx:
        best = ctx.train_baseline()
        setting = ctx.experiment_of(best)
        made = [finals.train(ctx, setting, number, lambda _: None) for number in range(3)]
        pool = OutputPool(ctx.experiment, [y for _, y in ctx.data.val.eval_batches()])
        found = Candidates(ctx, pool)
        places = [
            found.add(best.params, final.files[finals.RAW], f"seed {number}")
            for number, final in enumerate(made)
        ]
        teachers = found.chosen("ensemble", places)
        scalars = {}
        chosen = _distilled(found, best, teachers, 1.0, scalars)
        assert chosen.kind == "single"
        assert chosen.members[0].origin == "distilled from 3 models"
        assert scalars["distilled_score"] == chosen.val_score
        assert scalars["teachers_score"] == teachers.val_score
        student = model_of(ctx.experiment, chosen, ctx.runner.folder).eval()
        agree = [(student(x).argmax(1) == y).float().mean() for x, y in ctx.data.val.eval_batches()]
        assert float(agree[0]) == pytest.approx(chosen.val_score)
        again = distil(ctx, setting, teachers, lambda _: pytest.fail("trained again"))
        assert again.files[finals.RAW] == chosen.members[0].weights
        found.lead = lambda *_: Lead(-0.1, 0.01)
        assert _distilled(found, best, teachers, 1.0, {}) is teachers  # worse for certain


def test_where_it_is_not_tried(tmp_path):
    several = Chosen("ensemble", (Member({}, "a"), Member({}, "b")))
    own_loss = digits_experiment(lr=0.05, loss=nn.CrossEntropyLoss())
    with open_context(Finish(), own_loss, tmp_path / "a") as ctx:
        assert not can_distil(ctx)
        assert not affords(ctx, ctx.experiment, several)  # without a budget it is not asked for
    left = SimpleNamespace(epochs_left=10.0)
    assert affords(left, replace(own_loss, epochs=6), several)
    assert not affords(left, replace(own_loss, epochs=7), several)
