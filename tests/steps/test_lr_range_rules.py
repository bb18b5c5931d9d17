import pytest

from recipe.core.evidence import Evidence
from recipe_steps.lr_range import LrRange
from recipe_steps.lr_range.rules import (
    gradient_clipping_too_strong,
    learning_rate_too_high,
    learning_rate_too_low,
    lr_range_at_edge,
    no_learning_rate_works,
    update_ratio_too_high,
    update_ratio_too_low,
)
from recipe_steps.lr_range.speed_rules import (
    batch_size_costs_time,
    input_bound,
    rate_limited_by_instability,
)
from rule_cases import NAN, Case, assert_complete, check


def declared(lr, drop, **more):
    """A declared rate beside a bracket from 0.01 to 0.1 with a best fall of one."""
    measured = {
        "works": True,
        "bracket_low": 0.01,
        "bracket_high": 0.1,
        "best_lr": 0.03,
        "best_drop": 1.0,
        "iterations": 100,
    }
    return measured | {"declared_lr": lr, "declared_drop": drop} | more


def compared(rate, before, after, **more):
    """Whole trainings at the declared rate of 0.1 and at another one, of 1,000 items."""
    return {"declared_lr": 0.1, "rival_lr": rate, "declared_score": before, "rival_score": after,
            "chance_score": 0.1, "score_error": 0.01, "score_name": "val_accuracy"} | more  # fmt: skip


EXPLAINED = {"chance_score": 0.0, "score_name": "val_r2"}


def clipping(drop, **more):
    """The fall with clipping beside one of 1 without."""
    return {"clipped_share": 1.0, "clipped_drop": drop, "unclipped_drop": 1.0,
            "unclipped_noise": 0.01, "gradient_norm": 2.0, "clip_norm": 0.001} | more  # fmt: skip


def timed(speeds, **more):
    """Items per second by batch size, 64 being the declared one, of a training of 600,000 items."""
    given = {"batch_size": 64, "items_per_epoch": 60000, "epochs_planned": 10} | more
    curves = {"batch_sizes": list(speeds), "items_per_second": list(speeds.values())}
    return given, curves


def speed(rule, severity, speeds, says="", **more):
    given, curves = timed(speeds, **more)
    return Case(rule, given, severity, curves, says)


SLOW = {32: 500.0, 64: 1000.0, 128: 1900.0, 256: 2000.0}
STEADIED = {"steadied_by": "a warm-up over 20% of the iterations", "steadied_lr": 0.2,
            "steadied_loss": 0.5, "unsteadied_loss": 0.8, "steadied_noise": 0.05, "above_lr": 0.2,
            "iterations": 100, "above_diverged": True}  # fmt: skip
SPEED = [
    # (1 + 1000 / 128) / 1900 against (1 + 1000 / 64) / 1000 items: (1 + N / B) B / speed
    speed(batch_size_costs_time, "note", SLOW, "size of 128 would train about 1.8 times as fast as "
          "64", noise_scale=1000.0),
    speed(batch_size_costs_time, "note", SLOW, "is at least 1e+03", noise_at_least=1000.0),
    speed(batch_size_costs_time, "note", SLOW, "did not fit", noise_scale=1000.0,
          batch_memory_full=True),
    speed(batch_size_costs_time, None, SLOW, noise_scale=5.0),  # steps would not fall
    speed(batch_size_costs_time, None, {k: 10 * v for k, v in SLOW.items()}, noise_scale=1000.0),
    speed(batch_size_costs_time, "note", {32: 1010.0, 64: 1000.0}, "of 32 would train about 2.0",
          noise_scale=0.1),
    speed(batch_size_costs_time, None, {32: 970.0, 64: 1000.0}, noise_scale=0.1),
    speed(batch_size_costs_time, None, SLOW, noise_scale=NAN),
    speed(batch_size_costs_time, None, SLOW),
    speed(batch_size_costs_time, None, SLOW, noise_scale=1000.0, batch_size=48),
    speed(input_bound, "note", SLOW, "60% of an iteration", waiting_share=0.6),
    speed(input_bound, None, SLOW, waiting_share=0.5),
    speed(input_bound, None, {64: 20000.0}, waiting_share=0.9),  # 27 s in all
    speed(input_bound, None, SLOW, waiting_share=NAN),
    speed(input_bound, None, {}, waiting_share=0.9),
    Case(rate_limited_by_instability, STEADIED, "note", says="0.2, training diverges. With a warm"),
    Case(rate_limited_by_instability, STEADIED | {"above_diverged": False}, "note", says="unstable"),
    Case(rate_limited_by_instability, STEADIED | {"steadied_loss": 0.66}, None),
    Case(rate_limited_by_instability, STEADIED | {"steadied_loss": NAN}, None),
    Case(rate_limited_by_instability, STEADIED | {"steadied_loss": 0.8, "steadied_noise": 0}, None),
    Case(rate_limited_by_instability, {"above_lr": 0.2, "above_diverged": True}, None),
]  # fmt: skip


COMPARED = [
    Case(
        gradient_clipping_too_strong,
        {},
        "note",
        {"baseline_clipped_share": [0.1, 0.5, 0.6]},
        "In the baseline 55% of the updates are clipped",
    ),
    Case(gradient_clipping_too_strong, {}, "note", {"best_clipped_share": [0.0, 0.51]}, "best run"),
    Case(gradient_clipping_too_strong, {}, None, {"baseline_clipped_share": [1.0, 0.5]}),
    Case(gradient_clipping_too_strong, {}, None, {"baseline_clipped_share": [NAN, NAN]}),
    Case(learning_rate_too_high, compared(0.01, 0.5, 0.64), "warn", says="at 0.01 reaches 0.64"),
    Case(learning_rate_too_high, compared(0.01, 0.5, 0.63), None),  # 0.135 of the way
    Case(learning_rate_too_high, compared(0.06, 0.5, 0.9), None),  # nearly the same rate
    Case(learning_rate_too_high, compared(1.0, 0.5, 0.9), None),  # the other way
    Case(learning_rate_too_high, compared(0.01, 0.5, 0.9, score_error=0.1), None),  # luck
    Case(learning_rate_too_high, compared(0.01, 0.12, 0.5), None),  # others may be why
    Case(learning_rate_too_high, compared(0.01, 0.12, 0.57), "warn"),
    Case(learning_rate_too_high, compared(0.01, 0.5, 0.9, chance_score=1.0), None),  # a loss
    Case(learning_rate_too_high, compared(0.01, 50.0, 90.0), None),  # no share
    Case(learning_rate_too_high, compared(0.01, NAN, 0.9), None),
    Case(learning_rate_too_high, compared(NAN, 0.5, 0.9), None),
    Case(learning_rate_too_high, compared(0.01, 0.5, 0.9, declared_lr=0.0), None),
    Case(learning_rate_too_low, compared(1.0, 0.5, 0.73), "warn", says="at 1 reaches 0.73"),
    Case(learning_rate_too_low, compared(1.0, 0.5, 0.72), None),
    Case(learning_rate_too_low, compared(0.01, 0.5, 0.9), None),
    Case(learning_rate_too_low, compared(1.0, 0.5, NAN), None),
    Case(learning_rate_too_low, compared(1.0, 0.92, 0.97), "warn", says="at 1 reaches 0.97"),
    Case(learning_rate_too_low, compared(0.31, 0.92, 0.97), "warn"),
    Case(learning_rate_too_low, compared(0.29, 0.92, 0.97), None),  # nearly the same rate
    Case(learning_rate_too_low, compared(1.0, 0.92, 0.958), None),  # less than half of the errors
    Case(learning_rate_too_low, compared(1.0, 0.95, 0.979), None),  # hardly anything
    Case(learning_rate_too_low, compared(1.0, 0.92, 0.97, score_error=0.02), None),  # luck
    Case(learning_rate_too_low, compared(1.0, 0.92, 0.97, chance_score=0.0), None),  # no share
    Case(learning_rate_too_low, compared(1.0, 0.78, 0.93, **EXPLAINED), "warn"),
    Case(learning_rate_too_low, compared(1.0, 0.78, 0.88, **EXPLAINED), None),
    Case(
        learning_rate_too_low, compared(1.0, -0.1, 0.1, **EXPLAINED), None
    ),  # hardly anything to learn
    Case(learning_rate_too_low, compared(1.0, 0.92, 0.97, score_error=NAN), None),
    Case(learning_rate_too_high, compared(0.01, 0.92, 0.97), None),
]

CASES = [
    *SPEED,
    *COMPARED,
    Case(learning_rate_too_high, declared(0.21, 0.29), "warn", says="29% of the best fall"),
    Case(learning_rate_too_high, declared(0.2, 0.29), None),  # within the margin
    Case(learning_rate_too_high, declared(0.21, 0.3), None),  # outside, yet it works
    Case(learning_rate_too_high, declared(0.21, 0.05), "warn"),
    Case(learning_rate_too_high, declared(0.21, 0.049), "fail"),
    Case(learning_rate_too_high, declared(0.21, -5.0), "fail", says="diverges"),
    Case(learning_rate_too_high, declared(3.0, NAN, declared_diverged=True), "fail", says="diver"),
    Case(learning_rate_too_high, declared(3.0, -5.0, constant_loss=2.3, start_loss=3.2), "fail"),
    Case(learning_rate_too_high, declared(3.0, -5.0, constant_loss=2.3, start_loss=3.24), "warn"),
    Case(learning_rate_too_high, declared(3.0, -5.0, constant_loss=NAN, start_loss=9.0), "fail"),
    Case(learning_rate_too_high, declared(3.0, NAN), None),
    Case(learning_rate_too_high, declared(NAN, 0.0), None),
    Case(learning_rate_too_high, declared(3.0, 0.0, works=False), None),
    Case(learning_rate_too_high, declared(3.0, 0.0, bracket_high=NAN), None),
    Case(learning_rate_too_high, declared(3.0, 0.0, best_drop=0.0), None),
    Case(learning_rate_too_low, declared(0.0049, 0.29), "warn", says="begin at 0.01"),
    Case(learning_rate_too_low, declared(0.005, 0.29), None),
    Case(learning_rate_too_low, declared(0.0049, 0.3), None),
    Case(learning_rate_too_low, declared(0.0049, 0.05), "warn"),
    Case(learning_rate_too_low, declared(0.0049, 0.049), "fail"),
    Case(learning_rate_too_low, declared(1e-7, -0.01), "fail", says="reaches 0%"),
    Case(learning_rate_too_low, declared(1e-7, NAN), None),
    Case(learning_rate_too_low, declared(1e-7, 0.0, bracket_low=NAN), None),
    Case(learning_rate_too_low, declared(0.03, 0.9), None),
    Case(gradient_clipping_too_strong, clipping(0.49), "warn", says="100% of the gradients"),
    Case(gradient_clipping_too_strong, clipping(0.5), "warn", says="(to 0.001; its norm is 2)"),
    Case(gradient_clipping_too_strong, clipping(0.51), None),
    Case(gradient_clipping_too_strong, clipping(0.04), "fail"),
    Case(gradient_clipping_too_strong, clipping(-0.1), "fail", says="falls by 0 with"),
    Case(gradient_clipping_too_strong, clipping(0.1, clipped_share=0.89), None),
    Case(gradient_clipping_too_strong, clipping(0.1, unclipped_noise=0.34), None),
    Case(gradient_clipping_too_strong, clipping(NAN), None),
    Case(gradient_clipping_too_strong, clipping(0.1, unclipped_drop=NAN), None),
    Case(lr_range_at_edge, {"at_edge": True, "works": True, "best_lr": 50.0}, "note", says="50"),
    Case(lr_range_at_edge, {"at_edge": True, "works": False, "best_lr": 50.0}, None),
    Case(lr_range_at_edge, {"at_edge": False, "works": True, "best_lr": 50.0}, None),
    Case(lr_range_at_edge, {"at_edge": True, "works": True, "best_lr": NAN}, None),
    Case(no_learning_rate_works, {"works": False}, "fail"),
    Case(no_learning_rate_works, {"works": True}, None),
    Case(no_learning_rate_works, {"works": NAN}, None),
    Case(no_learning_rate_works, {}, None),
    Case(update_ratio_too_high, {"declared_update_ratio": 0.31}, "warn", says="0.31 of the"),
    Case(update_ratio_too_high, {"declared_update_ratio": 0.3}, None),
    Case(update_ratio_too_high, {"declared_update_ratio": 1e-3}, None),
    Case(update_ratio_too_high, {"declared_update_ratio": NAN}, None),
    Case(update_ratio_too_low, {"declared_update_ratio": 0.99e-6}, "warn"),
    Case(update_ratio_too_low, {"declared_update_ratio": 0.0}, "warn"),
    Case(update_ratio_too_low, {"declared_update_ratio": 1e-6}, None),
    Case(update_ratio_too_low, {"declared_update_ratio": 1e-3}, None),
    Case(update_ratio_too_low, {"declared_update_ratio": NAN}, None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case):
    check(LrRange(), case)


def test_every_rule_is_tested():
    assert_complete(LrRange(), CASES)


def test_what_was_compared_is_proof_already():
    found = learning_rate_too_low(Evidence(compared(1.0, 0.5, 0.9)))
    assert (found.remedy.verified, found.remedy.before, found.remedy.after) == (True, 0.5, 0.9)
