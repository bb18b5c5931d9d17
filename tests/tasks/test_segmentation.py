import math

import pytest
import torch
from torch import nn
from torch.func import vmap
from torch.nn import functional as F
from torchmetrics.functional.classification import multiclass_jaccard_index
from torchmetrics.functional.segmentation import dice_score

from recipe import Experiment
from recipe.tasks import TASKS, BinarySegmentation, Segmentation
from recipe.tasks.metrics import NamedMetric
from recipe.training.evaluation import loss_and_score

TASK = Segmentation()
SOURCE = torch.Generator().manual_seed(0)
C = 5
TARGETS = torch.randint(0, C - 1, (9, 6, 7), generator=SOURCE)  # the last class never occurs
OUTPUTS = torch.randn(9, C, 6, 7, generator=SOURCE) + 2 * F.one_hot(TARGETS, C).movedim(-1, 1)
UNSEEN = OUTPUTS.clone()
UNSEEN[:, -1] = -9.0  # nor is it ever said


def slow_mean_iou(outputs, targets, ignored=-100):
    pairs = [
        (s, t)
        for s, t in zip(
            outputs.argmax(1).flatten().tolist(), targets.flatten().tolist(), strict=True
        )
        if t != ignored
    ]
    ious = []
    for c in range(outputs.shape[1]):
        both = sum(s == c and t == c for s, t in pairs)
        any_of = sum(c in (s, t) for s, t in pairs)
        ious += [both / any_of] if any_of else []
    return sum(ious) / len(ious)


@pytest.mark.parametrize("outputs", [OUTPUTS, UNSEEN])
def test_the_score_is_the_mean_over_the_classes_that_occur(outputs):
    score = TASK.score(TASK.sums(outputs, TARGETS))
    assert score == pytest.approx(slow_mean_iou(outputs, TARGETS))
    assert score == pytest.approx(multiclass_jaccard_index(outputs, TARGETS, C).item())


def test_batches_add_up():
    parts = zip(OUTPUTS.split([1, 5, 3]), TARGETS.split([1, 5, 3]), strict=True)
    sums = torch.stack([TASK.sums(*part) for part in parts]).sum(0)
    assert torch.equal(sums, TASK.sums(OUTPUTS, TARGETS))
    assert TASK.score(sums) != pytest.approx(  # over all pixels of the data, not image by image
        sum(TASK.score(TASK.sums(o[None], t[None])) for o, t in zip(OUTPUTS, TARGETS, strict=True))
        / 9
    )


@pytest.mark.parametrize("ignored", [-100, 255, 0])
def test_ignored_pixels_do_not_count(ignored):
    loss = None if ignored == -100 else nn.CrossEntropyLoss(ignore_index=ignored)
    targets = TARGETS.clone()
    targets[:, :3] = ignored
    task = TASK.adapted(loss)
    score = task.score(task.sums(OUTPUTS, targets))
    assert score == pytest.approx(slow_mean_iou(OUTPUTS, targets, ignored))
    assert task.counted(targets).sum() == (targets != ignored).sum()
    made = Experiment(model=nn.Identity, train=None, task=TASK, loss=loss)
    assert loss_and_score(made, [(OUTPUTS, targets)])[1] == pytest.approx(score)


def test_masks_of_bytes_and_with_an_axis_of_one():
    for targets in (TARGETS.byte(), TARGETS[:, None]):
        assert torch.equal(TASK.sums(OUTPUTS, targets), TASK.sums(OUTPUTS, TARGETS))
        assert TASK.shape_problem(OUTPUTS, targets) is None
        assert TASK.chance_score(targets) == TASK.chance_score(TARGETS)
    assert TASK.loss(OUTPUTS, TARGETS[:, None]) == TASK.loss(OUTPUTS, TARGETS)
    # [N, 1, H, W] of one item and one row each are squeezed as little as [N, H, W]
    assert TASK.shape_problem(OUTPUTS[:, :, :1], TARGETS[:, :1]) is None


def test_where_all_are_ignored_there_is_no_score():
    nothing = torch.full_like(TARGETS, -100)
    assert math.isnan(TASK.score(TASK.sums(OUTPUTS, nothing)))
    assert TASK.chance_score(nothing) == 0


def test_chance_is_one_class_everywhere():
    best = max(
        slow_mean_iou(F.one_hot(torch.full_like(TARGETS, c), C).movedim(-1, 1), TARGETS)
        for c in range(C)
    )
    assert TASK.chance_score(TARGETS) == pytest.approx(best)
    assert TASK.perfect_score(OUTPUTS, TARGETS) == 1
    right = F.one_hot(TARGETS, C).movedim(-1, 1)
    assert TASK.score(TASK.sums(right, TARGETS)) == 1


def test_a_fresh_model_starts_at_log_c():
    assert TASK.expected_initial_loss(TARGETS, C) == math.log(C)
    assert TASK.loss(torch.zeros_like(OUTPUTS), TARGETS).item() == pytest.approx(math.log(C))
    assert TASK.n_outputs(OUTPUTS) == C


def test_an_own_loss_may_want_the_classes_last():
    def flattened(outputs, targets):
        return F.cross_entropy(outputs.flatten(0, -2), targets.flatten())

    task, last = TASK.adapted(flattened), OUTPUTS.movedim(1, -1)
    assert task.shape_problem(last, TARGETS) is None
    assert task.n_outputs(last) == C
    assert torch.equal(task.sums(last, TARGETS), TASK.sums(OUTPUTS, TARGETS))


def test_many_models_are_scored_at_once():
    several = torch.stack([OUTPUTS, UNSEEN, OUTPUTS.flip(1)])
    expected = torch.stack([TASK.sums(each, TARGETS) for each in several])
    assert torch.equal(vmap(TASK.sums, (0, None))(several, TARGETS), expected)
    losses = torch.stack([TASK.loss(each, TARGETS) for each in several])
    torch.testing.assert_close(TASK.losses(several, TARGETS), losses)


def test_dice_by_name_is_the_mean_over_the_classes_that_occur():
    said, dices = UNSEEN.argmax(1), []
    for c in range(C - 1):
        both = ((said == c) & (c == TARGETS)).sum()
        dices.append(2 * both / ((said == c).sum() + (c == TARGETS).sum()))
    found = NamedMetric("dice", TASK)(UNSEEN, TARGETS)
    assert found == pytest.approx(torch.stack(dices).mean().item())
    # torchmetrics takes it image by image; as one image it is the same.
    one = [part.movedim(0, 1).flatten(1)[None] for part in
           (F.one_hot(said, C).movedim(-1, 1), F.one_hot(TARGETS, C).movedim(-1, 1))]  # fmt: skip
    whole = dice_score(*(part[:, : C - 1] for part in one), C - 1, average="macro")
    assert found == pytest.approx(whole.item())


@pytest.mark.parametrize("shape", [(9, 1, 6, 7), (9, 6, 7)])
def test_a_mask_of_yes_and_no(shape):
    task, logits = BinarySegmentation(), OUTPUTS[:, :1].reshape(shape)
    yes, said = TARGETS == 0, logits.reshape(9, 6, 7) > 0
    iou = (said & yes).sum() / (said | yes).sum()
    for targets in (yes.long(), yes[:, None].float(), yes.byte()):
        assert task.shape_problem(logits, targets) is None
        assert task.score(task.sums(logits, targets)) == pytest.approx(iou.item())
        assert task.chance_score(targets) == pytest.approx(yes.float().mean().item())
        assert NamedMetric("iou", task)(logits, targets) == pytest.approx(iou.item())
        dice = 2 * (said & yes).sum() / (said.sum() + yes.sum())
        assert NamedMetric("dice", task)(logits, targets) == pytest.approx(dice.item())
        loss = task.loss(torch.zeros_like(logits), targets).item()
        assert loss == pytest.approx(task.expected_initial_loss(targets, 1))
    assert math.isnan(task.score(torch.zeros(3)))


def soft_dice(outputs, targets):
    shares = outputs.sigmoid()
    return 1 - 2 * (shares * targets).sum() / (shares + targets).sum()


@pytest.mark.parametrize("loss", [nn.BCEWithLogitsLoss(), soft_dice, nn.BCELoss()])
def test_one_output_under_a_logistic_loss_is_a_mask_of_yes_and_no(loss):
    task = TASK.adapted(loss)
    assert type(task) is BinarySegmentation
    assert task.threshold == (0.5 if isinstance(loss, nn.BCELoss) else 0.0)


@pytest.mark.parametrize(
    "loss", [None, nn.CrossEntropyLoss(), nn.CrossEntropyLoss(weight=torch.ones(C)), nn.NLLLoss()]
)
def test_a_loss_of_classes_is_none_of_yes_and_no(loss):
    assert type(TASK.adapted(loss)) is Segmentation


def test_one_output_without_a_loss_is_told_what_to_ask_for():
    problem = TASK.shape_problem(OUTPUTS[:, :1], TARGETS)
    assert 'task="binary_segmentation"' in problem
    assert "[9, 1, 6, 7]" in problem
    assert "class indices" in TASK.shape_problem(OUTPUTS, TARGETS[:, :2])
    assert TASKS["segmentation"].counts_by == "pixels"
    assert TASK.score_error(0.5, 100) == 0
