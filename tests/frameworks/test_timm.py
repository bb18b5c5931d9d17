"""Models of timm as experiments, by the real library."""

import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import recipe
from frameworks import own_losses, prepared, their_losses
from recipe.core.errors import UsageError
from recipe.training.schedules import schedule_rates

timm = pytest.importorskip("timm", reason="timm is not installed")
pytestmark = pytest.mark.timm
SMALL = "resnet10t"


def images(n=48, side=32, shuffled=False):
    source = torch.Generator().manual_seed(0)
    y = torch.arange(n) % 3
    x = 0.3 * torch.randn(n, 3, side, side, generator=source)
    x[torch.arange(n), y] += 1.0
    return x, (y[torch.randperm(n, generator=source)] if shuffled else y)


def test_model_and_data_fit_each_other():
    x, y = images()
    made = recipe.from_timm(SMALL, DataLoader(TensorDataset(x, y), batch_size=8), lr=0.01)
    assert (made.batch_size, made.lr, made.task) == (8, 0.01, "classification")
    network = made.model()
    assert type(network) is type(timm.create_model(SMALL))
    assert network(x[:2]).shape == (2, 3)
    assert "3 classes and images of 3 channels" in " ".join(made.notes)
    grey = recipe.from_timm(SMALL, (x[:, :1], y), classes=5)
    assert grey.model()(x[:2, :1]).shape == (2, 5)
    other = recipe.from_timm(SMALL, made, epochs=2)
    assert (other.lr, other.epochs) == (0.01, 2)


def test_a_folder_of_images_is_read_as_the_model_wants_it(tmp_path):
    for label, colour in (("blue", (0, 0, 255)), ("red", (255, 0, 0))):
        (tmp_path / label).mkdir()
        for number in range(6):
            Image.new("RGB", (40 + number, 40), colour).save(tmp_path / label / f"{number}.png")
    made = recipe.from_timm(SMALL, data=tmp_path, batch_size=4)
    _, data, _ = prepared(made)
    assert made.model()(data.train.x[:2]).shape == (2, 2)
    assert made.notes


def test_the_losses_are_those_of_a_plain_loop_with_timms_model():
    x, y = images()
    made = recipe.from_timm(
        SMALL, (x, y), lr=1e-3, weight_decay=0.01, batch_size=8, epochs=4, schedule="constant"
    )
    losses, batches = own_losses(made, 4)
    rates = schedule_rates(made.lr, "constant", 0.0, 20)[:4]
    theirs = their_losses(
        made, batches, lambda model, x, y: nn.functional.cross_entropy(model(x), y),
        lambda m: torch.optim.AdamW(m.parameters(), lr=1e-3, weight_decay=0.01), rates,
    )  # fmt: skip
    assert losses == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "data", "options", "said"),
    [
        ("resnet1O", (0, 0), {}, "did you mean 'timm:resnet"),
        (SMALL, None, {}, "needs data"),
        (SMALL, "here", {"classes": 3}, "beside data by name"),
        (SMALL, (torch.zeros(4, 2), torch.zeros(4).long()), {}, r"has the shape \[2\]"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(name, data, options, said):
    with pytest.raises(UsageError, match=said):
        recipe.from_timm(name, data, **options)


@pytest.mark.slow
def test_a_sound_model_passes_and_shuffled_labels_do_not_go_unseen(tmp_path, without_plots):
    made = recipe.from_timm(SMALL, images(96), lr=1e-3, batch_size=16, epochs=3)
    result = recipe.run(made, until="overfit_sample", out=tmp_path)
    assert result.diagnosis == ()
    assert {step.name for step in result.steps if step.status in ("fail", "error")} == set()


class Probabilities(nn.Module):
    """The fault: a softmax before the loss."""

    def __init__(self):
        super().__init__()
        self.model = timm.create_model(SMALL, num_classes=3)

    def forward(self, x):
        return self.model(x).softmax(1)


@pytest.mark.slow
def test_a_fault_is_named_first(tmp_path, recipe, without_plots):
    file = tmp_path / "user_timm.py"
    file.write_text(
        "import sys\nimport recipe\nfrom test_timm import images, Probabilities, SMALL\n"
        "experiment = recipe.from_timm(SMALL, images(96), lr=1e-3, batch_size=16, epochs=3)\n"
        "faulty = recipe.from_timm(\n"
        "    SMALL, images(96), lr=1e-3, batch_size=16, epochs=3, model=Probabilities\n)\n"
    )
    code, said, _ = recipe("check", file, "--until", "initial_loss", "--out", tmp_path / "a")
    assert code == 0, said
    code, said, _ = recipe(
        "check", f"{file}:faulty", "--until", "initial_loss", "--out", tmp_path / "b"
    )
    assert code == 1
    assert "softmax-before-loss" in said
