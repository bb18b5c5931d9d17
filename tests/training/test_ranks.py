"""One model trained by several processes is trained like one by one of them."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rank_helper import in_ranks
from recipe import Experiment
from recipe.data.datasets import Splits, TensorData
from recipe.training.fit import Fit
from recipe.training.loop import Training

CPU = torch.device("cpu")
CLOSE = 1e-5


def cloud(n, seed=0):
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 4, generator=source)
    return TensorData(x, (x[:, :3] + 0.3 * torch.randn(n, 3, generator=source)).argmax(1))


def pictures(n, seed=0):
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 1, 8, 8, generator=source)
    return TensorData(x, (x[:, 0, :4].mean((1, 2)) > 0).long())


def mlp():
    return nn.Sequential(
        nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3)
    )


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 2),
    )  # fmt: skip


def contrast(outputs, y):
    """Compares the items of a batch with each other: no mean over items."""
    unit = F.normalize(outputs, dim=1)
    near = unit @ unit.T / 0.5
    same = (y[:, None] == y[None, :]).float()
    return -(F.log_softmax(near, 1) * same).sum() / same.sum()


WEIGHTS = torch.tensor([0.2, 1.0, 3.0])
CASES = {
    "mlp": (mlp, cloud(200), {}),
    "mlp, uneven last batch": (mlp, cloud(199), {}),
    "mlp, a last batch of two": (mlp, cloud(194), {}),
    "mlp, adamw, clipped": (mlp, cloud(200), {"optimizer": "adamw", "lr": 3e-3, "clip_norm": 0.1}),
    "mlp, in parts": (mlp, cloud(199), {"accumulate": 3}),
    "mlp, weights of classes": (mlp, cloud(199), {"loss": nn.CrossEntropyLoss(weight=WEIGHTS)}),
    "mlp, a sum": (mlp, cloud(199), {"loss": nn.CrossEntropyLoss(reduction="sum"), "lr": 1e-3}),
    "mlp, labels that do not count": (
        mlp, TensorData(cloud(199).x, cloud(199).y.where(torch.arange(199) % 3 > 0, -100)), {},
    ),
    "mlp, a loss that compares items": (mlp, cloud(199), {"loss": contrast}),
    "mlp, such a loss in parts": (mlp, cloud(199), {"loss": contrast, "accumulate": 2}),
    "mlp, LBFGS": (
        mlp, cloud(60), {"optimizer": lambda p, lr, _: torch.optim.LBFGS(p, lr, max_iter=4), "lr": 0.02},
    ),
    "cnn": (cnn, pictures(200), {}),
    "cnn, uneven last batch": (cnn, pictures(199), {}),
    "cnn, a last batch of two": (cnn, pictures(194), {}),
    "cnn, averaged": (cnn, pictures(131), {}),
}  # fmt: skip


def course(model, data, given, ranks=None, epochs=3):
    torch.manual_seed(0)
    experiment = Experiment(
        **{"model": model, "train": None, "lr": 0.05, "epochs": epochs, "batch_size": 32, **given}
    ).resolved()
    more = {} if ranks is None else {"ranks": ranks}
    training = Training(
        experiment, Splits(data, data), seed=3, device=CPU, compared_after=(2,), **more
    )
    fit = Fit(training, epochs)
    fit.advance(epochs)
    curves = {k: v for k, v in fit.curves.items() if not k.endswith("_units")}
    return fit.losses, curves, fit.best_epoch, {k: v.tolist() for k, v in fit.weights().items()}


def assert_same(found, alone, close=CLOSE):
    losses, curves, best, weights = found
    assert losses == pytest.approx(alone[0], rel=close, abs=close)
    assert best == alone[2]
    for name, values in alone[1].items():
        pairs = zip(curves[name], values, strict=True)
        assert all(a == b or a == pytest.approx(b, rel=1e-3, abs=1e-4) for a, b in pairs), (
            f"{name}: {curves[name]} {values}"
        )
    for name, values in alone[3].items():
        assert torch.allclose(torch.tensor(weights[name]), torch.tensor(values), 1e-3, 1e-4), name


QUICK = ("mlp, uneven last batch", "cnn, uneven last batch", "mlp, in parts")


def cases(*but, quick=QUICK):
    """All of them, those that are not quick marked as slow."""
    return [
        pytest.param(case, marks=() if case in quick else pytest.mark.slow)
        for case in CASES
        if case not in but
    ]


@pytest.mark.parametrize("case", cases())
def test_two_processes_train_as_one(case):
    alone = course(*CASES[case])
    found = in_ranks(lambda group: course(*CASES[case], ranks=group))
    for each in found:
        assert not isinstance(each, str), each
    # The line search of LBFGS magnifies what is lost in rounding.
    assert_same(found[0], alone, 1e-3 if "LBFGS" in case else CLOSE)
    assert found[0][0] == found[1][0], "what the processes go by is the same"
    assert found[0][3] == found[1][3]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["mlp, a last batch of two", "cnn, a last batch of two"])
def test_a_process_without_an_item_goes_along(case):
    alone = course(*CASES[case])
    found = in_ranks(lambda group: course(*CASES[case], ranks=group), world=3)
    assert not isinstance(found[2], str), found[2]
    assert_same(found[2], alone)


@pytest.mark.parametrize("case", cases("mlp, LBFGS", quick=["mlp, uneven last batch"]))
def test_a_model_in_parts_is_trained_as_a_whole_one(case):
    alone = course(*CASES[case])
    found = in_ranks(lambda group: course(*CASES[case], ranks=group), kind="fsdp")
    for each in found:
        assert not isinstance(each, str), each
    assert_same(found[0], alone)
