"""A whole run of each task: no alarm where nothing is wrong, and the cause first where it is."""

from dataclasses import replace

import pytest
from torch import nn
from torch.nn import functional as F

import recipe
import task_samples
from task_samples import (
    binary_segmentation,
    embedding,
    forecasting,
    segmentation,
    sequence_to_sequence,
    token_classification,
)

BUDGET = "40epochs"


def alarms(result):
    """What was found, notes left out, in the order of the steps."""
    return [f.rule for step in result.steps for f in step.findings if f.severity != "note"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "given", "metric", "least"),
    [
        ("segmentation", {}, "mean_iou", 0.95),
        ("segmentation", {"metric": "dice", "loss": nn.CrossEntropyLoss()}, "dice", 0.95),
        ("binary_segmentation", {}, "iou", 0.95),
        ("token_classification", {}, "accuracy", 0.95),
        ("token_classification", {"metric": "entity_f1"}, "entity_f1", 0.9),
        ("sequence_to_sequence", {"metric": "perplexity"}, "minus_perplexity", -1.5),
        ("forecasting", {}, "r2", 0.9),
        ("forecasting", {"metric": "mase"}, "minus_mase", -0.7),
        ("embedding", {}, "minus_loss", -0.2),
        ("embedding", {"metric": "recall_at_10"}, "recall_at_10", 0.3),
    ],
)
def test_a_sound_experiment_raises_no_alarm(tmp_path, name, given, metric, least):
    experiment = getattr(task_samples, name)(**given)
    result = recipe.run(experiment, budget=BUDGET, out=tmp_path)
    assert result.verdict == "pass", result.diagnosis
    assert not alarms(result)
    assert result.metric == metric
    assert result.best.val_score > least


def squashed(axis):
    """An update whose loss is a cross-entropy of the softmax over this axis."""

    def update(model, optimizer, batch):
        x, y = batch
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x).softmax(axis).movedim(axis, 1), y)
        loss.backward()
        optimizer.step()
        return loss

    return update


class Cut(nn.Module):
    def forward(self, x):
        return x.detach()


def with_targets(experiment, change):
    (x, y), (a, b) = experiment.train, experiment.val
    return replace(experiment, train=(x, change(y)), val=(a, change(b)))


def from_one(y):
    return y.where(y < 0, y + 1)


def unlabelled(y):
    return y.where(y != 2, 255)


FAULTS = {
    "softmax over the classes of pixels": (
        lambda: segmentation(nn.Softmax(1)), "softmax-before-loss"),
    "softmax of pixels in the update": (
        lambda: segmentation(update=squashed(1)), "softmax-before-loss"),
    "softmax of tokens in the update": (
        lambda: token_classification(update=squashed(2)), "softmax-before-loss"),
    "pixels of 255": (lambda: with_targets(segmentation(), unlabelled), "targets-out-of-range"),
    "sigmoid of pixels": (lambda: binary_segmentation(nn.Sigmoid()), "sigmoid-before-loss"),
    "masks of 0 and 255": (
        lambda: with_targets(binary_segmentation(), lambda y: 255 * y), "targets-out-of-range"),
    "softmax over the classes of tokens": (
        lambda: token_classification(nn.Softmax(-1)), "softmax-before-loss"),
    "tags from one": (
        lambda: with_targets(token_classification(), from_one), "targets-out-of-range"),
    "softmax over the vocabulary": (
        lambda: sequence_to_sequence(nn.Softmax(-1)), "softmax-before-loss"),
    "sigmoid of a forecast": (
        lambda: forecasting(nn.Sigmoid()), "output-activation-limits-range"),
    "series in thousands": (
        lambda: with_targets(forecasting(), lambda y: 1000 * y), "targets-not-scaled"),
    "embeddings cut off": (lambda: embedding(Cut()), "parameters-without-gradient"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_the_cause_comes_first(tmp_path, name):
    make, cause = FAULTS[name]
    result = recipe.run(make(), budget=BUDGET, out=tmp_path)
    assert result.verdict == "fail"
    assert alarms(result)[0] == cause
    assert result.diagnosis[0] == cause


def test_an_embedding_without_a_loss_says_what_it_needs(tmp_path):
    with pytest.raises(recipe.UsageError, match='"embedding" has no loss of its own: pass loss='):
        recipe.run(embedding(loss=None), until="inspect", out=tmp_path)
