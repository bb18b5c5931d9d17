"""Batches in parts: the same losses as whole, to 1e-6, and a memory that runs out on the way."""

import gc

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.data.datasets import Splits, TensorData
from recipe.machine.out_of_memory import told_of_parts
from recipe.training.loop import Training
from recipe.training.preparation import prepare

CPU = torch.device("cpu")
N, CLASSES, LENGTH = 101, 4, 7


def source():
    return torch.Generator().manual_seed(3)


def labels(*shape, ignored=0.3):
    y = torch.randint(0, CLASSES, shape, generator=source())
    return y.masked_fill(torch.rand(shape, generator=source()) < ignored, -100)


X = torch.randn(N, 6, generator=source())
TOKENS = torch.randint(0, 9, (N, LENGTH), generator=source())
WEIGHT = torch.tensor([1.0, 2.0, 5.0, 0.1])


class Net(nn.Module):
    def __init__(self, outputs=CLASSES, most=None, norm=False, dropout=0.0):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(6, 16), nn.BatchNorm1d(16) if norm else nn.LayerNorm(16), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(16, outputs),
        )  # fmt: skip
        self.most, self.seen = most, []

    def forward(self, x):
        self.seen.append(len(x))
        if self.most is not None and len(x) > self.most:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return self.body(x)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(9, 8)
        self.rnn = nn.GRU(8, 8, batch_first=True)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.head(self.rnn(self.table(x))[0])


def contrastive(outputs, y):
    near = F.normalize(outputs) @ F.normalize(outputs).T
    return ((near - (y[:, None] == y[None]).float()) ** 2).mean()


def focal(outputs, y):
    each = F.cross_entropy(outputs, y, reduction="none")
    return ((1 - (-each).exp()) ** 2 * each).sum() / (y != -100).sum()


def course(accumulate, *, epochs=2, **fields):
    given = {"model": Net, "lr": 0.01, "batch_size": 32, "optimizer": "adamw", **fields}
    x, y = given.pop("data")
    experiment = Experiment(train=(x, y), accumulate=accumulate, epochs=epochs, **given).resolved()
    data = Splits(TensorData(x, y), TensorData(x, y))
    experiment, data = prepare(experiment, data)
    training = Training(experiment, data, seed=0, device=CPU)
    found = list(training.epochs())
    figures = [e.figures[name] for e in found for name in ("val_loss", "val_score", "train_score")]
    return torch.tensor([loss for e in found for loss in e.losses] + figures)


CASES = {
    "the task's": {"data": (X, labels(N))},
    "no label ignored": {"data": (X, labels(N, ignored=0))},
    "class weights": {"data": (X, labels(N)), "loss": nn.CrossEntropyLoss(WEIGHT)},
    "smoothed": {"data": (X, labels(N)), "loss": nn.CrossEntropyLoss(WEIGHT, label_smoothing=0.1)},
    "another label ignored": {"data": (X, labels(N, ignored=0)),
                              "loss": nn.CrossEntropyLoss(ignore_index=2)},
    "by its function": {"data": (X, labels(N)), "loss": F.cross_entropy},
    "an own one": {"data": (X, labels(N)), "loss": lambda o, y: F.cross_entropy(2 * o, y)},
    "focal": {"data": (X, labels(N)), "loss": focal},
    "items compared": {"data": (X, labels(N, ignored=0)), "loss": contrastive,
                       "task": "embedding"},
    "tokens": {"data": (TOKENS, labels(N, LENGTH, ignored=0.6)), "model": Tagger,
               "task": "token_classification"},
    "tokens by an own loss": {
        "data": (TOKENS, labels(N, LENGTH, ignored=0.6)), "model": Tagger,
        "task": "token_classification", "loss": lambda o, y: F.cross_entropy(o.mT, y)},
    "regression": {"data": (X, X[:, :1] * 2), "model": lambda: Net(1), "task": "regression"},
    "absolute": {"data": (X, X[:, :1] * 2), "model": lambda: Net(1), "task": "regression",
                 "loss": nn.L1Loss()},
    "broadcast by mistake": {"data": (X, X[:, 0] * 2), "model": lambda: Net(1),
                             "task": "regression", "loss": nn.MSELoss()},
    "binary": {"data": (X, (X[:, 0] > 0).float()), "model": lambda: Net(1), "task": "binary"},
    "clipped": {"data": (X, labels(N)), "clip_norm": 0.1},
    "a curvature method": {"data": (X, labels(N)),
                           "optimizer": lambda p, lr, wd: torch.optim.LBFGS(p, lr, max_iter=2)},
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", CASES)
def test_parts_add_up_to_the_whole(name):
    whole = course(1, **CASES[name])
    for parts in (2, 3, 32):
        apart = (course(parts, **CASES[name]) - whole).abs()
        assert apart.max() < 1e-6 * max(1.0, float(whole.abs().max())), (parts, apart.max())


def test_a_summed_loss_stays_a_sum():
    fields = {"data": (X, labels(N)), "loss": nn.CrossEntropyLoss(reduction="sum"), "lr": 1e-3}
    whole = course(1, **fields)
    assert torch.allclose(course(4, **fields), whole, rtol=1e-6)


class Asked(nn.Module):
    """Computes its loss itself, as the mean over the labels that count, like Hugging Face's."""

    def __init__(self):
        super().__init__()
        self.tagger = Tagger()

    def forward(self, input_ids, labels=None):
        logits = self.tagger(input_ids)
        loss = None if labels is None else F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return {"logits": logits} if loss is None else {"loss": loss, "logits": logits}


def asked_course(accumulate):
    y = labels(N, LENGTH, ignored=0.6)
    items = [{"input_ids": a, "labels": b} for a, b in zip(TOKENS, y, strict=True)]
    from recipe.data.splitting import load_splits

    experiment = Experiment(
        model=Asked, train=items, val=items[:20], loss="model", task="token_classification",
        lr=0.05, batch_size=32, epochs=2, accumulate=accumulate,
    ).resolved()  # fmt: skip
    experiment, data = prepare(experiment, load_splits(experiment, CPU, 0))
    training = Training(experiment, data, seed=0, device=CPU)
    return torch.tensor([loss for epoch in training.epochs() for loss in epoch.losses])


def test_a_loss_of_the_model_is_weighed_by_the_labels_that_count():
    whole = asked_course(1)
    assert (asked_course(4) - whole).abs().max() < 1e-6


def trained(most, accumulate, **fields):
    given = {"data": (X, labels(N)), **fields}
    x, y = given.pop("data")
    model = given.pop("model", lambda: Net(most=most))
    experiment = Experiment(
        model=model, train=(x, y), lr=0.05, batch_size=32, epochs=2, accumulate=accumulate, **given
    ).resolved()
    training = Training(
        experiment, Splits(TensorData(x, y), TensorData(x, y)), seed=0, device=CPU
    )  # fmt: skip
    return training, [loss for epoch in training.epochs() for loss in epoch.losses]


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_where_memory_runs_out_it_ends_as_with_these_parts_from_the_start(norm, dropout):
    said = []
    with told_of_parts(said.append):
        training, losses = trained(None, 1, model=lambda: Net(CLASSES, 9, norm, dropout))
    assert training.passes.parts == 4
    _, declared = trained(None, 4, model=lambda: Net(CLASSES, None, norm, dropout))
    assert losses == declared
    assert len(said) == 1
    assert said[0].startswith(
        "Memory ran out at a batch of 32: it goes through the model in 4 parts"
    )
    assert ("batch normalisation sees 8 items" in said[0]) == norm


def test_without_batch_norm_and_dropout_they_are_those_of_the_whole_batch():
    _, losses = trained(5, 1)
    _, whole = trained(None, 1)
    assert torch.allclose(torch.tensor(losses), torch.tensor(whole), atol=1e-6)


def test_where_no_part_is_small_enough_it_is_an_error():
    with pytest.raises(RuntimeError, match="out of memory"):
        trained(0, 1)
    with pytest.raises(RuntimeError, match="out of memory"):  # batch norm takes no single item
        trained(None, 1, model=lambda: Net(CLASSES, 1, norm=True))


def test_other_errors_are_not_tried_again():
    calls = []

    class Broken(Net):
        def forward(self, x):
            calls.append(len(x))
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        trained(None, 1, model=Broken)
    assert len(calls) == 1


def test_inputs_that_the_model_wrote_into_are_put_back():
    class InPlace(Net):
        def forward(self, x):
            x.mul_(2)
            return super().forward(x)

    _, losses = trained(None, 1, model=lambda: InPlace(most=8))
    _, whole = trained(None, 1, model=InPlace)
    assert torch.allclose(torch.tensor(losses), torch.tensor(whole), atol=1e-6)


def test_a_broken_off_pass_leaves_no_memory_behind():
    def graphs():
        gc.collect()
        return [id(t) for t in gc.get_objects() if isinstance(t, torch.Tensor) and t.grad_fn]

    before = graphs()  # of other tests of this process
    training, _ = trained(8, 1)
    assert not set(graphs()) - set(before)
    del training


def test_losses_by_forward_passes_alone_are_taken_in_parts_too():
    x, y = X, labels(N)
    found = []
    for most in (None, 8):
        experiment = Experiment(
            model=lambda most=most: Net(most=most), train=(x, y), lr=0.1, batch_size=32, epochs=1
        )
        training = Training(
            experiment.resolved(), Splits(TensorData(x, y), TensorData(x, y)), seed=0, device=CPU,
            rates=[0.0] * 3,
        )  # fmt: skip
        found.append(torch.tensor(training.losses(lambda _: False)))
    assert torch.allclose(*found, atol=1e-6)


def test_parts_are_a_setting_that_is_checked():
    from recipe.core.errors import UsageError

    for wrong in (0, 1.5, "two"):
        with pytest.raises(UsageError, match="accumulate"):
            Experiment(model=Net, train=(X, labels(N)), accumulate=wrong)
