"""Images: classes, pixels, boxes."""

import timm
import torch
import torch.nn.functional as F
import torchvision
from made_up import CLASSES, Listed, images, masks, source
from torch import nn

from recipe import Experiment

TRAINED = {"optimizer": "adamw", "lr": 1e-3, "batch_size": 16, "epochs": 3}


def timm_resnet():
    return Experiment(
        model=lambda: timm.create_model("resnet10t", num_classes=CLASSES), train=images(), **TRAINED
    )  # fmt: skip


def timm_resnet_softmax():
    def make():
        return nn.Sequential(timm.create_model("resnet10t", num_classes=CLASSES), nn.Softmax(1))

    return Experiment(model=make, train=images(), **TRAINED)


class UNet(nn.Module):
    """Two levels, with the upper one handed on."""

    def __init__(self, outputs=3, *, softmax=False):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU())
        self.middle = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU())
        self.up = nn.ConvTranspose2d(32, 16, 2, 2)
        self.head, self.softmax = nn.Conv2d(32, outputs, 1), softmax

    def forward(self, x):
        fine = self.down(x)
        outputs = self.head(torch.cat([fine, self.up(self.middle(fine))], 1))
        return outputs.softmax(1) if self.softmax else outputs


def unet():
    return Experiment(model=UNet, train=masks(), task="segmentation", **TRAINED)


def unet_softmax():
    return Experiment(
        model=lambda: UNet(softmax=True), train=masks(), task="segmentation", **TRAINED
    )  # fmt: skip


def unet_targets_from_one():
    x, y = masks()
    return Experiment(model=UNet, train=(x, y + 1), task="segmentation", **TRAINED)


def fcn():
    return torchvision.models.segmentation.fcn_resnet50(
        weights=None, weights_backbone=None, num_classes=3, aux_loss=True
    )


def with_aux(outputs, y):
    loss = F.cross_entropy(outputs["out"], y)
    return loss + 0.5 * F.cross_entropy(outputs["aux"], y) if "aux" in outputs else loss


def fcn_with_aux():
    return Experiment(
        model=fcn, train=masks(24, 32), loss=with_aux, task="segmentation",
        **TRAINED | {"batch_size": 8},
    )  # fmt: skip


class SoftFcn(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = fcn()

    def forward(self, x):
        return {name: part.softmax(1) for name, part in self.inner(x).items()}


def fcn_softmax():
    return Experiment(
        model=SoftFcn, train=masks(24, 32), task="segmentation", **TRAINED | {"batch_size": 8}
    )  # fmt: skip


def boxes(count=24, seed=0):
    """Images of several sizes with a bright square each, and its box."""
    g = source(seed)
    found = []
    for _ in range(count):
        height, width = (int(torch.randint(48, 72, (1,), generator=g)) for _ in range(2))
        image = 0.1 * torch.rand(3, height, width, generator=g)
        top, left = (int(torch.randint(0, 20, (1,), generator=g)) for _ in range(2))
        image[:, top : top + 24, left : left + 24] = 1.0
        box = torch.tensor([[left, top, left + 24, top + 24]], dtype=torch.float32)
        found.append((image, {"boxes": box, "labels": torch.tensor([1])}))
    return Listed(found)


def detector():
    backbone = nn.Sequential(
        nn.Conv2d(3, 16, 3, 4, 1), nn.ReLU(), nn.Conv2d(16, 16, 3, 2, 1), nn.ReLU()
    )
    backbone.out_channels = 16
    sizes = torchvision.models.detection.rpn.AnchorGenerator(((16, 24, 32),), ((1.0,),))
    pool = torchvision.ops.MultiScaleRoIAlign(["0"], 5, 2)
    return torchvision.models.detection.FasterRCNN(
        backbone, 2, min_size=64, max_size=64, rpn_anchor_generator=sizes, box_roi_pool=pool
    )


def faster_rcnn():
    return Experiment(
        model=detector, train=boxes(), task="detection", **TRAINED | {"batch_size": 4}
    )  # fmt: skip


def faster_rcnn_frozen():
    def frozen():
        model = detector()
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        return model

    return Experiment(
        model=frozen, train=boxes(), task="detection", **TRAINED | {"batch_size": 4}
    )  # fmt: skip


def googlenet():
    return Experiment(
        model=lambda: torchvision.models.googlenet(
            weights=None, num_classes=CLASSES, aux_logits=True, init_weights=False
        ),
        train=images(48, 64), loss=lambda o, y: sum(
            w * F.cross_entropy(part, y)
            for w, part in zip((1, 0.3, 0.3), o if isinstance(o, tuple) else (o,), strict=False)
        ),
        **TRAINED,
    )  # fmt: skip


def paths_beside():
    x, y = images(120)
    items = [{"image": x[i], "label": int(y[i]), "path": f"{i}.png"} for i in range(len(x))]

    def make():
        return nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(CLASSES))

    return Experiment(model=make, train=Listed(items), **TRAINED)


def paths_beside_shifted():
    from dataclasses import replace

    sound = paths_beside()
    items = [{**item, "label": item["label"] + 1} for item in sound.train.items]
    return replace(sound, train=Listed(items))


def googlenet_frozen():
    from dataclasses import replace

    sound = googlenet()

    def frozen():
        model = sound.model()
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        return model

    return replace(sound, model=frozen)
