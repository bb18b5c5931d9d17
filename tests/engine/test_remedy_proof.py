"""Advice is proved by retraining; through whole runs on small experiments."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import recipe
from recipe import Experiment
from recipe.core.evidence import Evidence
from recipe.core.results import StepResult
from recipe.engine.remedy_proof import Verifier
from recipe.engine.score_gain import ERROR, Result, gain, noise
from recipe.plugin.rules import judge
from recipe.testing import open_context
from recipe_steps.inspect import Inspect
from recipe_steps.learning_curves import LearningCurves
from step_samples import digits, mlp

X, Y = digits(1200)
COMMON = {
    "model": mlp(64, 10), "train": (X[:900], Y[:900]), "val": (X[900:], Y[900:]), "batch_size": 32,
    "epochs": 8, "lr": 0.05,
}  # fmt: skip


def run(out, only=(), **given):
    options = {"only": only} if only else {"until": "initial_loss"}
    settings = {name: given.pop(name) for name in ("verify_budget",) if name in given}
    return recipe.run(
        Experiment(**{**COMMON, **given}), out=out, device="cpu", fresh=True, **options, **settings
    )


def outcome(result, rule):
    (found,) = [f for f in result.findings if f.rule == rule]
    return found.remedy


def zeros(model):
    for p in model.parameters():
        nn.init.zeros_(p)
    return model


def minus(outputs, targets):
    return -F.cross_entropy(outputs, targets)


def holed(x):
    x = x.clone()
    x[::50, 3] = float("nan")
    return x


def deep_sigmoid():
    layers = [part for _ in range(8) for part in (nn.Linear(32, 32), nn.Sigmoid())]
    return nn.Sequential(nn.Linear(64, 32), nn.Sigmoid(), *layers, nn.Linear(32, 10))


ORDER = Y.argsort(stable=True)
FAULTS = {
    "softmax-before-loss": {"model": mlp(64, 10, 32, nn.Softmax(1)), "lr": 0.01},
    "loss-sign-flipped": {"loss": minus},
    "symmetric-initialization": {"model": lambda: zeros(mlp(64, 10)())},
    "inputs-not-scaled": {
        "train": (90 * X[:900] + 70, Y[:900]), "val": (90 * X[900:] + 70, Y[900:]),
    },
    "validation-missing-classes": {
        "train": (X[ORDER][:900], Y[ORDER][:900]), "val": (X[ORDER][900:], Y[ORDER][900:]),
    },
    "validation-preprocessing-differs": {"val": (X[900:] * 0.02 + 3, Y[900:])},
    "outputs-do-not-match-targets": {"model": mlp(64, 7)},
    "vanishing-gradients": {"model": deep_sigmoid, "lr": 0.02},
}  # fmt: skip


@pytest.mark.parametrize("rule", FAULTS)
def test_a_remedy_restores_the_score(tmp_path, rule):
    result = run(tmp_path, **FAULTS[rule])
    assert result.diagnosis[0] == rule
    proof = outcome(result, rule)
    assert proof.verified is True
    assert proof.metric == "val_accuracy"
    assert proof.after > 0.85
    assert proof.before is None or proof.before < proof.after


YES = (Y % 2)[:, None]
ANSWERS = {"task": "binary", "model": mlp(64, 1)}
REFUSED = {
    "shape": {**ANSWERS, "loss": nn.BCEWithLogitsLoss(), "train": (X[:900], YES[:900, 0].float()),
              "val": (X[900:], YES[900:, 0].float())},
    "type": {**ANSWERS, "model": mlp(64, 1, 32, nn.Sigmoid()), "loss": nn.BCELoss(),
             "train": (X[:900], YES[:900]), "val": (X[900:], YES[900:])},
    "both": {**ANSWERS, "loss": nn.BCEWithLogitsLoss(reduction="none"),
             "train": (X[:900], YES[:900, 0]), "val": (X[900:], YES[900:, 0])},
    "range": {**ANSWERS, "loss": nn.BCELoss(), "train": (X[:900], YES[:900].float()),
              "val": (X[900:], YES[900:].float())},
    "one number per item": {"loss": nn.CrossEntropyLoss(reduction="none")},
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_loss_refuses_is_brought_to_what_it_takes(tmp_path, name):
    result = run(tmp_path, **REFUSED[name])
    assert result.diagnosis == ("outputs-do-not-match-targets",)
    proof = outcome(result, "outputs-do-not-match-targets")
    assert (proof.verified, proof.before) == (True, None)
    assert proof.after > 0.85


def test_missing_values_are_filled_in(tmp_path):
    result = run(tmp_path, train=(holed(X[:900]), Y[:900]), val=(holed(X[900:]), Y[900:]))
    proof = outcome(result, "inputs-not-finite")
    assert proof.verified is True
    assert proof.before is None or proof.before < 0.2  # no model comes out of NaN
    assert proof.after > 0.85


def test_a_score_on_known_items_is_corrected_downwards(tmp_path):
    labels = Y.clone()
    labels[::3] = (labels[::3] + 1) % 10  # so that there is something to know by heart
    x, y = X[:900], labels[:900]
    result = run(tmp_path, train=(x, y), val=(x[:300].clone(), y[:300].clone()), epochs=40)
    proof = outcome(result, "train-validation-overlap")
    assert proof.verified is True
    assert proof.after < proof.before - 0.1


@pytest.mark.slow
def test_a_rate_is_compared_at_the_rates_themselves(tmp_path):
    only = ("inspect", "initial_loss", "overfit_sample", "lr_range")
    result = run(tmp_path, lr=1e-6, only=only)
    proof = outcome(result, "learning-rate-too-low")
    assert proof.before < 0.3  # a usual rate would do better
    assert proof.after > 0.85
    assert proof.verified is True


def climbing(model, optimizer, batch):
    optimizer.zero_grad()
    loss = -F.cross_entropy(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss


@pytest.mark.slow
def test_an_update_step_that_climbs_is_turned_round(tmp_path):
    only = ("inspect", "initial_loss", "overfit_sample")
    result = run(tmp_path, update=climbing, only=only)
    proof = outcome(result, "loss-sign-flipped")
    assert proof.before is None or proof.before < 0.3
    assert proof.after > 0.85
    assert proof.verified is True


def test_two_faults_are_mended_one_after_the_other(tmp_path):
    model = lambda: nn.Sequential(zeros(mlp(64, 10)()), nn.Softmax(1))  # noqa: E731
    result = run(tmp_path, model=model)
    assert set(result.diagnosis[:2]) == {"softmax-before-loss", "symmetric-initialization"}
    outcomes = [outcome(result, rule) for rule in result.diagnosis[:2]]
    assert outcomes[1].verified is True
    assert outcomes[1].after > 0.85


def test_nothing_is_trained_when_proofs_are_off(tmp_path):
    result = run(tmp_path, verify_budget="off", **FAULTS["softmax-before-loss"])
    proof = outcome(result, "softmax-before-loss")
    assert proof.name == "leave out the last activation"
    assert proof.verified is None
    assert result.cost.trainings < 1


def test_a_healthy_run_has_nothing_to_prove(tmp_path):
    result = run(tmp_path)
    assert result.verdict == "pass"
    assert not result.diagnosis


def test_a_proof_is_not_trained_twice(tmp_path):
    first = run(tmp_path / "a", **FAULTS["softmax-before-loss"])
    lines = (first.folder / "journal.jsonl").read_text().splitlines()
    proofs = [line for line in lines if '"proof"' in line]
    assert len(proofs) == 4  # as it is and mended, at two rates


def proved(out, rule, found_lr=None, **given):
    """The finding of a rule about the curves of a baseline, after its remedy was tried; without
    one, of the best run of the search.
    """
    step = LearningCurves()
    with open_context(step, Experiment(**{**COMMON, **given}), out) as ctx:
        trial = ctx.train_baseline()
        if trial is None:
            (trial,) = ctx.run_trials([{"lr": found_lr}], epochs=ctx.experiment.epochs)
        evidence = step.measure(ctx)
        findings = judge(step.rules, evidence)
        result = StepResult(step.name, step.title, 1, "warn", evidence=evidence, findings=findings)
        rules = {r.name: r for r in step.rules}
        (after,) = Verifier(ctx, ctx.runner.journal, rules).verify([result], [rule])
    (found,) = [f for f in after.findings if f.rule == rule]
    return trial, found


SHORT = {"lr": 5e-4, "epochs": 6, "schedule": "constant"}


def test_advice_about_the_length_is_tried_at_the_declared_length(tmp_path):
    trial, found = proved(tmp_path, "still-improving", **SHORT)
    assert found.severity == "warn"
    assert (found.remedy.name, found.remedy.verified) == ("train 1.5 times as long", True)
    assert found.remedy.before == trial.val_score < found.remedy.after


def test_a_suspicion_whose_remedy_brings_nothing_becomes_a_note(tmp_path, monkeypatch):
    monkeypatch.setattr("recipe.engine.score_gain.LEAST_GAIN", 2.0)
    _, found = proved(tmp_path, "still-improving", **SHORT)
    assert (found.severity, found.remedy.verified) == ("note", False)


def test_without_a_declared_rate_the_best_run_is_proved_at_its_own_setting(tmp_path):
    given = {**SHORT, "lr": None}
    trial, found = proved(tmp_path, "still-improving", found_lr=5e-4, **given)
    assert "In the best run" in found.message
    assert (found.severity, found.remedy.verified) == ("warn", True)
    assert found.remedy.before == trial.val_score < found.remedy.after


def test_without_a_declared_rate_a_suspicion_is_decided_too(tmp_path, monkeypatch):
    monkeypatch.setattr("recipe.engine.score_gain.LEAST_GAIN", 2.0)
    _, found = proved(tmp_path, "still-improving", found_lr=5e-4, **{**SHORT, "lr": None})
    assert (found.severity, found.remedy.verified) == ("note", False)


def half_frozen():
    model = mlp(64, 10, 6)()
    model[0].requires_grad_(requires_grad=False)
    return model


@pytest.mark.parametrize(("least", "severity"), [(0.002, "warn"), (2.0, "note")])
def test_a_doubtful_warning_is_upheld_by_its_remedy_only(tmp_path, monkeypatch, least, severity):
    monkeypatch.setattr("recipe.engine.score_gain.LEAST_GAIN", least)
    step = Inspect()
    scalars = {"parameters": 100, "trainable_parameters": 40, "random_frozen_share": 0.6,
               "unfrozen_gain": 0.1}  # fmt: skip
    with open_context(step, Experiment(**{**COMMON, "model": half_frozen}), tmp_path) as ctx:
        findings = judge(step.rules, Evidence(scalars, {}))
        result = StepResult(step.name, step.title, 1, "warn", findings=findings)
        rules = {r.name: r for r in step.rules}
        verifier = Verifier(ctx, ctx.runner.journal, rules)
        (after,) = verifier.verify([result], ["frozen-parameters"])
    (found,) = after.findings
    assert (found.severity, found.remedy.verified) == (severity, severity == "warn")


@pytest.mark.parametrize("budget", ["off", "1epochs"])
def test_a_doubtful_warning_that_nothing_proves_is_a_note(tmp_path, budget):
    step = Inspect()
    scalars = {"parameters": 100, "trainable_parameters": 40, "random_frozen_share": 0.6}
    experiment = Experiment(**{**COMMON, "model": half_frozen})
    with open_context(step, experiment, tmp_path, verify_budget=budget) as ctx:
        ctx.meter.spend(1.0)
        for gain_, severity in ((0.1, "note"), (0.2, "warn")):
            findings = judge(step.rules, Evidence({**scalars, "unfrozen_gain": gain_}, {}))
            result = StepResult(step.name, step.title, 1, "warn", findings=findings)
            verifier = Verifier(ctx, ctx.runner.journal, {r.name: r for r in step.rules})
            verifier.started = -1.0  # spent
            (after,) = verifier.verify([result], ["frozen-parameters"])
            assert [f.severity for f in after.findings] == [severity]


ROWS = torch.arange(6.0)[:, None]
LINE = {"model": mlp(1, 1), "train": (ROWS / 3 - 1, ROWS / 3 - 1), "val": None,
        "task": "regression", "batch_size": 2, "optimizer": "adam", "schedule": "constant",
        "epochs": 12, "lr": 6e-3}  # fmt: skip


def test_one_row_of_validation_is_compared_by_its_loss(tmp_path):
    trial, found = proved(tmp_path, "still-improving", **LINE)
    assert trial.val_score is None  # R squared of one row
    assert found.remedy.metric == ERROR
    assert found.remedy.after < 0.75 * found.remedy.before
    assert found.remedy.verified is True


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_losses_are_compared_in_variances_by_the_loss_of_the_task(tmp_path, scale):
    x, y = LINE["train"]
    own = lambda o, t: F.l1_loss(o, t) / 7  # noqa: E731
    given = {**COMMON, **LINE, "train": (x, scale * y), "lr": 1e-6}
    lost = []
    for loss in (None, own):
        experiment = Experiment(**{**given, "loss": loss})
        with open_context(LearningCurves(), experiment, tmp_path / str(loss)[:9]) as ctx:
            verifier = Verifier(ctx, ctx.runner.journal, {})
            found = verifier.retraining.best(ctx.experiment, ctx.data, (), declared=True)
            spread = ctx.data.train.y.var(correction=0).item()
            plain = ctx.data.val.y.square().mean().item() / spread
        assert found.score is None
        lost.append(found.loss)
    assert lost[0] == pytest.approx(lost[1], rel=1e-3)
    if scale > 1:  # against targets in thousands a fresh model says zero
        assert lost[0] == pytest.approx(plain, rel=1e-2)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [((0.5, 1.0), (0.7, 9.0), 0.2), ((None, 2.0), (None, 1.5), 0.25), ((None, 2.0), (None, 3), -0.5),
     ((None, -2.0), (None, -3.0), 0.5), ((None, None), (None, 1.0), float("inf")),
     ((None, 1.0), (0.1, 1.0), float("inf")), ((0.1, 1.0), (None, 0.5), -float("inf")),
     ((None, 1.0), (None, None), -float("inf"))],
)  # fmt: skip
def test_what_a_remedy_brought(before, after, wanted):
    assert gain(Result(*before), Result(*after)) == pytest.approx(wanted)


def error_in_thousands(outputs, targets):
    return -1000 * (outputs.argmax(1) - targets).abs().float().mean().item()


def test_the_noise_of_a_score_of_the_users_own_is_how_it_wanders(tmp_path):
    experiment = Experiment(**{**COMMON, "metric": error_in_thousands, "lr": 0.01})
    with open_context(LearningCurves(), experiment, tmp_path) as ctx:
        verifier = Verifier(ctx, ctx.runner.journal, {})
        ctx.train_baseline()
        before = verifier._before(ctx.experiment, ctx.experiment, declared=True)
        assert before.score < -100
        assert before.wanders > 1
        noise = verifier._noise(before, Result(before.score + 5, None))
        assert noise == max(before.wanders, 0.003 * -before.score)
        assert verifier._noise(Result(-5000.0, None, 0.0), Result(-4000.0, None)) == 15.0
        sure, unsure = (Result(before.score + by * noise, None) for by in (2.0, 1.9))
        assert _verdict(verifier, before, sure) == ("better", True, False)
        assert _verdict(verifier, before, unsure) == ("too close to call", False, False)


def _verdict(verifier, before, after):
    lead, certain, excluded = verifier._judged(before, after)
    return lead.verdict, certain, excluded


@pytest.mark.parametrize(("items", "saved"), [(1, 0.5), (100, 0.1)])
def test_few_items_have_to_lose_more_before_a_warning_stands(tmp_path, items, saved):
    given = {**COMMON, "val": (X[:items], Y[:items])}
    with open_context(LearningCurves(), Experiment(**given), tmp_path) as ctx:
        verifier = Verifier(ctx, ctx.runner.journal, {})
        for by, certain in ((0.01, True), (-0.02, False)):
            after = Result(None, 2.0 * (1 - saved - by))
            assert verifier._judged(Result(None, 2.0), after)[1] == certain


def test_scores_on_the_same_items_are_compared_item_by_item():
    experiment = Experiment(**COMMON).resolved()
    own = type(experiment.resolved_task).__name__
    right = lambda n: tuple((float(i < n), 1.0) for i in range(100))  # noqa: E731
    one, other = (Result(n / 100, None, 0.0, right(n), own) for n in (60, 66))
    alone = noise(Result(0.6, None), Result(0.66, None), experiment, 100)
    paired = noise(one, other, experiment, 100)
    assert alone == pytest.approx(0.049, abs=1e-3)
    assert paired == pytest.approx((0.06 * 0.94 / 100) ** 0.5, rel=0.15)  # six items of a hundred
    parts = replace(one, task="ByLoss"), replace(other, task="ByLoss")
    assert noise(*parts, experiment, 100) == alone  # a remedy changed the task


def test_a_score_a_little_above_chance_is_no_learning(tmp_path):
    with open_context(LearningCurves(), Experiment(**COMMON), tmp_path) as ctx:
        verifier = Verifier(ctx, ctx.runner.journal, {})
        items, own = len(ctx.data.val), type(ctx.task).__name__
        for above, learns in ((0.01, False), (0.5, True)):
            score = verifier.chance + above
            parts = tuple((float(i < score * items), 1.0) for i in range(items))
            assert verifier.learns(Result(score, None, 0.0, parts, own)) == learns
