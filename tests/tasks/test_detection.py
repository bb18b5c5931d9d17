"""Detectors: images and boxes one by one, by the loss of the model."""

import math

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.data.splitting import load_splits
from recipe.data.trees import Items, Tree, natural
from recipe.tasks.detection import Detection, MeanAveragePrecision
from recipe.training.loop import Training
from recipe.training.preparation import prepare

CPU = torch.device("cpu")
BOX = {"boxes": torch.tensor([[0.0, 0.0, 4.0, 4.0]]), "labels": torch.tensor([1])}


class Squares(Dataset):
    """Images of several sizes, with one or two boxes each."""

    def __len__(self):
        return 12

    def __getitem__(self, index):
        image = torch.full((3, 8 + index % 3, 8), float(index))
        boxes = torch.tensor([[1.0, 1.0, 4.0 + index % 2, 5.0]]).repeat(1 + index % 2, 1)
        return image, {"boxes": boxes, "labels": torch.ones(len(boxes), dtype=torch.long)}


class Mean(nn.Module):
    """A detector in torchvision's manner, which says the same box of every image."""

    def __init__(self):
        super().__init__()
        self.box = nn.Parameter(torch.tensor([0.0, 0.0, 1.0, 1.0]))
        self.score = nn.Parameter(torch.zeros(()))
        self.seen = []

    def forward(self, images, targets=None):
        self.seen.append([tuple(image.shape) for image in images])
        if self.training:
            boxes = torch.cat([target["boxes"] for target in targets])
            return {"loss_box": (self.box - boxes).square().mean(), "loss_score": self.score.exp()}
        return [{"boxes": self.box[None], "scores": self.score.sigmoid()[None],
                 "labels": torch.ones(1, dtype=torch.long)} for _ in images]  # fmt: skip


def made(**given):
    found = Experiment(
        **{"model": Mean, "train": Squares(), "task": "detection", "val": 0.25, "lr": 0.05,
           "epochs": 2, "batch_size": 3, "schedule": "constant", "weight_decay": 0.0, **given}
    )  # fmt: skip
    return prepare(found, load_splits(found, CPU, 0))


def test_images_keep_their_sizes():
    _, data = made()
    x, y = next(data.train.batches(3))
    images, targets = natural(x).inputs, natural(x).targets
    assert len(x) == len(y) == 3
    assert isinstance(images, Items)
    assert all(image.shape[1] == 8 + int(image[0, 0, 0]) % 3 for image in images)
    assert [len(t["boxes"]) for t in targets] == [1 + int(i[0, 0, 0]) % 2 for i in images]


def test_a_training_is_that_of_a_plain_loop():
    found, data = made()
    training = Training(found, data, seed=0, device=CPU)
    epochs = list(training.epochs())
    box, score = torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.zeros(())
    box.requires_grad_()
    score.requires_grad_()
    optimizer = torch.optim.SGD([box, score], 0.05, momentum=0.9, nesterov=True)
    for epoch in range(2):
        from recipe.training.plan import epoch_batches

        for number, (x, _) in enumerate(epoch_batches(found, data, 0, epoch)):
            boxes = torch.cat([target["boxes"] for target in natural(x).targets])
            loss = (box - boxes).square().mean() + score.exp()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            assert epochs[epoch].losses[number] == pytest.approx(loss.item(), rel=1e-5)
    assert epochs[-1].figures["val_score"] == pytest.approx(-epochs[-1].figures["val_loss"])
    boxes = torch.cat([t["boxes"] for x, _ in data.val.eval_batches() for t in natural(x).targets])
    wanted = (box - boxes).square().mean() + score.exp()
    assert epochs[-1].figures["val_loss"] == pytest.approx(wanted.item(), rel=1e-5)


def test_what_it_knows_without_a_model():
    task = Detection()
    assert math.isnan(task.score(task.sums(None, None)))
    assert math.isnan(task.expected_initial_loss(None, 1))
    with pytest.raises(UsageError, match="takes the loss of the model"):
        task.loss(torch.zeros(1), torch.zeros(1))
    assert task.adapted(None) is task


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"labels": torch.tensor([1])}, "a dict with labels, without boxes:"),
        ({"bbox": 1}, "a dict with bbox, without boxes and labels:"),
        (torch.tensor(1), "a Tensor, without boxes and labels:"),
        ({"boxes": torch.zeros(4), "labels": torch.ones(1)}, r"has boxes [4] for 1 labels:"),
        ({"boxes": torch.zeros(2, 4), "labels": torch.ones(1)}, r"has boxes [2, 4] for 1 labels:"),
    ],
)
def test_what_is_odd_about_targets(target, words):
    problem = Detection().targets_problem([BOX, target])
    assert problem.startswith("the target of image 1 ")
    assert words in problem
    assert "batch=" in problem
    assert Detection().targets_problem([BOX, BOX]) is None


def test_mean_average_precision():
    pytest.importorskip("faster_coco_eval")
    meter = MeanAveragePrecision()
    assert math.isnan(meter.score())
    right = [BOX | {"scores": torch.tensor([0.9])}]
    wrong = [BOX | {"scores": torch.tensor([0.9]), "boxes": torch.tensor([[6.0, 6.0, 8.0, 8.0]])}]
    meter.add(Tree({"predictions": Items(right)}), Tree(Items([BOX])))
    assert meter.score() == pytest.approx(1)
    meter.add(Tree({"predictions": Items(wrong)}), Tree(Items([BOX])))
    assert 0.3 < meter.score() < 0.7
