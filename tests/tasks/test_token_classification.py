import math
import random

import pytest
import torch
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities
from torch import nn
from torch.nn import functional as F

from recipe import Experiment, UsageError
from recipe.tasks import TokenClassification
from recipe.tasks.metrics import NamedMetric
from recipe.tasks.token_classification import entities

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-PER", "S-LOC"]
TASK = TokenClassification(NAMES)
SOURCE = torch.Generator().manual_seed(0)
TARGETS = torch.randint(0, len(NAMES), (20, 9), generator=SOURCE)
OUTPUTS = torch.randn(20, 9, len(NAMES), generator=SOURCE) + 2 * F.one_hot(TARGETS, len(NAMES))
PADDED = TARGETS.where(torch.arange(9) < torch.randint(1, 10, (20, 1), generator=SOURCE), -100)


def test_tokens_that_are_ignored_do_not_count():
    kept = PADDED >= 0
    right = (OUTPUTS.argmax(-1) == PADDED)[kept].float().mean().item()
    assert TASK.score(TASK.sums(OUTPUTS, PADDED)) == pytest.approx(right)
    expected = F.cross_entropy(OUTPUTS[kept], PADDED[kept])
    torch.testing.assert_close(TASK.loss(OUTPUTS, PADDED), expected)
    assert TASK.chance_score(PADDED) == PADDED[kept].bincount().max().item() / int(kept.sum())
    assert TASK.perfect_score(OUTPUTS, PADDED) == 1


def test_a_fresh_model_starts_at_log_c():
    n = TASK.n_outputs(OUTPUTS)
    assert n == len(NAMES)
    loss = TASK.loss(torch.zeros_like(OUTPUTS), PADDED).item()
    assert loss == pytest.approx(TASK.expected_initial_loss(PADDED, n)) == math.log(n)


def test_classes_are_last_also_of_as_many_tokens():
    square = torch.randn(4, 7, 7, generator=SOURCE)
    assert TASK.class_axis(square, TARGETS[:4, :7]) == 2
    assert TASK.shape_problem(OUTPUTS, TARGETS) is None
    plain = TokenClassification()
    assert "expected [20, 9, 'classes']" in plain.shape_problem(OUTPUTS.movedim(1, 2), TARGETS)
    assert TASK.shape_problem(OUTPUTS[..., :5], TARGETS) == "5 outputs per token against 7 labels"


@pytest.mark.parametrize("seed", range(40))
def test_entities_are_those_of_seqeval(seed):
    drawn = random.Random(seed)
    tags = drawn.choices([*NAMES, "B", "I", "B-A-B", "I-A-B"], k=drawn.randint(0, 25))
    assert list(entities(tags)) == get_entities(tags)


def test_entity_f1_is_that_of_seqeval():
    true, said = (
        [
            [NAMES[tag] for tag in row[kept >= 0].tolist()]
            for row, kept in zip(tags, PADDED, strict=True)
        ]
        for tags in (PADDED, OUTPUTS.argmax(-1))
    )
    made = NamedMetric("entity_f1", TASK)
    assert made(OUTPUTS, PADDED) == pytest.approx(f1_score(true, said))
    running = made.running()
    for part in zip(OUTPUTS.split([3, 17]), PADDED.split([3, 17]), strict=True):
        running.add(*part)
    assert running.score() == pytest.approx(f1_score(true, said))
    right = F.one_hot(TARGETS, len(NAMES)).float()
    assert made(right, TARGETS) == 1


def test_no_entity_at_all_scores_zero_as_in_seqeval():
    outside = torch.zeros(2, 3, dtype=torch.long)
    assert NamedMetric("entity_f1", TASK)(F.one_hot(outside, len(NAMES)).float(), outside) == 0


def test_entities_need_the_names_of_labels():
    with pytest.raises(UsageError, match="'entity_f1' needs the names of the labels: pass task="):
        Experiment(model=nn.Identity, train=None, task="token_classification", metric="entity_f1")
    made = Experiment(model=nn.Identity, train=None, task=TASK, metric="entity_f1")
    assert made.metric_name == "entity_f1"


@pytest.mark.parametrize("label", ["PER", "", "b-PER", "OUT", "BPER"])
def test_labels_are_tags(label):
    with pytest.raises(UsageError, match=f"has the label '{label}'"):
        TokenClassification(["O", label])
