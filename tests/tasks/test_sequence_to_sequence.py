import math

import pytest
import torch
from torch.nn import functional as F

from recipe.tasks import LanguageModel, SequenceToSequence
from recipe.tasks.metrics import NamedMetric

TASK = SequenceToSequence()
SOURCE = torch.Generator().manual_seed(0)
OUTPUTS = torch.randn(8, 5, 11, generator=SOURCE)
TARGETS = torch.randint(0, 11, (8, 5), generator=SOURCE)
TARGETS[:, 3:] = -100
INPUTS = torch.zeros(8, 9, dtype=torch.long)  # of another length, and all the same


def test_tokens_behind_the_end_do_not_count():
    rows, kept = OUTPUTS[:, :3].flatten(0, 1), TARGETS[:, :3].flatten()
    torch.testing.assert_close(TASK.loss(OUTPUTS, TARGETS), F.cross_entropy(rows, kept))
    right = (rows.argmax(1) == kept).float().mean().item()
    assert TASK.score(TASK.sums(OUTPUTS, TARGETS)) == pytest.approx(right)


def test_what_is_perfect_does_not_hang_on_a_common_beginning():
    assert TASK.perfect_score(INPUTS, TARGETS) == 1


def test_a_fresh_model_starts_at_the_log_of_the_vocabulary():
    loss = TASK.loss(torch.zeros_like(OUTPUTS), TARGETS).item()
    assert loss == pytest.approx(TASK.expected_initial_loss(TARGETS, TASK.n_outputs(OUTPUTS)))
    assert loss == pytest.approx(math.log(11))


@pytest.mark.parametrize("task", [TASK, LanguageModel()])
def test_perplexity_by_name(task):
    expected = -math.exp(task.loss(OUTPUTS, TARGETS).item())
    metric = NamedMetric("perplexity", task)
    assert metric(OUTPUTS, TARGETS) == pytest.approx(expected, rel=1e-5)
    running = metric.running()
    for part in zip(OUTPUTS.split([1, 7]), TARGETS.split([1, 7]), strict=True):
        running.add(*part)
    assert running.score() == pytest.approx(expected, rel=1e-5)
    assert metric.__name__ == "minus_perplexity"


def test_the_vocabulary_is_last():
    assert TASK.shape_problem(OUTPUTS, TARGETS) is None
    assert "expected [8, 5, 'vocabulary']" in TASK.shape_problem(OUTPUTS.movedim(1, 2), TARGETS)
