"""What the rules about learning curves say of logs: curves whose story is known."""

import math
import time
from random import Random

import pytest

from recipe.logs.evidence import as_evidence, evidence_of
from recipe.logs.log import Log
from recipe.plugin.rules import judge
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.log_rules.broken_rules import collapsed, loss_became_nan
from recipe_steps.learning_curves.log_rules.learning_rules import never_learned
from rule_cases import Case, case, check

NAN = math.nan


def noisy(values, spread, seed=0):
    random = Random(seed)
    return [v + random.gauss(0, spread) for v in values]


def falling(n, first=2.3, floor=0.3, rate=None):
    rate = rate or 5 / n
    return [floor + (first - floor) * math.exp(-rate * i) for i in range(n)]


def rising(n, first=0.1, top=0.9, rate=None):
    return [1 - v for v in falling(n, 1 - first, 1 - top, rate)]


def found(curves, **more):
    """Findings that nothing explains, as (severity, rule)."""
    said = judge(LearningCurves.rules, as_evidence(curves, **more))
    return [(f.severity, f.rule) for f in said if f.because is None]


def counting(curves, **more):
    return [rule for severity, rule in found(curves, **more) if severity != "note"]


def cosine(n, peak=0.1):
    return [peak * 0.5 * (1 + math.cos(math.pi * i / n)) for i in range(n)]


def restarts(n, cycle, peak=0.1):
    return [peak * 0.5 * (1 + math.cos(math.pi * (i % cycle) / cycle)) for i in range(n)]


def bumps(n, cycle, height):
    """A loss that a restart throws up by a part of what was gained, and that settles again."""
    base = falling(n, 2.3, 0.3)
    return [b + (height * math.exp(-3 * (i % cycle) / cycle) if i >= cycle else 0)
            for i, b in enumerate(base)]  # fmt: skip


def spiked(values, places, factor):
    return [v * factor if i in places else v for i, v in enumerate(values)]


def descends_twice(n):
    third = n // 3
    up = [0.8 + 0.6 * math.sin(math.pi * i / third) for i in range(third)]
    return falling(third, 2.3, 0.8, 9 / third) + up + falling(n - 2 * third, 0.8, 0.5)


def groks(n):
    half = n // 2
    return [2 + i / half for i in range(half)] + falling(n - half, 3.0, 0.02)


def stepwise(n):
    return falling(n // 2, 2.3, 0.9) + falling(n - n // 2, 0.55, 0.4)


HEALTHY = {
    "cosine to its end": {
        "train_loss": falling(40), "val_loss": falling(40, 2.3, 0.4), "lr": cosine(40)},
    "constant rate, stopped at a target": {
        "train_loss": falling(12, rate=0.25), "val_loss": falling(12, 2.3, 0.4, 0.25),
        "val_score": rising(12, rate=0.25), "lr": [0.1] * 12},
    "stopped on purpose, no rate": {
        "train_loss": falling(12, rate=0.1), "val_loss": falling(12, 2.3, 0.4, 0.1)},
    "warm restarts": {
        "train_loss": bumps(40, 10, 0.5), "val_loss": bumps(40, 10, 0.5), "lr": restarts(40, 10)},
    "warm restarts, ended in a cycle": {
        "train_loss": bumps(33, 10, 0.7), "val_loss": bumps(33, 10, 0.7), "lr": restarts(33, 10)},
    "step decay": {"train_loss": stepwise(40), "val_loss": stepwise(40),
                   "lr": [0.1] * 20 + [0.01] * 20},
    "validation of few items": {
        "train_loss": falling(40), "val_loss": noisy(falling(40, 2.3, 0.6), 0.12),
        "val_score": noisy(rising(40, top=0.8), 0.05)},
    "a bad evaluation in between": {
        "train_loss": falling(20), "val_loss": spiked(falling(20, 2.3, 0.4), {11}, 4),
        "val_score": [0.2 if i == 11 else v for i, v in enumerate(rising(20))]},
    "early catapult": {"train_loss": [2.3, 9.0, 2.4, *falling(20, 2.0)]},
    "negative log-likelihood": {
        "train_loss": falling(30, 1.2, -1.8), "val_loss": falling(30, 1.2, -1.6)},
    "minus the evidence bound, all negative": {
        "train_loss": falling(30, -80, -105), "val_loss": falling(30, -79, -103)},
    "masked words: a high plateau": {
        "train_loss": falling(60, 10.4, 6.8, 0.3), "val_loss": falling(60, 10.3, 6.9, 0.3)},
    "contrastive: a high plateau": {"train_loss": noisy(falling(60, 5.4, 4.4, 0.2), 0.02)},
    "one epoch of fine-tuning": {"train_loss": [0.31], "val_loss": [0.29], "val_score": [0.91]},
    "three epochs of fine-tuning": {
        "train_loss": [0.42, 0.25, 0.16], "val_loss": [0.31, 0.29, 0.34],
        "val_score": [0.87, 0.89, 0.89]},
    "little to learn": {
        "train_loss": noisy(falling(30, 1.5, 1.38, 1.0), 0.01),
        "val_loss": noisy(falling(30, 1.45, 1.4, 1.0), 0.02),
        "val_score": noisy(rising(30, 0.26, 0.31, 1.0), 0.01)},
    "arrived in the first epoch": {
        "train_loss": [0.35, *noisy([0.2] * 19, 0.005)], "val_loss": noisy([0.25] * 20, 0.01),
        "val_score": noisy([0.93] * 20, 0.005)},
    "only scores": {"train_score": rising(25), "val_score": noisy(rising(25, top=0.8), 0.02)},
    "descends twice": {"train_loss": falling(60), "val_loss": descends_twice(60)},
    "groks": {"train_loss": falling(60, 2.3, 0.001), "val_loss": groks(60),
              "val_score": [0.1] * 30 + rising(30)},
    "probabilities drift, the score does not": {
        "train_loss": falling(30, 2.3, 0.02), "val_score": rising(30),
        "val_loss": [v + 0.008 * max(0, i - 12) for i, v in enumerate(falling(30, 2.3, 0.5))]},
    "validation loss alone that creeps up": {
        "val_loss": [*falling(15, rate=0.4), *(0.31 + 0.02 * i for i in range(15))]},
    "a loss that drifts while the score holds": {
        "train_loss": noisy(falling(15) + [0.3 + 0.13 * i for i in range(15)], 0.01),
        "val_score": noisy(rising(30), 0.004)},
    "neighbouring evaluations err together": {
        "train_loss": [1.0 - 0.1 * math.exp(-i / 3) + 0.08 * math.sin(i / 4) for i in range(60)]},
    "precision for recall": {
        "train_loss": falling(20), "val_loss": falling(20, 2.3, 0.4),
        "val_score": noisy([0.8] * 20, 0.03)},
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_log_gets_no_warning(name):
    assert counting(HEALTHY[name]) == []
    assert counting(HEALTHY[name], unit="epoch") == []


def collapse(n, at, first=2.3, low=0.3, to=2.3):
    return falling(at, first, low) + [to] * (n - at)


SICK = {
    "thrown away in one step": ("collapsed", {
        "train_loss": collapse(40, 25), "val_loss": collapse(40, 25, low=0.4),
        "val_score": rising(25) + [0.1] * 15}),
    "only to where it began": ("collapsed", {"train_loss": collapse(40, 25, to=2.1)}),
    "lost slowly": ("collapsed", {
        "train_loss": falling(20) + [0.3 + 0.15 * i for i in range(14)],
        "val_loss": falling(20) + [0.4 + 0.15 * i for i in range(14)]}),
    "scores alone": ("collapsed", {"train_score": rising(20) + [0.1] * 5,
                                   "val_score": rising(20) + [0.1] * 5}),
    "few evaluations": ("collapsed", {"train_score": [0.1, 0.5, 0.7, 0.1, 0.1],
                                      "val_score": [0.1, 0.5, 0.68, 0.1, 0.1]}),
    "in the last evaluation": ("collapsed", {
        "train_loss": [6.9, 3.1, 2.0, 1.5, 1.2, 6.9], "val_loss": [6.9, 3.2, 2.2, 1.7, 1.5, 6.9],
        "val_score": [0.001, 0.4, 0.55, 0.62, 0.68, 0.001]}),
    "after a huge first loss": ("collapsed", {
        "train_loss": [180.0, *falling(24, 4.0, 0.3), *[4.0] * 8]}),
    "of a negative loss": ("collapsed", {
        "train_loss": falling(25, 0.4, -1.8) + [0.4] * 8,
        "val_loss": falling(25, 0.4, -1.7) + [0.4] * 8}),
    "of a model that was good from the start": ("collapsed", {
        "train_score": [0.9] * 10 + [0.3] * 8, "val_score": [0.88] * 10 + [0.33] * 8}),
    "and half won back": ("collapsed", {
        "train_loss": falling(20) + [2.2] * 8 + falling(8, 2.2, 1.0)}),
    "NaN": ("loss-became-nan", {"train_loss": falling(20) + [NAN] * 5}),
    "infinite": ("loss-became-nan", {"train_loss": falling(20) + [math.inf] * 2}),
    "NaN of validation": ("loss-became-nan", {
        "train_loss": falling(20) + [NAN] * 5, "val_loss": falling(20) + [NAN] * 5,
        "val_score": rising(20) + [0.1] * 5}),
    "NaN from the start": ("loss-became-nan", {"train_loss": [NAN] * 8, "val_score": [0.1] * 8}),
    "no weight moves": ("never-learned", {
        "train_loss": noisy([2.303] * 20, 0.01), "val_loss": [2.3026] * 20,
        "val_score": [0.1] * 20}),
    "labels of other items": ("never-learned", {
        "train_loss": noisy([2.305] * 20, 0.004), "val_loss": noisy([2.304] * 20, 0.003),
        "train_score": noisy([0.1] * 20, 0.006), "val_score": noisy([0.1] * 20, 0.01)}),
    "learnt by heart, nothing for others": ("never-learned", {
        "train_loss": falling(30, 2.3, 0.01), "val_loss": [2.31 + 0.1 * i for i in range(30)],
        "train_score": rising(30, top=1.0), "val_score": noisy([0.1] * 30, 0.01)}),
    "nothing of the variance": ("never-learned", {
        "train_loss": noisy([1.0] * 20, 0.01), "val_score": noisy([0.0] * 20, 0.01)}),
    "a score of none": ("never-learned", {"val_score": [0.0] * 12}),
    "overfit": ("overfitting", {
        "train_loss": falling(40, 2.3, 0.01),
        "val_loss": [v + 0.05 * max(0, i - 12) for i, v in enumerate(falling(40, 2.3, 0.6))]}),
    "overfit by its score": ("overfitting", {
        "train_score": rising(40, top=1.0),
        "val_score": [v - 0.008 * max(0, i - 12) for i, v in enumerate(rising(40, top=0.7))]}),
    "diverged": ("diverged", {"train_loss": [2.3, 2.9, 4.0, 9.0, 30.0, 80.0]}),
    "swings": ("unstable-training", {
        "train_loss": [2.0, 1.5, *(0.6 if i % 2 else 1.0 for i in range(20))]}),
    "the score is upside down": ("metric-disagrees-with-loss", {
        "train_loss": falling(20), "val_loss": falling(20), "val_score": falling(20, 0.9, 0.1)}),
}  # fmt: skip


@pytest.mark.parametrize("name", SICK)
def test_a_sick_log_is_named_first(name):
    rule, curves = SICK[name]
    said = counting(curves)
    assert said[:1] == [rule]
    assert len(said) == 1, said


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
@pytest.mark.parametrize("name", [n for n, (rule, _) in SICK.items() if rule == "collapsed"])
def test_the_scale_of_a_loss_does_not_matter(name, scale):
    curves = {n: [v * scale if n.endswith("loss") else v for v in c]
              for n, c in SICK[name][1].items()}  # fmt: skip
    assert counting(curves) == ["collapsed"]


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_is_nothing(seed):
    """Curves without a trend, from 6 points to 200, which have arrived before they begin."""
    n = Random(seed).randrange(6, 200)
    curves = {"train_loss": [1.2, *noisy([0.5] * n, 0.05, seed)],
              "val_loss": noisy([0.6] * (n + 1), 0.08, seed + 1),
              "val_score": noisy([0.8] * (n + 1), 0.03, seed + 2)}  # fmt: skip
    assert counting(curves, unit="step") == []


def spaced(n, every=1):
    return [float(every * (k + 1)) for k in range(n)]


def test_a_column_that_ends_before_the_others():
    curves = {"train_loss": falling(14), "val_score": rising(14) + [0.1] * 11}
    at = {"train_loss": spaced(14), "val_score": spaced(25)}
    said = judge(LearningCurves.rules, as_evidence(curves, at=at, end=25, unit="epoch"))
    first = next(f for f in said if f.because is None)
    assert (first.rule, first.severity, first.place) == ("loss-became-nan", "fail", 14)
    assert "epoch 14" in first.message


def test_all_columns_end_while_the_log_goes_on():
    curves = {"train_loss": falling(14), "val_loss": falling(14)}
    at = {name: spaced(14) for name in curves}
    assert counting(curves, at=at, end=25.0) == ["loss-became-nan"]
    assert counting(curves, at=at, end=15.0) == []


def test_a_score_that_never_moves_tells_nothing_of_a_loss_that_ends():
    curves = {"train_loss": falling(14), "val_score": [0.86] * 25}
    at = {"train_loss": spaced(14), "val_score": spaced(25)}
    assert counting(curves, at=at, end=25.0) == ["loss-became-nan"]


def test_few_validations_that_get_worse_one_after_the_other_are_a_note():
    few = {"train_loss": falling(15, 1.9, 0.01, 0.5), "val_loss": [1.2, 1.4, 1.5]}
    at = {"train_loss": spaced(15), "val_loss": spaced(3, 5)}
    assert found(few, at=at) == [("note", "overfitting")]
    few["val_loss"] = [1.2, 1.1, 1.25]
    assert found(few, at=at) == []


def test_a_validation_loss_that_jumps_but_is_never_good_again():
    jumps = [30.0 if i % 3 else 3.0 for i in range(30)]
    curves = {"train_loss": falling(40, 2.3, 0.01), "val_loss": falling(10, rate=0.3) + jumps}
    assert counting(curves) == ["overfitting"]


def test_a_loss_that_is_no_longer_written_is_no_nan():
    """The other one goes on as well as before."""
    curves = {"train_loss": falling(40), "val_loss": falling(10, rate=0.2)}
    at = {"train_loss": spaced(40), "val_loss": spaced(10)}
    assert counting(curves, at=at, end=40.0) == []


@pytest.mark.parametrize("every", [5, 7, 50])
def test_evaluations_at_long_intervals(every):
    n = 20
    curves = {"train_loss": noisy(falling(n * every), 0.02), "val_loss": falling(n, 2.3, 0.4),
              "val_score": rising(n)}  # fmt: skip
    at = {"train_loss": spaced(n * every), "val_loss": spaced(n, every),
          "val_score": spaced(n, every)}  # fmt: skip
    assert counting(curves, at=at, unit="step", end=float(n * every)) == []
    curves["val_loss"] = [v + 0.06 * max(0, i - 8) for i, v in enumerate(curves["val_loss"])]
    curves["val_score"] = [v - 0.02 * max(0, i - 8) for i, v in enumerate(curves["val_score"])]
    assert counting(curves, at=at, unit="step", end=float(n * every)) == ["overfitting"]


def test_spikes_of_single_minibatches_are_counted():
    curves = {"train_loss": spiked(noisy(falling(100), 0.01), {40, 70, 90}, 3)}
    said = judge(LearningCurves.rules, as_evidence(curves, unit="step", means=False))
    assert [(f.rule, f.severity) for f in said] == [("unstable-training", "note")]
    assert said[0].message.startswith("Here 3 single points of the training loss")


def test_the_noise_of_minibatches_is_no_swing():
    curves = {"train_loss": [abs(v) for v in noisy(falling(120, 2.3, 0.8), 0.35)]}
    assert counting(curves, unit="step", means=False) == []


def test_a_rate_that_was_raised_is_named():
    rates = [0.01] * 20 + [1.0] * 10
    curves = {"train_loss": collapse(30, 20), "lr": rates}
    said = judge(LearningCurves.rules, as_evidence(curves, unit="epoch"))
    assert "the rate had been raised from 0.01 to 1 in epoch 21" in said[0].message


def test_still_improving_is_a_note_unless_the_rate_is_known():
    curves = {"train_loss": falling(20, rate=0.02), "val_loss": falling(20, rate=0.02)}
    assert found(curves) == [("note", "still-improving")]
    assert found({**curves, "lr": [0.01] * 20}) == [("warn", "still-improving")]
    assert found({**curves, "lr": cosine(20)}) == []
    assert found(curves, planned=40.0, end=20.0) == []  # whoever stopped it knows


def test_a_slope_within_the_scatter_is_none():
    curves = {"train_loss": noisy(falling(20, 1.0, 0.8, 0.05), 0.06),
              "val_loss": noisy(falling(20, 1.0, 0.8, 0.05), 0.06, 1)}  # fmt: skip
    assert found(curves) == []


def test_a_log_that_grows_says_nothing_of_its_last_point():
    curves = {"train_loss": collapse(21, 20), "val_loss": collapse(21, 20)}
    assert "collapsed" in counting(curves)
    assert counting(curves, growing=True) == []
    curves = {"train_loss": collapse(22, 20), "val_loss": collapse(22, 20)}
    assert "collapsed" in counting(curves, growing=True)


def test_what_came_back_is_a_note():
    curves = {"train_loss": falling(20) + [2.2] * 6 + falling(20, 1.5, 0.3, 0.5)}
    assert found(curves)[0] == ("note", "collapsed")


ADVERSARIAL = {"train_loss": [0.7 + 0.1 * i for i in range(40)]}


def test_losses_of_two_networks_that_play_against_each_other():
    assert counting(ADVERSARIAL) == ["diverged"]
    assert found(ADVERSARIAL, kind="adversarial") == []
    broken = {"train_loss": [*ADVERSARIAL["train_loss"], NAN, NAN, NAN]}
    assert found(broken, kind="adversarial") == [("fail", "loss-became-nan")]


BROKEN = falling(10) + [NAN] * 3
LOST = falling(16) + [2.3] * 6
AT_CHANCE = {"val_loss": [2.303] * 10, "val_score": [0.1] * 10}


def log_case(rule, severity, says="", **curves):
    return Case(rule, {"log": True}, severity, {f"best_{k}": v for k, v in curves.items()}, says)


LOG_CASES = [
    log_case(loss_became_nan, "fail", "not finite from point 11 on", train_loss=BROKEN),
    log_case(loss_became_nan, None, train_loss=falling(10)),
    case(loss_became_nan, None, train_loss=BROKEN),  # of a run `diverged` says it
    log_case(collapsed, "fail", "jumped back up at point 17", train_loss=LOST),
    log_case(collapsed, None, train_loss=falling(22)),
    case(collapsed, None, train_loss=LOST),
    log_case(never_learned, "fail", "which is what guessing scores", val_score=[*[0.1] * 9, 0.11]),
    log_case(never_learned, "fail", "is 0.1 in every one", **AT_CHANCE),
    log_case(never_learned, None, val_score=rising(10)),
    log_case(never_learned, None, val_score=[0.1] * 5),  # it may be about to begin
]  # fmt: skip


@pytest.mark.parametrize("given", LOG_CASES, ids=str)
def test_rule(given):
    check(LearningCurves(), given)


def test_parts_of_a_loss_are_judged_each():
    box, seg = {"train_loss": falling(30)}, {"train_loss": collapse(30, 20)}
    evidence = evidence_of(Log({"lr": cosine(30)}, parts={"box": box, "seg": seg}))
    said = {part: [f.rule for f in judge(LearningCurves.rules, e) if f.counts]
            for part, e in evidence.items()}  # fmt: skip
    assert said == {"box": [], "seg": ["collapsed"]}


def test_thousands_of_points_are_judged_at_once():
    curves = {"train_loss": noisy(falling(5000), 0.01) + noisy([2.3] * 500, 0.01)}
    began = time.monotonic()
    assert counting(curves) == ["collapsed"]
    assert time.monotonic() - began < 10


def test_a_resumed_run_that_is_flat_has_learnt_before():
    curves = {"train_loss": noisy([1.4] * 20, 0.01), "val_score": [0.1] * 20}
    at = {name: [float(50 + k) for k in range(20)] for name in curves}
    assert "never-learned" in counting(curves)
    assert counting(curves, at=at, unit="epoch") == []


def test_values_whose_squares_overflow_are_judged_like_others():
    from recipe_steps.learning_curves.log_rules.lost import _wandering

    levels = [0.0, 5.4e154, 0.0, 2.7e154]
    assert _wandering(levels) == pytest.approx(1e154 * _wandering([v / 1e154 for v in levels]))
