"""Cases of the rule about regularisation that costs more than it brings."""

from functools import partial

import pytest
from torch import nn
from torch.nn import functional as F

from recipe_steps.learning_curves import LearningCurves
from recipe_steps.learning_curves.regularization import (
    regularization_too_strong,
    smoothing_of,
    unsmoothed,
)
from rule_cases import NAN, case, check, straight


def strong(score, **more):
    """Dropout of nine tenths, and a branch without it that scores this."""
    return {
        "train_loss": straight(2.3, 2.0), "dropout": 0.9, "score": 0.3, "items": 400,
        "chance": 0.1, "branch": "regularization-too-strong", "branch_score": score, **more,
    }  # fmt: skip


REGULARIZATION = [
    case(regularization_too_strong, "warn", "reaches 0.9 instead of 0.3", **strong(0.9)),
    case(regularization_too_strong, "warn", **strong(0.324)),
    case(regularization_too_strong, None, **strong(0.322)),  # one standard error: 0.023
    case(regularization_too_strong, "warn", **strong(0.9, dropout=0.3)),
    case(regularization_too_strong, None, **strong(0.9, dropout=0.29)),
    case(regularization_too_strong, "warn", **strong(0.9, dropout=0, decay=0, optimizer="sgd",
                                                     weight_decay=0.0051)),
    case(regularization_too_strong, None, **strong(0.9, dropout=0, optimizer="sgd",
                                                   weight_decay=0.0049)),
    case(regularization_too_strong, "warn", **strong(0.9, dropout=0, smoothing=0.5)),
    case(regularization_too_strong, None, **strong(0.9, dropout=0, smoothing=0.49)),
    case(regularization_too_strong, None, **strong(0.9, train_loss=straight(2.3, 1.1))),
    case(regularization_too_strong, None, **strong(NAN)),
    case(regularization_too_strong, None, **strong(0.9, branch="needs-lr-decay")),
    case(regularization_too_strong, None, train_loss=straight(2.3, 2.0), dropout=0.9),
]  # fmt: skip


@pytest.mark.parametrize("given", REGULARIZATION, ids=str)
def test_rule(given):
    check(LearningCurves(), given)


class Smooth(nn.Module):
    """A loss of one's own."""

    label_smoothing = "a little"


@pytest.mark.parametrize(
    ("loss", "smoothing"),
    [
        (None, 0.0),
        (F.cross_entropy, 0.0),
        (nn.CrossEntropyLoss(label_smoothing=0.7), 0.7),
        (partial(F.cross_entropy, label_smoothing=0.7), 0.7),
        (partial(F.cross_entropy, reduction="sum"), 0.0),
        (Smooth(), 0.0),
    ],
    ids=["none", "function", "module", "bound", "bound otherwise", "own"],
)
def test_the_smoothing_of_a_loss_is_read_and_taken_out_of_a_copy(loss, smoothing):
    assert smoothing_of(loss) == smoothing
    assert smoothing_of(unsmoothed(loss)) == 0
    assert smoothing_of(loss) == smoothing
