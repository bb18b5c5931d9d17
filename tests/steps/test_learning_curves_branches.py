"""Branches: the same training with one thing changed."""

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.testing import judge_scalars, open_context
from recipe.training.plan import planned_rates
from recipe_steps.learning_curves import LearningCurves, branches
from recipe_steps.learning_curves.schedule_rules import vanishes_early
from step_samples import blob_experiment, digits, digits_experiment, mlp

X, Y = digits(1797)


def plane(n=400):
    """A linear function of twenty inputs, and noise."""
    source = torch.Generator().manual_seed(2)
    x = torch.randn(n + 1000, 20, generator=source)
    y = x @ (torch.randn(20, generator=source) / 20**0.5)
    y = (y + 0.7 * torch.randn(len(y), generator=source))[:, None]
    return {"train": (x[:n], y[:n]), "val": (x[n:], y[n:])}


def test_rates_of_a_branch_are_the_planned_ones_up_to_its_epoch(tmp_path):
    experiment = blob_experiment(epochs=8, schedule="step", lr=0.1)  # drops after 4 and 6 epochs
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        planned = planned_rates(ctx.experiment, ctx.data)
        lowered = branches.lowered(ctx.experiment, ctx, 3)
        kept = branches.kept(ctx.experiment, ctx, 4)
    per_epoch = len(planned) // 8
    first, half, late = 3 * per_epoch, 4 * per_epoch, 6 * per_epoch
    assert lowered[:first] == planned[:first]
    assert lowered[first:] == pytest.approx([rate / 10 for rate in planned[first:]])
    assert kept[:late] == [0.1] * late
    assert kept[late:] == planned[late:] == pytest.approx([0.001] * len(planned[late:]))
    assert planned[half] == pytest.approx(0.01)


@pytest.mark.slow
def test_a_constant_rate_that_is_too_high_to_settle(tmp_path):
    step = LearningCurves()
    experiment = Experiment(
        model=lambda: nn.Linear(20, 1), **plane(), task="regression", lr=0.007, batch_size=4,
        weight_decay=0.0, epochs=12, schedule="constant",
    )  # fmt: skip
    with open_context(step, experiment, tmp_path, exact=True) as ctx:
        trial = ctx.train_baseline()
        spent = ctx.meter.epochs
        evidence = step.measure(ctx)
        assert ctx.meter.epochs == spent + trial.planned_epochs
    assert evidence.text("baseline_branch") == evidence.text("best_branch") == "needs-lr-decay"
    assert evidence.number("baseline_branch_score") > trial.val_score
    (found,) = [
        f
        for f in judge_scalars(step, evidence.scalars, evidence.curves)
        if f.rule == "needs-lr-decay"
    ]
    assert found.severity == "warn"
    assert found.remedy.verified
    assert found.remedy.before == trial.val_score < found.remedy.after


def test_dropout_that_keeps_a_model_from_learning(tmp_path):
    step = LearningCurves()
    model = lambda: nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.95), nn.Linear(32, 10))  # noqa: E731
    experiment = digits_experiment(
        model=model, train=(X[:600], Y[:600]), val=(X[600:], Y[600:]), lr=0.05, epochs=8
    )
    with open_context(step, experiment, tmp_path) as ctx:
        ctx.train_baseline()
        evidence = step.measure(ctx)
    assert evidence.number("best_dropout") == 0.95
    assert evidence.text("best_branch") == "regularization-too-strong"
    found = {f.rule for f in judge_scalars(step, evidence.scalars, evidence.curves) if f.counts}
    assert "regularization-too-strong" in found


def test_of_two_faults_the_smaller_is_tried_on_top_of_the_larger(tmp_path):
    step, turned = LearningCurves(), X[:600].reshape(-1, 8, 8)

    def turn(batch):
        """Half of the digits upside down: a 6 is a 9 then."""
        pictures = batch.reshape(-1, 8, 8)
        half = torch.rand(len(batch)) < 0.5
        return torch.where(half[:, None, None], pictures.flip(1, 2), pictures).reshape(
            len(batch), 64
        )

    model = lambda: nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.98), nn.Linear(64, 10))  # noqa: E731
    experiment = digits_experiment(
        model=model, train=(turned.reshape(-1, 64), Y[:600]), val=(X[600:], Y[600:]), lr=0.05,
        epochs=12, augment=turn,
    )  # fmt: skip
    with open_context(step, experiment, tmp_path) as ctx:
        ctx.train_baseline()
        evidence = step.measure(ctx)
    both = [
        (evidence.text(f"best_{key}"), evidence.text(f"best_{key}_on"))
        for key in ("branch", "branch2", "branch3")
    ]
    turning, dropping = "augmentation-too-strong", "regularization-too-strong"
    assert both == [(turning, None), (dropping, None), (turning, dropping)]
    assert evidence.number("best_branch3_score") > evidence.number("best_branch2_score") + 0.02
    said = {f.rule: f for f in judge_scalars(step, evidence.scalars, evidence.curves) if f.counts}
    assert said[dropping].remedy.after == evidence.number("best_branch2_score")


@pytest.mark.parametrize("settings", [{"verify_budget": "off"}, {}])
def test_without_a_suspicion_or_without_proofs_nothing_is_trained(tmp_path, settings):
    step = LearningCurves()
    schedule = "constant" if settings else "cosine"
    experiment = digits_experiment(
        train=(X[:900], Y[:900]),
        lr=0.05,
        batch_size=8,
        epochs=6,
        schedule=schedule,
        model=mlp(64, 10, 8),
    )
    with open_context(step, experiment, tmp_path, **settings) as ctx:
        ctx.train_baseline()
        spent = ctx.meter.epochs
        evidence = step.measure(ctx)
        assert ctx.meter.epochs == spent
    assert evidence.text("baseline_branch") is None


def test_nothing_linear_stands_beside_a_model_that_rebuilds_its_inputs(tmp_path):
    x = torch.rand(60, 12, generator=torch.Generator().manual_seed(0))
    narrow = lambda: nn.Sequential(nn.Linear(12, 2), nn.ReLU(), nn.Linear(2, 12))  # noqa: E731
    given = {"model": narrow, "task": "regression", "lr": 0.01, "epochs": 2}
    with open_context(LearningCurves(), Experiment(train=(x, x), **given), tmp_path) as ctx:
        assert branches.linear(ctx, ctx.experiment) is None
    with open_context(LearningCurves(), Experiment(train=(x, x @ x.T[:, :12]), **given),
                      tmp_path / "other") as ctx:  # fmt: skip
        assert branches.linear(ctx, ctx.experiment) is None
    wide = lambda: nn.Sequential(nn.Linear(12, 2), nn.ReLU(), nn.Linear(2, 3))  # noqa: E731
    other = Experiment(train=(x, x[:, :3]), **{**given, "model": wide})
    with open_context(LearningCurves(), other, tmp_path / "fewer") as ctx:
        assert branches.linear(ctx, ctx.experiment) is not None


def test_a_schedule_that_runs_out_in_the_first_epochs(tmp_path):
    step = LearningCurves()
    experiment = digits_experiment(
        schedule=lambda progress: 0.5 ** int(100 * progress), epochs=8, lr=0.05
    )
    with open_context(step, experiment, tmp_path, exact=True) as ctx:
        trial = ctx.train_baseline()
        evidence = step.measure(ctx)
    found = judge_scalars(step, evidence.scalars, evidence.curves)
    (early,) = [f for f in found if f.rule == "decayed-too-early"]
    assert early.severity == "warn"
    assert early.remedy.before == trial.val_score < early.remedy.after


@pytest.mark.parametrize(
    ("rates", "vanishes"),
    [([1.0] * 10, False), ([1.0, *[1e-4] * 9], True), ([1.0, 1.0, *[1e-4] * 8], False),
     ([1.0, *[2e-3] * 9], False), ([0.0] * 10, False)],
)  # fmt: skip
def test_rates_that_vanish(rates, vanishes):
    assert vanishes_early(rates) == vanishes


@pytest.mark.parametrize(
    ("augment", "found"),
    [
        (lambda x: x[torch.randperm(len(x))], True),
        (lambda x: x + 0.05 * torch.randn_like(x), False),
    ],
)
def test_an_augmentation_that_mixes_up_the_items(tmp_path, augment, found):
    step = LearningCurves()
    experiment = digits_experiment(augment=augment, epochs=8, lr=0.05)
    with open_context(step, experiment, tmp_path, exact=True) as ctx:
        ctx.train_baseline()
        evidence = step.measure(ctx)
    rules = {f.rule for f in judge_scalars(step, evidence.scalars, evidence.curves)}
    assert ("augmentation-too-strong" in rules) == found


class Narrow(nn.Module):
    """Digits through two units; of sequences `steps` long, the same at each step."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 2), nn.ReLU(), nn.Linear(2, 10))

    def forward(self, x):
        return self.layers(x)


def test_a_linear_model_shows_that_a_network_is_too_narrow(tmp_path):
    step = LearningCurves()
    experiment = digits_experiment(model=Narrow, epochs=15, lr=0.05)
    with open_context(step, experiment, tmp_path, exact=True) as ctx:
        trial = ctx.train_baseline()
        evidence = step.measure(ctx)
    assert evidence.text("baseline_branch") == "underfitting"
    assert evidence.number("baseline_branch_score") > 0.9 > trial.val_score
    found = {f.rule for f in judge_scalars(step, evidence.scalars, evidence.curves)}
    assert "underfitting" in found


@pytest.mark.parametrize(
    ("x", "outputs"),
    [
        (torch.randn(40, 3, 4), (40, 5)),
        (torch.randn(40, 7), (40,)),
        (torch.randn(40, 6), (40, 5, 6)),
        (torch.randint(0, 9, (40, 6)), None),  # tokens are no numbers
        (torch.randn(40), None),
    ],
)
def test_a_linear_model_gives_outputs_of_the_same_shape(tmp_path, x, outputs):
    shape = outputs or (40, 5)

    class Same(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, x):
            return self.scale * torch.zeros(len(x), *shape[1:])

    experiment = Experiment(
        model=Same, train=(x, torch.zeros(40, *shape[1:])), val=(x, torch.zeros(40, *shape[1:])),
        task="regression", batch_size=8, lr=0.1,
    )  # fmt: skip
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        simple = branches.linear(ctx, ctx.experiment)
        assert (simple is None) == (outputs is None)
        if simple is not None:
            assert simple.model()(x).shape == outputs


def test_a_loss_that_refuses_a_linear_model_ends_the_branch(tmp_path):
    def picky(outputs, targets):
        if bool((outputs < 0).any()):
            raise RuntimeError("all elements of input should be between 0 and 1")
        return nn.functional.nll_loss(outputs.clamp(min=1e-6).log(), targets)

    step = LearningCurves()
    model = lambda: nn.Sequential(Narrow(), nn.Softmax(1))  # noqa: E731
    experiment = digits_experiment(model=model, loss=picky, epochs=15, lr=0.05)
    with open_context(step, experiment, tmp_path, exact=True) as ctx:
        ctx.train_baseline()
        assert step.measure(ctx).text("baseline_branch") is None


@pytest.mark.parametrize(("loss", "fits"), [(nn.BCELoss(), False), (nn.BCEWithLogitsLoss(), True)])
def test_a_loss_that_wants_probabilities_gets_no_linear_model(tmp_path, loss, fits):
    x, y = torch.randn(40, 4), (torch.arange(40) % 2).float()[:, None]
    experiment = Experiment(
        model=lambda: nn.Sequential(nn.Linear(4, 1), nn.Sigmoid()), train=(x, y), task="binary",
        loss=loss, lr=0.1,
    )  # fmt: skip
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        assert (branches.linear(ctx, ctx.experiment) is not None) == fits


def test_a_linear_model_has_no_head_of_another_one(tmp_path):
    experiment = digits_experiment(head="2", freeze=1)
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        plain = branches.linear(ctx, ctx.experiment)
        assert plain is not None
        assert (plain.head, plain.weights, plain.freeze, plain.begin_from) == (None, None, 0, None)
        fit = branches._train(ctx, plain, None)
    assert fit.done == 6
