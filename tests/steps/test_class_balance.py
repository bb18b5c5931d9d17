"""Classes that count alike."""

from dataclasses import replace

import pytest
import torch
from sklearn.metrics import balanced_accuracy_score
from torch import nn
from torch.nn import functional as F

import recipe
from recipe import Experiment
from recipe.core.evidence import Evidence
from recipe.data.splitting import load_splits
from recipe.plugin.remedy import RemedyInput
from recipe_steps.learning_curves.class_balance import balanced_accuracy, mean_recall, weigh_classes
from step_samples import blob_experiment, mlp

CPU = torch.device("cpu")
BASE = blob_experiment().resolved()


def mended(experiment):
    data = load_splits(experiment, CPU, 0)
    return weigh_classes.apply(RemedyInput(experiment, data, Evidence(), CPU))


def test_each_class_has_the_same_weight_in_the_loss():
    y = torch.tensor([0] * 8 + [1] * 2 + [2] * 1)
    x = torch.randn(11, 4)
    found = mended(Experiment(model=mlp(4, 3), train=(x, y), val=(x, y), batch_size=4).resolved())
    outputs = torch.randn(11, 3)
    of_classes = [F.cross_entropy(outputs[y == c], y[y == c]) for c in range(3)]
    torch.testing.assert_close(found.loss(outputs, y), torch.stack(of_classes).mean())


def test_ignored_labels_have_no_weight():
    y = torch.tensor([0] * 8 + [1] * 2 + [255] * 5)
    x = torch.randn(15, 4)
    loss = nn.CrossEntropyLoss(ignore_index=255)
    found = mended(
        Experiment(model=mlp(4, 2), train=(x, y), val=(x, y), batch_size=4, loss=loss).resolved()
    )
    outputs = torch.randn(15, 2)
    of_classes = [F.cross_entropy(outputs[y == c], y[y == c]) for c in range(2)]
    torch.testing.assert_close(found.loss(outputs, y), torch.stack(of_classes).mean())
    assert found.metric_name == "balanced_accuracy"
    wanted = balanced_accuracy_score(y[:10], outputs[:10].argmax(1))
    assert found.metric(outputs, y) == pytest.approx(wanted)


def test_yes_and_no_have_the_same_weight_in_the_loss():
    y = torch.tensor([0.0] * 8 + [1.0] * 2)
    x = torch.randn(10, 4)
    found = mended(
        Experiment(model=mlp(4, 1), train=(x, y), val=(x, y), task="binary", batch_size=4,
                   loss=nn.BCEWithLogitsLoss()).resolved()
    )  # fmt: skip
    outputs = torch.randn(10)
    of_yes = F.binary_cross_entropy_with_logits(outputs[8:], y[8:], reduction="sum")
    of_no = F.binary_cross_entropy_with_logits(outputs[:8], y[:8], reduction="sum")
    torch.testing.assert_close(found.loss(outputs, y), (4 * of_yes + of_no) / 10)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_score_is_the_mean_recall(classes):
    y = (torch.arange(50) % 9).clamp(max=classes - 1)  # not all as often
    outputs = torch.randn(50, classes)
    wanted = balanced_accuracy_score(y, outputs.argmax(1))
    assert balanced_accuracy(outputs, y) == pytest.approx(wanted)


@pytest.mark.parametrize("shape", [(50,), (50, 1)])
def test_the_score_of_yes_or_no(shape):
    y = torch.randint(0, 2, (50,))
    outputs = torch.randn(50)
    wanted = balanced_accuracy_score(y, (outputs > 0).long())
    assert balanced_accuracy(outputs.reshape(shape), y.float()) == pytest.approx(wanted)


@pytest.mark.parametrize("shape", [(60,), (12, 5)])
def test_the_mean_recall_of_classes(shape):
    y = (torch.arange(60) % 9).clamp(max=2)
    answers = torch.randint(0, 3, (60,))
    found = mean_recall(answers.reshape(shape), y.reshape(shape))
    assert found.mean == pytest.approx(balanced_accuracy_score(y, answers))
    assert found.chance == pytest.approx(1 / len(y.unique()))


def test_labels_count_one_by_one():
    y = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    always = torch.tensor([[1.0, 0.0]]).expand(4, 2)
    found = mean_recall(always, y)  # right in three of four, and it knows nothing
    assert (found.mean, found.chance) == (0.5, 0.5)
    assert found.error == pytest.approx((2 * (0.25 / 3 + 0.25)) ** 0.5 / 4)


def test_the_mean_recall_at_chance_has_its_standard_error():
    source = torch.Generator().manual_seed(0)
    y = (torch.arange(300) < 30).long()
    seen = [mean_recall(torch.randint(0, 2, (300,), generator=source), y) for _ in range(400)]
    means = torch.tensor([s.mean for s in seen])
    assert means.mean().item() == pytest.approx(0.5, abs=0.01)
    assert means.std().item() == pytest.approx(seen[0].error, rel=0.1)


def test_what_is_left_out_is_no_class():
    y = torch.tensor([0, 1, -100])
    assert mean_recall(torch.tensor([0, 1, 0]), y).mean == 1
    nothing = mean_recall(torch.tensor([0]), torch.tensor([-100]))
    assert nothing.mean != nothing.mean


def test_a_loss_that_is_not_known_is_not_weighed():
    assert mended(replace(BASE, loss=F.cross_entropy)) is None
    assert mended(replace(BASE, loss=nn.CrossEntropyLoss(torch.ones(3)))) is None
    assert mended(replace(BASE, update=lambda *_: None)) is None


@pytest.mark.slow
def test_a_rare_class_is_found_once_it_counts(tmp_path):
    source = torch.Generator().manual_seed(0)
    y = (torch.rand(2000, generator=source) < 0.02).long()
    x = torch.randn(2000, 8, generator=source) + 0.6 * y[:, None]
    declared = Experiment(
        model=mlp(8, 2), train=(x[:1400], y[:1400]), val=(x[1400:], y[1400:]), batch_size=64,
        epochs=6, lr=0.003,
    )  # fmt: skip
    result = recipe.run(declared, out=tmp_path, device="cpu", fresh=True, exact=True)
    (found,) = [f for f in result.findings if f.rule == "predicts-majority-class"]
    assert found.remedy.metric == "val_balanced_accuracy"
    assert found.remedy.before == pytest.approx(0.5, abs=0.05)
    assert found.remedy.verified is True
    assert found.remedy.after > 0.7
