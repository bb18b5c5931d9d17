"""The transfer step on digits: from the classes 0 to 4 to the classes 5 to 9."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from safetensors.torch import load, load_file, save_file
from torch import nn

import recipe
from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.core.evidence import Evidence
from recipe.plugin.context import PACE
from recipe.plugin.remedy import RemedyInput
from recipe.testing.steps import judge_scalars, open_context
from recipe_steps.transfer import Transfer
from recipe_steps.transfer.depth_profile import linear_score
from recipe_steps.transfer.head_facts import head_facts
from recipe_steps.transfer.measure import depths_of, expects
from recipe_steps.transfer.rules import fine_tuning_rate_too_high, head_not_reinitialised
from recipe_steps.transfer.training_lengths import expected_length, length
from step_samples import digits


def net(outputs=5):
    return nn.Sequential(
        nn.Linear(64, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(),
        nn.Linear(48, 32), nn.ReLU(), nn.Linear(32, outputs),
    )  # fmt: skip


HEAD = "7"


def parts(n=100):
    """The classes 5 to 9: n items to train, 500 to validate."""
    x, y = digits(1797)
    late = y >= 5
    x, y = x[late], y[late] - 5
    return {"train": (x[:n], y[:n]), "val": (x[300:800], y[300:800])}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Of a network that tells the digits 0 to 4."""
    x, y = digits(1797)
    return learnt(x[y < 5], y[y < 5], 5, tmp_path_factory.mktemp("weights") / "low.safetensors")


@pytest.fixture(scope="module")
def knowing(tmp_path_factory):
    """Of a network that tells all digits, without the items that it is tried on."""
    x, y = digits(1797)
    late = (y >= 5).nonzero().flatten()
    rows = torch.cat([(y < 5).nonzero().flatten(), late[100:300]])
    return learnt(x[rows], y[rows], 10, tmp_path_factory.mktemp("weights") / "all.safetensors")


def learnt(x, y, outputs, path):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = net(outputs)
        optimizer = torch.optim.Adam(model.parameters(), 3e-3)
        for _ in range(60):
            for rows in torch.randperm(len(x)).split(128):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()
    save_file(model.state_dict(), path)
    return path


def problem(weights, **given):
    made = {"model": net, **parts(), "head": HEAD, "weights": weights, "epochs": 6,
            "batch_size": 32, "name": "late", **given}  # fmt: skip
    return Experiment(**made)


@pytest.fixture(scope="module")
def measured(weights, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    with open_context(Transfer(), problem(weights), out) as ctx:
        evidence = Transfer().measure(ctx)
        yield evidence, list(ctx.trials), ctx


@pytest.mark.slow
def test_it_trains_the_head_alone_fine_tunes_from_it_and_trains_from_scratch(measured):
    evidence, trials, _ = measured
    alone = [t for t in trials if t.params["freeze"] == 3 and t.number]
    tuned = [t for t in trials if str(t.params.get("begin_from")).startswith("probe")]
    scratch = [t for t in trials if t.params.get("begin_from") == "scratch"]
    assert (len(alone), len(scratch)) == (10, 3)
    assert len(tuned) >= 5
    assert [t.params["freeze"] for t in tuned[:3]] == [0, 1, 2]
    rates = [t.params["lr"] for t in tuned]
    assert rates[:3] == [pytest.approx(evidence.number("probe_rate") / 10, rel=0.01)] * 3
    assert rates[3:5] == pytest.approx([rates[0] / 3, rates[0] * 3], rel=0.01)
    assert all(rate >= rates[4] for rate in rates[4:])
    for name, group in (("probe", alone), ("tuned", tuned), ("scratch", scratch)):
        best = max(t.val_score for t in group if t.val_score is not None)
        assert evidence.number(f"{name}_score") == best
    assert 0 < evidence.number("probe_tuned_error") < 2 * evidence.number("score_error")
    assert evidence.number("items_per_class") == 20
    assert not evidence.flag("head_repeats")
    assert evidence.number("drawn_share") == 0


def test_higher_rates_are_tried_until_one_ends_below_the_best(measured):
    evidence, trials, ctx = measured
    tuned = [t for t in trials if str(t.params.get("begin_from")).startswith("probe")]
    rates = sorted({t.params["lr"] for t in tuned})
    reached = {
        rate: max(t.val_score or 0 for t in tuned if t.params["lr"] == rate) for rate in rates
    }
    limit = max(evidence.number("probe_rate"), 0.05)
    assert rates[-1] <= limit
    for low, high in pairwise(rates):
        assert high == pytest.approx(3 * low, rel=0.02)
    for rate in rates[2:-1]:  # after the first one the best so far was not left far behind
        best = max(t.val_score or 0 for t in tuned if t.params["lr"] <= rate)
        assert reached[rate] >= best - evidence.number("score_error") - 0.01
    last = max(t.val_score or 0 for t in tuned if t.params["lr"] < rates[-1])
    assert rates[-1] * 3 > limit or reached[rates[-1]] < last
    assert {t.params["freeze"] for t in tuned if t.params["lr"] > rates[1]} >= {0}
    assert ctx.experiment.head == HEAD


def test_the_head_alone_is_the_baseline_where_none_is_declared(measured):
    evidence, trials, ctx = measured
    (zero,) = [t for t in trials if t.number == 0]
    assert ctx.reference is zero
    assert zero.val_score == evidence.number("probe_score")
    assert ctx.baseline_trial is None


def test_the_fine_tuned_model_begins_with_the_trained_head(measured):
    _, trials, ctx = measured
    name = next(
        t.params["begin_from"]
        for t in trials
        if str(t.params.get("begin_from")).startswith("probe")
    )
    head = load_file(ctx.experiment.starts / f"{name}.safetensors")
    best = ctx.reference
    whole = load(ctx.runner.weights(best, ctx.experiment_of(best)))
    assert set(head) == {f"{HEAD}.weight", f"{HEAD}.bias"}
    assert all(torch.allclose(whole[n], v, atol=1e-5) for n, v in head.items())
    from recipe.models.building import build_model

    model = build_model(ctx.experiment.with_params({"begin_from": name}), 5, torch.device("cpu"))
    for key, value in model.state_dict().items():
        assert torch.equal(value, head.get(key, whole[key])), key


def test_the_profile_is_a_linear_model_after_every_block(measured):
    evidence, _, ctx = measured
    assert evidence.curve("profile_block") == (1, 2, 3)
    assert all(0.5 < score <= 1 for score in evidence.curve("profile_score"))
    features = ctx.runner.features_of(ctx.experiment_of(ctx.reference))
    depth = features.depths[1]
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(depth.train)
    model = LogisticRegression(max_iter=300).fit(scaler.transform(depth.train), parts()["train"][1])
    expected = model.score(scaler.transform(depth.val), parts()["val"][1])
    assert evidence.curve("profile_score")[1] == pytest.approx(expected, abs=0.005)


def test_the_depth_curve_runs_from_the_head_to_the_whole_model(measured):
    evidence, _, _ = measured
    assert evidence.curve("depth_trained") == (0, 1, 2, 3)
    assert evidence.curve("depth_score")[0] == evidence.number("probe_score")
    assert max(evidence.curve("depth_score")[1:]) == evidence.number("tuned_score")


def test_it_advises_and_finds_no_fault(measured):
    evidence, _, _ = measured
    found = judge_scalars(Transfer(), evidence.scalars, evidence.curves)
    assert {f.rule for f in found} <= {"transfer-advice", "features-do-not-transfer"}
    assert "20 items of each class are few" in {f.rule: f for f in found}["transfer-advice"].message


@pytest.mark.slow
def test_a_whole_run_goes_from_the_transfer_to_the_refined_grid(weights, tmp_path, without_plots):
    result = recipe.run(problem(weights), out=tmp_path, device="cpu", verify_budget="off")
    assert [s.name for s in result.steps][:5] == [
        "inspect", "initial_loss", "overfit_sample", "transfer", "refine_grid"
    ]  # fmt: skip
    assert result.step("transfer").says.startswith("head alone 0.")
    assert result.baseline.params["freeze"] == 3
    costly = [t for t in result.trials if t.params["freeze"] < 3]
    assert result.cost.epochs == round(sum(t.trained for t in costly))
    refined = [t for t in result.trials if t.step == "refine_grid"]
    best = max((t for t in result.trials if t.step == "transfer" and t.number),
               key=lambda t: (t.val_score or 0, -(t.val_loss or 9)))  # fmt: skip
    for name in ("freeze", "begin_from"):
        assert {t.params.get(name) for t in refined} == {best.params.get(name)}
    model = net()
    model.load_state_dict(load_file(result.folder / "best.safetensors"))
    x, y = parts()["val"]
    with torch.no_grad():
        score = (model.eval()(x).argmax(1) == y).float().mean().item()
    assert score == pytest.approx(result.best.val_score)


def test_until_a_step_that_is_left_out_ends_before_it(weights, tmp_path, without_plots):
    result = recipe.run(problem(weights), until="lr_range", out=tmp_path, device="cpu")
    assert [(s.name, s.status) for s in result.steps if s.status != "skip"] == [
        ("inspect", "pass"), ("initial_loss", "pass"), ("overfit_sample", "pass")
    ]  # fmt: skip


@pytest.mark.slow
def test_a_loaded_head_is_found(weights, tmp_path):
    def loaded():
        model = net()
        model.load_state_dict(load_file(weights))
        return model

    with open_context(Transfer(), problem(None, model=loaded), tmp_path) as ctx:
        evidence = Transfer().measure(ctx)
        subject = RemedyInput(ctx.experiment, ctx.data, evidence, ctx.device)
        ctx.experiment = head_not_reinitialised.remedy.apply(subject)
        mended = head_facts(ctx)
    assert evidence.flag("head_repeats")
    assert evidence.number("scratch_score") is not None  # every layer can be drawn anew
    assert (mended["head_repeats"], mended["drawn_share"]) == (False, 0)


def test_a_head_of_zeros_begins_anew(weights, tmp_path):
    def zeroed():
        model = net()
        nn.init.zeros_(model[7].weight)
        nn.init.zeros_(model[7].bias)
        return model

    with open_context(Transfer(), problem(weights, model=zeroed), tmp_path) as ctx:
        assert head_facts(ctx)["head_repeats"] is False
    with open_context(Transfer(), problem(None), tmp_path) as ctx:
        assert head_facts(ctx)["drawn_share"] > 0.9  # nothing was loaded


class Bare(nn.Module):
    """It cannot be drawn anew: nobody knows how its matrix was."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.matrix = nn.Parameter(torch.randn(64, 32) / 8)
        self.fc = nn.Linear(32, 5)

    def forward(self, x):
        return self.fc(torch.relu(x @ self.matrix))


@pytest.mark.slow
def test_without_a_way_back_to_scratch_it_says_so(tmp_path):
    experiment = problem(None, model=Wrapped, head="body.fc")
    with open_context(Transfer(), experiment, tmp_path) as ctx:
        evidence = Transfer().measure(ctx)
    assert evidence.text("scratch_said") == "not trained"
    assert "reset_parameters" in evidence.text("scratch_reason")


class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Bare()

    def forward(self, x):
        return self.body(x)


@pytest.mark.slow
def test_a_rate_that_wipes_out_the_features_is_found(knowing, tmp_path):
    experiment = problem(knowing, lr=1.5, weight_decay=0.0)
    with open_context(Transfer(), experiment, tmp_path) as ctx:
        evidence = Transfer().measure(ctx)
        assert ctx.baseline_trial is not None
        assert ctx.reference is None
    assert evidence.number("declared_features") < evidence.number("features_before")
    (found,) = [f for f in judge_scalars(Transfer(), evidence.scalars)
                if f.rule == "fine-tuning-rate-too-high"]  # fmt: skip
    assert "The declared setting at lr 1.5" in found.message
    subject = RemedyInput(ctx.experiment, ctx.data, evidence, ctx.device)
    assert fine_tuning_rate_too_high.remedy.apply(subject).lr == pytest.approx(0.15)
    about_tuned = replace(subject, evidence=Evidence({"tuned_features": 0.4}))
    assert fine_tuning_rate_too_high.remedy.apply(about_tuned) is None


@pytest.mark.parametrize(
    ("given", "depths"),
    [({}, [0, 1, 2]), ({"freeze": 1}, [1, 2]), ({"freeze": 3}, []),
     ({"space": {"freeze": [2, 0]}}, [2, 0])],
)  # fmt: skip
def test_depths(weights, tmp_path, given, depths):
    with open_context(Transfer(), problem(weights, **given), tmp_path) as ctx:
        assert depths_of(ctx) == depths


def test_a_budget_pays_for_fewer_trainings(weights, tmp_path):
    with open_context(Transfer(), problem(weights), tmp_path, budget="20epochs") as ctx:
        planned = expects(ctx, 20.0)
        Transfer().measure(ctx)
        assert ctx.meter.epochs <= planned + 6
    trained = [t for t in ctx.trials if t.params["freeze"] < 3]
    assert {t.planned_epochs for t in trained} == {6}
    assert len(trained) <= 4


def test_under_a_budget_all_ways_are_trained_for_the_same_time(weights, tmp_path):
    with open_context(Transfer(), problem(weights), tmp_path, budget="160epochs") as ctx:
        evidence = Transfer().measure(ctx)
    trained = [t for t in ctx.trials if t.params["freeze"] < 3]
    assert {str(t.params["begin_from"])[:5] for t in trained} == {"probe", "scrat"}
    assert {t.planned_epochs for t in trained} == {20}  # an eighth of the budget
    assert evidence.number("updates") == 20 * 4


@pytest.mark.parametrize(("iteration", "epochs"), [(None, 75), (0.01, 75), (0.5, 37), (9.0, 6)])
def test_few_items_are_passed_often_where_that_takes_minutes(weights, tmp_path, iteration, epochs):
    with open_context(Transfer(), problem(weights), tmp_path) as ctx:
        if iteration:
            ctx.runner.journal.put(PACE, ctx.runner.fingerprint, iteration)
        assert length(ctx) == epochs  # 100 items are 4 updates of an epoch
        assert expected_length(ctx, None) == epochs
        assert expected_length(ctx, 100.0) == max(6, min(epochs, 12))


@pytest.mark.slow
def test_real_targets_are_told_by_ridge_regression(tmp_path):
    x, y = digits(400)
    values = y.float()[:, None]
    experiment = Experiment(
        model=lambda: net(1), train=(x[:200], values[:200]), val=(x[200:], values[200:]),
        task="regression", head=HEAD, epochs=2,
    )  # fmt: skip
    with open_context(Transfer(), experiment, tmp_path) as ctx:
        evidence = Transfer().measure(ctx)
        plain = torch.randn(400, 5, generator=torch.Generator().manual_seed(0))
        line = plain @ torch.tensor([[1.0], [2.0], [0.0], [-1.0], [0.5]])
        noise = torch.randn(400, 1, generator=torch.Generator().manual_seed(1))
        score = linear_score(ctx, plain[:200], plain[200:], *(line + noise).split(200))
    assert len(evidence.curve("profile_score")) == 3
    explained = 1 - float(noise[200:].var() / (line + noise)[200:].var())
    assert score == pytest.approx(explained, abs=0.02)


def test_the_whole_model_is_no_head(tmp_path):
    experiment = problem(None, model=lambda: nn.Sequential(nn.Linear(64, 5)), head="0")
    with (
        pytest.raises(UsageError, match="is the whole model"),
        open_context(Transfer(), experiment, tmp_path),
    ):
        pass


def test_it_is_no_step_without_a_head(weights):
    assert not Transfer().applies(replace(problem(weights), head=None))
    assert Transfer().applies(problem(weights))
