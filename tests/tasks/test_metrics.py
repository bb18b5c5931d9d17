"""Metrics by name against scikit-learn, SciPy and slow loops, in batches of odd sizes."""

import copy
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn import metrics as sk
from torch import nn
from torch.nn import functional as F

from recipe import Experiment, UsageError
from recipe.tasks import TASKS, Forecasting
from recipe.tasks.metrics import ALIASES, LOWER, NAMES, NamedMetric, canonical, of_task
from recipe.training.evaluation import loss_and_score

SOURCE = torch.Generator().manual_seed(0)
SIZES = [1, 40, 7, 52]
N = sum(SIZES)
CLASSES = torch.randint(0, 4, (N,), generator=SOURCE)
SCORES = torch.randn(N, 5, generator=SOURCE) + 1.5 * F.one_hot(CLASSES, 5)  # class 4 never occurs
SAID, SHARES = SCORES.argmax(1), SCORES.softmax(1)
YES = torch.randint(0, 2, (N,), generator=SOURCE)
LOGITS = torch.randn(N, 1, generator=SOURCE) + YES[:, None] - 0.3
LABELS = torch.randint(0, 2, (N, 3), generator=SOURCE).float()
SEVERAL = torch.randn(N, 3, generator=SOURCE) + LABELS
REAL = torch.randn(N, 3, generator=SOURCE) * torch.tensor([1.0, 5.0, 20.0]) + 100
GUESSED = REAL + torch.randn(N, 3, generator=SOURCE) * torch.tensor([1.0, 2.0, 9.0])


def aucs():
    """Of the classes that occur, each against the others."""
    return [sk.roc_auc_score(c == CLASSES, SHARES[:, c]) for c in range(4)]


def precisions():
    return [sk.average_precision_score(c == CLASSES, SHARES[:, c]) for c in range(4)]


def columns(function, *args, **given):
    return np.mean([function(REAL[:, c], GUESSED[:, c], *args, **given)[0] for c in range(3)])


def f1(true, said, average):
    return sk.f1_score(true, said, average=average)


CASES = {
    "classification": (SCORES, CLASSES, {
        "balanced_accuracy": lambda: np.mean([(SAID[c == CLASSES] == c).float().mean() for c in range(4)]),
        "f1": lambda: f1(CLASSES, SAID, "macro"),
        "f1_macro": lambda: f1(CLASSES, SAID, "macro"),
        "f1_micro": lambda: (SAID == CLASSES).float().mean(),
        "f1_weighted": lambda: f1(CLASSES, SAID, "weighted"),
        "precision": lambda: sk.precision_score(CLASSES, SAID, average="macro", zero_division=0),
        "recall": lambda: sk.recall_score(CLASSES, SAID, average="macro", zero_division=0),
        "auroc": lambda: np.mean(aucs()),
        "map": lambda: np.mean(precisions()),
        "mcc": lambda: sk.matthews_corrcoef(CLASSES, SAID),
        "cohen_kappa": lambda: sk.cohen_kappa_score(CLASSES, SAID),
        "top5_accuracy": lambda: 1.0,
        "mean_iou": lambda: sk.jaccard_score(CLASSES, SAID, average="macro"),
        "perplexity": lambda: math.exp(F.cross_entropy(SCORES, CLASSES)),
    }),
    "binary": (LOGITS, YES, {
        "balanced_accuracy": lambda: sk.balanced_accuracy_score(YES, LOGITS[:, 0] > 0),
        "f1": lambda: sk.f1_score(YES, LOGITS[:, 0] > 0),
        "f1_macro": lambda: f1(YES, LOGITS[:, 0] > 0, "macro"),
        "precision": lambda: sk.precision_score(YES, LOGITS[:, 0] > 0),
        "recall": lambda: sk.recall_score(YES, LOGITS[:, 0] > 0),
        "auroc": lambda: sk.roc_auc_score(YES, LOGITS[:, 0]),
        "average_precision": lambda: sk.average_precision_score(YES, LOGITS[:, 0]),
        "matthews": lambda: sk.matthews_corrcoef(YES, LOGITS[:, 0] > 0),
        "cohen_kappa": lambda: sk.cohen_kappa_score(YES, LOGITS[:, 0] > 0),
    }),
    "multilabel": (SEVERAL, LABELS, {
        "accuracy": lambda: ((SEVERAL > 0) == (LABELS > 0)).float().mean(),
        "f1_macro": lambda: f1(LABELS, SEVERAL > 0, "macro"),
        "f1_micro": lambda: f1(LABELS, SEVERAL > 0, "micro"),
        "precision": lambda: sk.precision_score(LABELS, SEVERAL > 0, average="micro"),
        "auroc": lambda: sk.roc_auc_score(LABELS, SEVERAL, average="macro"),
        "average_precision": lambda: sk.average_precision_score(LABELS, SEVERAL, average="macro"),
    }),
    "regression": (GUESSED, REAL, {
        "mae": lambda: -(GUESSED - REAL).abs().mean(),
        "mse": lambda: -(GUESSED - REAL).square().mean(),
        "rmse": lambda: -math.sqrt((GUESSED - REAL).square().mean()),
        "mape": lambda: -sk.mean_absolute_percentage_error(REAL, GUESSED),
        "explained_variance": lambda: sk.explained_variance_score(
            REAL, GUESSED, multioutput="variance_weighted"),
        "pearson": lambda: columns(stats.pearsonr),
        "spearman": lambda: columns(stats.spearmanr),
    }),
}  # fmt: skip


def scored(task, metric, outputs, targets, sizes=SIZES, **given):
    experiment = Experiment(model=nn.Identity, train=None, task=task, metric=metric, **given)
    parts = zip(outputs.split(sizes), targets.split(sizes), strict=True)
    return loss_and_score(experiment, parts)[1]


@pytest.mark.parametrize(
    ("task", "name"), [(task, name) for task, (*_, cases) in CASES.items() for name in cases]
)
def test_a_metric_is_what_others_compute(task, name):
    outputs, targets, cases = CASES[task]
    expected = float(cases[name]())
    if name == "perplexity":
        expected = -expected
    assert scored(task, name, outputs, targets) == pytest.approx(expected, rel=1e-5)
    metric = NamedMetric(canonical(name), TASKS[task])
    assert metric(outputs, targets) == pytest.approx(expected, rel=1e-5)


def test_the_tasks_own_score_by_name_is_the_tasks():
    for task, (outputs, targets, _) in CASES.items():
        own = TASKS[task]
        made = Experiment(model=nn.Identity, train=None, task=task, metric=own.metric)
        assert made.metric is None
        assert made.metric_function is None
        assert made.metric_name == own.metric
        by_torchmetrics = NamedMetric(own.metric, own)(outputs, targets)
        assert by_torchmetrics == pytest.approx(own.score(own.sums(outputs, targets)))


@pytest.mark.parametrize("task", ["segmentation", "token_classification"])
def test_ignored_labels_are_left_out(task):
    outputs = torch.randn(6, 4, 5, 5, generator=SOURCE)
    targets = torch.randint(0, 4, (6, 5, 5), generator=SOURCE)
    targets[:, :2] = -100
    if task == "token_classification":
        outputs, targets = outputs.movedim(1, -1).flatten(1, 2), targets.flatten(1)
    rows = (outputs if outputs.ndim == 3 else outputs.movedim(1, -1)).reshape(-1, 4)
    kept = targets.flatten() >= 0
    true, said = targets.flatten()[kept], rows[kept].argmax(1)
    assert scored(task, "f1_macro", outputs, targets, [1, 5]) == pytest.approx(
        f1(true, said, "macro")
    )
    found = scored(task, "perplexity", outputs, targets, [1, 5])
    assert found == pytest.approx(-math.exp(F.cross_entropy(rows[kept], true)), rel=1e-5)
    found = scored(task, "auroc", outputs, targets, [1, 5])
    expected = sk.roc_auc_score(true, rows[kept].softmax(1), multi_class="ovr")
    assert found == pytest.approx(expected, rel=1e-5)


def test_an_ignore_index_of_the_loss_counts_for_metrics_too():
    targets = CLASSES.where(CLASSES > 0, 255)
    kept = targets != 255
    found = scored(
        "classification", "f1_macro", SCORES, targets, loss=nn.CrossEntropyLoss(ignore_index=255)
    )
    assert found == pytest.approx(f1(CLASSES[kept], SAID[kept], "macro"))


def test_probabilities_are_taken_as_they_are():
    def loss(outputs, targets):
        return F.nll_loss(outputs.log(), targets)

    found = scored("classification", "perplexity", SHARES, CLASSES, loss=loss)
    assert found == pytest.approx(-math.exp(F.cross_entropy(SCORES, CLASSES)), rel=1e-5)
    found = scored("binary", "f1", LOGITS[:, 0].sigmoid(), YES.float(), loss=nn.BCELoss())
    assert found == pytest.approx(sk.f1_score(YES, LOGITS[:, 0] > 0))


def test_large_logits_keep_their_order():
    outputs = torch.tensor([[20.0], [21.0], [22.0], [23.0]])
    targets = torch.tensor([0, 1, 0, 1])
    assert scored("binary", "auroc", outputs, targets, [4]) == 0.75  # a sigmoid of float32 says 1


def test_where_nothing_can_be_ranked_there_is_no_score():
    assert math.isnan(scored("binary", "auroc", LOGITS, torch.ones(N)))
    assert math.isnan(loss_and_score(
        Experiment(model=nn.Identity, train=None, metric="auroc"), [])[1])  # fmt: skip
    assert math.isnan(NamedMetric("mase", Forecasting()).running().score())


def test_perplexity_stays_finite_where_float32_has_no_probability():
    outputs = torch.tensor([[0.0, 300.0], [0.0, 0.0]])
    targets = torch.tensor([0, 0])
    expected = -math.exp((300 + math.log(2)) / 2)
    assert scored("classification", "perplexity", outputs, targets, [2]) == pytest.approx(expected)


@pytest.mark.parametrize("name", [*LOWER, *(f"minus_{name}" for name in LOWER)])
def test_a_name_says_that_less_is_better(name):
    task = {"perplexity": "language_model", "minus_perplexity": "language_model"}
    made = Experiment(
        model=nn.Identity, train=None, task=task.get(name, "forecasting"), metric=name
    )
    assert made.metric_name == f"minus_{name.removeprefix('minus_')}"
    assert made.metric_function.__name__ == made.metric_name


def test_names_of_other_tasks_and_unknown_ones():
    with pytest.raises(UsageError, match=r"Unknown metric 'f1_makro': did you mean 'f1_macro'\?"):
        Experiment(model=nn.Identity, train=None, metric="f1_makro")
    with pytest.raises(
        UsageError, match=r"'mae' is not defined for classification: pass one of ac"
    ):
        Experiment(model=nn.Identity, train=None, metric="mae")
    with pytest.raises(
        UsageError, match="is not defined for regression under this loss: pass a fu"
    ):
        Experiment(model=nn.Identity, train=None, task="regression", metric="mae",
                   loss=lambda o, y: (o.exp() - y * o).mean())  # fmt: skip
    for alias, name in ALIASES.items():
        assert canonical(alias) == name
        assert name in NAMES


@pytest.mark.parametrize("task", TASKS)
def test_every_metric_of_a_task_can_be_made(task):
    for name in of_task(TASKS[task]):
        if name != "entity_f1":
            Experiment(model=nn.Identity, train=None, task=task, metric=name)


def test_a_metric_can_be_copied_and_sent():
    for metric in (NamedMetric("f1_macro", TASKS["classification"]),
                   NamedMetric("perplexity", TASKS["language_model"])):  # fmt: skip
        sent = pickle.loads(pickle.dumps(metric))  # noqa: S301 - our own
        assert copy.deepcopy(metric).__name__ == sent.__name__ == metric.__name__
    copied = copy.deepcopy(NamedMetric("f1_macro", TASKS["classification"]))
    assert copied(SCORES, CLASSES) == pytest.approx(f1(CLASSES, SAID, "macro"))


def test_sums_alone_are_kept_of_most():
    running = NamedMetric("f1_macro", TASKS["classification"]).running()
    for _ in range(3):
        running.add(SCORES, CLASSES)
    held = running._meter
    size = sum(v.numel() for v in vars(held).values() if isinstance(v, torch.Tensor))
    assert size < 100


def test_torchmetrics_is_loaded_when_a_metric_by_name_is_used():
    code = ("import sys; from recipe import Experiment; Experiment(model=print, train=None, "
            "metric='f1_macro'); assert 'torchmetrics' not in sys.modules")  # fmt: skip
    subprocess.run([sys.executable, "-c", code], check=True)
