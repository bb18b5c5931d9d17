"""What a trained model shows of validation data that differ from training data."""

import pytest
import torch

import heldout_label_variations as heldout
from label_variations import colours, in_validation, learning, table
from recipe.testing import judge_scalars, open_context
from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.validation_probes import validation_marks

FOUND = {
    "numbers": "val_numbers", "inputs": "val_undone", "noise": "val_noise",
    "overwritten": "val_overwritten",
}  # fmt: skip
RULES = {
    "numbers": "validation-labels-renumbered", "inputs": "validation-preprocessing-differs",
    "noise": "validation-preprocessing-differs",
    "overwritten": "validation-preprocessing-differs",
}  # fmt: skip


def marks(experiment, folder):
    with open_context(LearningCurves(), experiment, folder) as ctx:
        ctx.train_baseline()
        return validation_marks(ctx)


def check(experiment, wanted, folder):
    found = marks(experiment, folder)
    assert [name for name in FOUND.values() if name in found] == ([FOUND[wanted]] if wanted else [])
    rules = {f.rule for f in judge_scalars(LearningCurves(), found)}
    assert rules == ({RULES[wanted]} if wanted else set())
    return found


def overwritten(x, share, value, seed=3):
    """Inputs of which some values are another one."""
    drawn = torch.rand(x.shape, generator=torch.Generator().manual_seed(seed))
    return torch.where(drawn < share, torch.as_tensor(value, dtype=x.dtype), x)


FITTED = {
    "every number is the next one": (in_validation(table(), labels=lambda y: (y + 1) % 4), "numbers"),
    "three in a circle": (
        in_validation(table(classes=6), labels=lambda y: torch.tensor([0, 2, 4, 3, 1, 5])[y]), "numbers"
    ),
    "another spread": (in_validation(table(), inputs=lambda x: 0.3 * x + 1), "inputs"),
    "BGR": (in_validation(colours(), inputs=lambda x: x.flip(1)), "inputs"),
    "height for width": (in_validation(colours(), inputs=lambda x: x.mT), "inputs"),
    "channels first read as channels last": (
        in_validation(colours(), inputs=lambda x: x.permute(0, 2, 3, 1).reshape(x.shape)), "inputs"
    ),
    "channels last read as channels first": (
        in_validation(colours(), inputs=lambda x: x.reshape(len(x), *x.shape[2:], x.shape[1]).permute(0, 3, 1, 2)),
        "inputs",
    ),
    "noise in pictures": (
        in_validation(colours(), inputs=lambda x: x + 1.5 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))), "noise"
    ),
    "salt": (in_validation(colours(), inputs=lambda x: overwritten(x, 0.3, x.max())), "overwritten"),
    "values that are dropped": (
        in_validation(table(), inputs=lambda x: overwritten(x, 0.5, 0.0)), "overwritten"
    ),
    "pixels that are dropped, which costs nothing": (
        in_validation(colours(), inputs=lambda x: overwritten(x, 0.5, 0.0)), None
    ),
    "sound: many zeros in both": (
        tuple((overwritten(x, 0.4, 0.0, seed), y) for seed, (x, y) in enumerate(table())), None
    ),
    "sound: a table": (table(), None),
    "sound: pictures": (colours(), None),
    "sound: overlapping classes": (table(noise=2.0, seed=2), None),
}  # fmt: skip


@pytest.mark.parametrize("name", FITTED)
def test_what_was_done_to_validation_alone(name, tmp_path):
    data, wanted = FITTED[name]
    check(learning(data), wanted, tmp_path)


HARMLESS = ("half as much again",)
"""Where every validation item is known all the same: what costs nothing is not told here."""


@pytest.mark.parametrize("name", heldout.VALIDATION)
def test_variations_that_nothing_was_fitted_to(name, tmp_path):
    experiment, wanted = heldout.VALIDATION[name]
    check(experiment, None if name in HARMLESS else wanted, tmp_path)


def test_the_numbers_are_told_and_can_be_undone(tmp_path):
    train, val = table()
    experiment = learning(in_validation((train, val), labels=lambda y: (y + 1) % 4))
    found = marks(experiment, tmp_path)
    (said,) = judge_scalars(LearningCurves(), found)
    assert "(1 for 0, 2 for 1, 3 for 2, 0 for 3)" in said.message
    assert found["val_numbers_before"] < 0.1
    assert found["val_numbers_after"] > 0.8
