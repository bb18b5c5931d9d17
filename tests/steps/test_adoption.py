from types import SimpleNamespace

import pytest

from recipe.core.trials import Trial
from recipe.search.ranking import best_of
from recipe.testing import open_context
from recipe_steps.learning_curves.measure import longer
from recipe_steps.refine_grid import RefineGrid
from recipe_steps.refine_grid.adoption import SEEDS, decide
from step_samples import blob_experiment, blobs


def trial(name, score, **more):
    given = {"step": "s", "round": 1, "number": 1, "seed": 0, "status": "finished", "epochs": 4,
             "planned_epochs": 4, "seconds": 8.0, "params": {"lr": 0.1}, "val_loss": 0.5,
             "repeats": None, **more}  # fmt: skip
    return Trial(key=name, val_score=score, **given)


class Ctx:
    """Where a setting scores what `fresh` says of it on fresh seeds."""

    def __init__(self, fresh, left=None):
        self.fresh, self.trials, self.aside = fresh, [], []
        self.checkpoints = SimpleNamespace(
            spared="before", prune=lambda t: setattr(self, "kept", t.key)
        )
        self.epochs_left = left
        self.repeated = 0

    def decide(self, _, make):
        return make()

    def repeat(self, trials, seeds, *, first):
        self.repeated += seeds * len(trials)
        self.firsts = first
        return [[trial("again", self.fresh[t.key][k]) for t in trials] for k in range(seeds)]

    def score_error(self, _):
        return 0.01

    def set_aside(self, trials):
        self.aside = [t.key for t in trials]


@pytest.mark.parametrize(
    ("after", "fresh_before", "fresh_after", "adopted"),
    [
        (0.80, (0.69, 0.71), (0.79, 0.81), True),
        (0.80, (0.69, 0.71), (0.70, 0.72), False),  # the first seed was lucky
        (0.80, (0.60, 0.80), (0.71, 0.85), False),  # within the spread
        (0.80, (0.69, None), (0.79, 0.81), False),
        (0.705, None, None, False),  # within the error of a score: not worth a training
        (0.60, None, None, False),
    ],
)
def test_a_change_is_adopted_when_fresh_seeds_confirm_it(after, fresh_before, fresh_after, adopted):
    ctx = Ctx({"before": fresh_before, "after": fresh_after})
    later = [trial("after", after), trial("worse", 0.5)]
    found = decide(ctx, trial("before", 0.70), later)
    assert found["adopted"] is adopted
    assert ctx.repeated == (2 * SEEDS if fresh_before else 0)
    assert ctx.aside == (["after"] if not adopted and after > 0.70 else [])
    assert found["lead"] == pytest.approx(after - 0.70)
    assert ctx.kept == ("after" if adopted else "before")  # its weights
    assert ctx.checkpoints.spared is None


def test_the_gain_and_the_spread_are_those_of_fresh_seeds():
    ctx = Ctx({"before": (0.70, 0.72), "after": (0.80, 0.80)})
    found = decide(ctx, trial("before", 0.71), [trial("after", 0.80)])
    assert found["gain"] == pytest.approx(0.09)
    assert found["seed_spread"] == pytest.approx((0.01**2 / 2) ** 0.5)  # 0.01 and 0
    assert ctx.firsts == 2


@pytest.mark.parametrize(("left", "repeated"), [(15.0, 0), (16.0, 4), (None, 4)])
def test_a_budget_that_does_not_pay_for_it_leaves_the_lead_to_decide(left, repeated):
    ctx = Ctx({"before": (0.7, 0.7), "after": (0.7, 0.7)}, left)
    found = decide(ctx, trial("before", 0.70), [trial("after", 0.80)])
    assert ctx.repeated == repeated
    assert found["adopted"] is (repeated == 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, [trial("after", 0.8)]), (trial("before", 0.7), []),
     (trial("before", None), [trial("after", 0.8)])],
)  # fmt: skip
def test_without_two_scores_nothing_is_decided(before, after):
    assert decide(Ctx({}), before, after) == {}


def test_repeats_and_what_was_set_aside_are_never_the_best():
    plain, lucky = trial("a", 0.7), trial("b", 0.9, repeats="a")
    aside = trial("c", 0.8, set_aside=True)
    assert best_of([lucky, aside, plain]) is plain
    assert best_of([lucky, aside]) is None


def run(out, score, monkeypatch):
    """A second round on overlapping clouds, where a score of a trial is `score(trial)`."""
    hard = blobs(300, spread=2.5)
    experiment = blob_experiment(lr=0.01, weight_decay=1e-3, epochs=3, train=hard)
    with open_context(RefineGrid(), experiment, out) as ctx:
        ctx.train_baseline()
        ctx.round, ctx.plan = 2, {"schedule": "linear"}
        monkeypatch.setattr(type(ctx), "score_error", lambda *_: score)
        evidence = RefineGrid().measure(ctx)
        return ctx, evidence, ctx.best_whole


def test_a_round_trains_both_settings_from_the_same_fresh_seeds(tmp_path, monkeypatch):
    ctx, evidence, best = run(tmp_path, -1.0, monkeypatch)  # any lead is looked at
    again = [t for t in ctx.trials if t.repeats]
    assert len(again) == 2 * SEEDS
    assert len({t.seed for t in again}) == SEEDS
    assert ctx.seed not in {t.seed for t in again}
    assert [t.number for t in again] == [3, 4, 5, 6]  # behind the cells of the round
    assert {t.repeats for t in again} <= {t.key for t in ctx.trials if not t.repeats}
    assert evidence.number("fresh_seeds") == SEEDS
    assert best.repeats is None
    assert evidence.flag("adopted") == (best.round == 2)
    assert (ctx.runner.folder / "checkpoints" / f"{best.key}.safetensors").exists()
    files = list((ctx.runner.folder / "checkpoints").glob("*.safetensors"))
    assert {f.stem for f in files} <= {t.key for t in ctx.trials if not t.repeats}


def test_a_lead_within_the_error_of_a_score_costs_nothing_more(tmp_path, monkeypatch):
    ctx, evidence, best = run(tmp_path, 1.0, monkeypatch)
    assert not [t for t in ctx.trials if t.repeats]
    assert evidence.scalars["adopted"] is False
    assert best.number == 0
    assert ctx.best_trial == best
    assert ctx.checkpoints.path(best).exists()


@pytest.mark.parametrize(
    ("more", "brought"),
    [({}, 0.9), ({"set_aside": True}, 0.7), ({"repeats": "best"}, None)],
)
def test_luck_of_a_longer_training_is_nothing_that_it_brought(more, brought):
    best = trial("best", 0.7)
    ctx = SimpleNamespace(best_trial=best, trials=[best, trial("b", 0.9, planned_epochs=8, **more)])
    assert longer(ctx).get("best_longer") == brought
