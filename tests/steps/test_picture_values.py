"""Pictures that were normalised twice, and those that look alike."""

import pytest
import torch
from test_inspect_step import inspect
from torch import nn
from torch.nn import functional as F

from recipe_steps.inspect.picture_values import KNOWN, OWN, lattice, picture_values, twice

KINDS = {"ImageNet": 3, "CLIP": 3, "CIFAR-10": 3, "MNIST": 1, "one half": 3}


def pictures(channels=3, seed=0, n=60, size=12):
    """Bytes of smooth blobs, some of them black and white at their ends."""
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, channels, 4, 4, generator=draw)
    smooth = F.interpolate(coarse, size=(size, size), mode="bilinear")
    stretched = (1.6 * smooth - 0.3).clamp(0, 1)
    return (255 * stretched).round() / 255


def normalised(x, figures, times=1):
    mean, deviation = (torch.tensor(part).float().reshape(-1, 1, 1) for part in figures)
    for _ in range(times):
        x = (x - mean) / deviation
    return x


def own(x):
    return x.mean((0, 2, 3)).tolist(), x.std((0, 2, 3)).tolist()


@pytest.mark.parametrize("name", KINDS)
def test_twice_and_once(name):
    x = pictures(KINDS[name])
    assert picture_values(normalised(x, KNOWN[name])) == {}
    assert picture_values(normalised(x, KNOWN[name], 2))["normalized_twice"] == name


def test_by_the_figures_of_the_data():
    x = pictures()
    assert picture_values(normalised(x, own(x))) == {}
    assert picture_values(normalised(x, own(x), 2))["normalized_twice"] == OWN


def test_what_is_found_is_undone():
    x = normalised(pictures(), KNOWN["CIFAR-10"], 2)
    name, (mean, deviation), (low, high) = twice(x)
    assert (low, high) == (pytest.approx(x.min().item()), pytest.approx(x.max().item()))
    back = x * torch.tensor(deviation).reshape(-1, 1, 1) + torch.tensor(mean).reshape(-1, 1, 1)
    assert torch.allclose(back, normalised(pictures(), KNOWN[name]), atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: 255 * x,
        lambda x: 2 * x - 1,
        lambda x: x - x.mean(),
        lambda x: x / 255,
        lambda x: 4.2 * x,  # by another figure, once
        lambda x: normalised(x, KNOWN["ImageNet"], 3),
        lambda x: normalised(normalised(x, KNOWN["ImageNet"]), KNOWN["one half"]),  # not the same
        lambda x: (16 * x).round() / 16,  # other levels
        lambda x: x + 0.01 * torch.randn(x.shape),  # no lattice
        lambda x: (255 * x).to(torch.uint8),
        lambda x: x.flatten(1),
        torch.zeros_like,
        lambda x: x * torch.nan,
    ],
)
def test_other_pictures_are_not_told(change):
    assert picture_values(change(pictures())) == {}


def test_no_normalisation_once_is_taken_for_twice():
    """Two hundred data sets by their own figures, and by those of others."""
    for seed in range(200):
        channels = 1 if seed % 2 else 3
        x = pictures(channels, seed, n=20) * (0.3 + 0.7 * (seed % 7) / 6)
        x = (255 * x).round() / 255
        known = [f for f in KNOWN.values() if len(f[0]) in (1, channels)]
        assert picture_values(normalised(x, own(x))) == {}, seed
        assert picture_values(normalised(x, known[seed % len(known)])) == {}, seed


def test_the_lattice_of_bytes():
    values = torch.arange(256).double() / 255
    scale, origin = lattice(3 * values - 1)
    assert (scale, origin) == (pytest.approx(3), pytest.approx(-1))
    assert lattice(values.square()) is None
    assert lattice(values[:20]) is None


def network(*first):
    return lambda: nn.Sequential(*(make() for make in first), nn.Flatten(), nn.Linear(432, 16), nn.ReLU(),
                                 nn.Linear(16, 2))  # fmt: skip


def run(folder, times, *first):
    x = pictures(n=120)
    y = (x[:, 0].mean((1, 2)) > x[:, 0].mean()).long()
    data = normalised(x, KNOWN["ImageNet"], times), y
    _, found = inspect(folder, train=data, model=network(*first))
    return {name: f.severity for name, f in found.items() if name == "inputs-normalized-twice"}


def test_a_model_that_normalises_by_itself_bears_it(tmp_path):
    twice_told = "inputs-normalized-twice"
    assert run(tmp_path / "1", 2) == {twice_told: "warn"}
    assert run(tmp_path / "2", 2, lambda: nn.BatchNorm2d(3)) == {twice_told: "note"}
    assert run(tmp_path / "3", 1, lambda: nn.BatchNorm2d(3)) == {}
    assert run(tmp_path / "4", 1) == {}
