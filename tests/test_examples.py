"""The examples load, start at the expected loss, and say what they miss."""

import shutil
import sys
from pathlib import Path

import pytest
import torch

import recipe
from recipe.core.errors import UsageError
from recipe.sources.targets import load_target

EXAMPLES = Path(__file__).parents[1] / "examples"
NEEDS = {
    "adult": ("ADULT_CSV", "tables/adult.csv"),
    "autompg": ("AUTOMPG_CSV", "tables/autompg.csv"),
    "cifar10": ("CIFAR10", "cifar10"),
    "cifar10_resnet18": ("CIFAR10", "cifar10"),
}
PER_CLASS = 4


@pytest.fixture(autouse=True)
def _imports_undone(monkeypatch):
    """Examples import each other by name: nothing of one test stays for the next."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in {path.stem for path in EXAMPLES.glob("*.py")} - before:
        sys.modules.pop(name, None)


def load(name):
    return load_target(str(EXAMPLES / f"{name}.py"))


@pytest.fixture(scope="session")
def few_images(data_dir, tmp_path_factory):
    """A few CIFAR-10 images per class, no image in two splits."""
    source = data_dir / "cifar10"
    if not source.is_dir():
        pytest.skip(f"no {source}")
    folder = tmp_path_factory.mktemp("cifar10")
    for split in ("train", "val", "test"):
        for kind in sorted((source / split).iterdir()):
            (folder / split / kind.name).mkdir(parents=True)
            for path in sorted(kind.iterdir())[:PER_CLASS]:
                shutil.copy(path, folder / split / kind.name)
    return folder


@pytest.fixture
def have_data(request, monkeypatch):
    """A function that points an example at its data, or skips the test."""

    def point(name):
        if name not in NEEDS:
            return
        variable, place = NEEDS[name]
        if place == "cifar10":
            path = request.getfixturevalue("few_images")
        else:
            path = request.getfixturevalue("data_dir") / place
            if not path.exists():
                pytest.skip(f"no {path}")
        monkeypatch.setenv(variable, str(path))

    return point


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.py")))
def test_example_starts_at_the_expected_loss(name, have_data, tmp_path):
    have_data(name)
    result = recipe.run(load(name), until="initial_loss", out=tmp_path, device="cpu")
    assert result.verdict != "fail"
    step = next(step for step in result.steps if step.name == "initial_loss")
    loss, expected = step.evidence.scalars["loss"], step.evidence.scalars["expected"]
    assert loss == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_missing_data_names_the_variable(name, monkeypatch, tmp_path):
    variable, _ = NEEDS[name]
    monkeypatch.setenv(variable, str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match=f"set the environment variable {variable} to"):
        load(name)


def test_adult_repeats_no_row_across_the_split(have_data):
    have_data("adult")
    experiment = load("adult")
    train, val = ({row.tobytes() for row in part[0]} for part in (experiment.train, experiment.val))
    assert not train & val


@pytest.fixture
def cifar10(few_images, monkeypatch):
    monkeypatch.setenv("CIFAR10", str(few_images))
    load("cifar10")
    return sys.modules["cifar10"]


def moved(image, *, flip, down, right):
    """One image, pixel by pixel: what lies outside of it is zero."""
    _, height, width = image.shape
    out = torch.zeros_like(image)
    for i in range(height):
        for j in range(width):
            row, column = i + down, (width - 1 - j if flip else j) + right
            if 0 <= row < height and 0 <= column < width:
                out[:, i, j] = image[:, row, column]
    return out


def test_augmentation_is_a_flip_and_a_shift_per_image(cifar10):
    torch.manual_seed(0)
    x = torch.randn(12, 3, 8, 10)
    found = cifar10.augment(x)
    reach = range(-cifar10.PADDING, cifar10.PADDING + 1)
    for image, result in zip(x, found, strict=True):
        assert any(
            torch.equal(result, moved(image, flip=flip, down=down, right=right))
            for flip in (False, True)
            for down in reach
            for right in reach
        )


def test_augmentation_draws_for_every_image(cifar10):
    """All 9 x 9 shifts appear with and without a flip, in one batch of copies."""
    torch.manual_seed(0)
    image = torch.arange(3.0 * 32 * 32).reshape(3, 32, 32)
    pairs = cifar10.augment(image.expand(4000, -1, -1, -1))[:, 0, 16, 16:18]
    assert len(pairs.unique(dim=0)) == 2 * (2 * cifar10.PADDING + 1) ** 2
    flipped = (pairs[:, 1] < pairs[:, 0]).float().mean().item()
    assert flipped == pytest.approx(0.5, abs=0.05)


def test_augmentation_keeps_its_input_and_the_memory_order(cifar10):
    x = torch.randn(4, 3, 32, 32)
    before = x.clone()
    assert cifar10.augment(x).is_contiguous()
    assert torch.equal(x, before)
