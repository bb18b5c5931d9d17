"""The second corpus is what it says, and its held-out half is what it was."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
from bases import BASES
from catalogue import FAULTS
from more_bases import MORE_BASES
from score import Row
from scoring import all_named, restored
from together import combined, stand_together, touched
from truth import Truth
from written import statement

BY_NAME = {b.name: b for b in (*BASES, *MORE_BASES)}
OF = {f.name: f for f in FAULTS}


@pytest.mark.slow
def test_it_is_as_large_as_it_says_and_half_of_it_is_held_out():
    from cases import GROUPS, by_full_name, cases, held_out
    from truth import truths

    known = by_full_name()
    assert sum(bool(c.truths) for c in cases()) >= 200
    assert sum(not c.truths for c in cases()) >= 100
    for group in GROUPS:
        those = [c for c in cases() if c.group == group]
        assert 0.4 <= sum(c.held_out for c in those) / len(those) <= 0.6, group
    assert {name: known[name].digest for name in held_out()} == held_out()
    measured = truths()
    assert all(measured[c.full_name].digest == c.digest for c in cases() if c.full_name in measured)
    assert all(c.full_name in measured for c in cases() if c.group == "half strength")


@pytest.mark.parametrize(
    ("fault", "parts"),
    [
        ("tanh-on-logits", {"outputs"}),
        ("zero-weights", {"weights"}),
        ("everything-frozen", {"gradients"}),
        ("view-for-permute", {"inputs of the model"}),
        ("sign-flipped", {"loss", "outputs"}),
        ("missing-values", {"train 0"}),
        ("labels-divided-away", {"train 1", "val 1"}),
        ("step-forgotten", {"update"}),
    ],
)
def test_the_parts_that_a_fault_touches(fault, parts):
    assert touched(BY_NAME["cancer-table"], OF[fault]) == parts


def test_faults_of_one_part_do_not_stand_together():
    base = BY_NAME["cancer-table"]
    assert stand_together(base, (OF["zero-weights"], OF["missing-values"]))
    assert not stand_together(base, (OF["missing-values"], OF["one-column-large"]))
    assert not stand_together(base, (OF["tanh-on-logits"], OF["sign-flipped"]))


def test_another_model_is_put_in_place_before_its_weights_are_changed():
    base, faults = BY_NAME["digits-mlp"], (OF["zero-weights"], OF["no-nonlinearity"])
    model = combined(base, *faults)(0).model()
    assert not any(p.any() for name, p in model.named_parameters() if "weight" in name)
    assert "ReLU" not in repr(model)


def truth(score, sound=(0.9, 0.9, 0.9, 0.9), repaired=()):
    return Truth("c", "d", 0.1, list(score), list(repaired), list(sound))


@pytest.mark.parametrize(
    ("score", "harm"),
    [
        ((0.5, 0.52, 0.48, 0.5), "harmful"),
        ((0.9, 0.89, 0.91, 0.9), "harmless"),
        ((0.89, 0.89, 0.89, 0.89), "harmless"),  # certain, and next to nothing
        ((0.95, 0.95, 0.95, 0.95), "harmless"),
        ((0.9, 0.5, 0.9, 0.9), "undecided"),
        ((None, None, None, None), "harmful"),
    ],
)
def test_harm_is_what_the_interval_of_four_seeds_leaves_no_doubt_of(score, harm):
    assert truth(score).harm == harm


@pytest.mark.parametrize(
    ("repaired", "largest"),
    [((0.8, 0.3), [0]), ((0.2, 0.9), [1]), ((None, None), [0, 1]), ((0.5, 0.52), [0, 1])],
)
def test_the_largest_effect_is_the_repair_that_comes_nearest(repaired, largest):
    assert truth([0.1], [0.9], repaired).largest == largest


def test_all_causes_are_named_when_each_has_one_of_its_names():
    row = Row("fault", "n", "b", 0, diagnosis=["a", "c"], truths=[["a", "b"], ["c"]])
    assert all_named(row)
    row.truths.append(["d"])
    assert not all_named(row)


@pytest.mark.parametrize(("fixed", "mended"), [(0.89, True), (0.6, False), (None, False)])
def test_a_run_that_repairs_is_judged_by_its_last_score(fixed, mended):
    row = Row("fault", "n", "b", 0, score=0.3, chance=0.1, sound=0.9, fixed=fixed)
    assert restored(row) == mended


def test_the_text_of_a_case_is_its_definition_or_its_statement():
    assert statement("more_bases", "wine").startswith("def wine(seed: int)")
    assert statement("catalogue", "zero_weights").startswith("@fault(")
    found = statement("looks_ill", "sharpness-aware")
    assert found.strip().startswith("yield of(")
    assert len(found.splitlines()) <= 3
