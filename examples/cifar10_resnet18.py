"""A ResNet-18 on the images of cifar10.py: check a larger model before you pay for training it.

Set CIFAR10 as cifar10.py says, then:  recipe check examples/cifar10_resnet18.py
"""

from cifar10 import augment, images  # a file beside this one
from torch import nn
from torchvision.models import resnet18

from recipe import Experiment


def model() -> nn.Module:
    return resnet18(num_classes=10)  # weights=None: from scratch


def experiment() -> Experiment:
    return Experiment(
        model=model,
        train=images("train"),
        val=images("val"),
        test=images("test"),
        optimizer="adamw",
        batch_size=128,
        epochs=16,
        augment=augment,
        name="cifar10-resnet18",
    )
