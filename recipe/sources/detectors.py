"""Detectors of torchvision by name, which find boxes in images."""

from functools import cache, partial
from importlib.util import find_spec
from typing import Any

from torch import nn

from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.sources.hub import Factory

USUAL_DETECTOR = "fasterrcnn_mobilenet_v3_large_320_fpn"
FIRST_CLASS = 1
"""Class 0 is the background in torchvision's detectors."""
FIXED_SIDE = ("ssd",)
"""Beginnings of names of models that scale every image to one side of their own."""


@cache
def detector_names() -> tuple[str, ...]:
    """Those that need boxes alone; the usual one at their head."""
    from torchvision import models

    found = models.list_models(module=models.detection, exclude=("mask*", "keypoint*"))
    return tuple(sorted(found, key=lambda name: name != USUAL_DETECTOR))


def check_detector(name: str) -> None:
    """Raise UsageError when there is no such detector."""
    if name not in detector_names():
        raise UsageError(unknown("model for detection", name, detector_names()))


def can_measure_map() -> bool:
    """Whether the library that computes mean average precision is installed."""
    return find_spec("faster_coco_eval") is not None


def refuse_weights() -> None:
    """Say that a detector by name begins with random weights.

    Raises:
        UsageError: always.

    """
    raise UsageError(
        "Detectors by name begin with random weights: leave out --pretrained and --weights, or "
        "write experiment.py with recipe.sources.detection_folder and a model of your own."
    )


def detector(name: str, outputs: int, size: int | None = None) -> Factory:
    """A function that returns a fresh detector.

    Args:
        name: of torchvision's model.
        outputs: number of classes, the background not counted.
        size: side of the images in pixels, where all were scaled to one; None: the model scales
            them as it does by itself.

    Raises:
        UsageError: there is no such detector.

    """
    check_detector(name)
    sides = (
        {} if size is None or name.startswith(FIXED_SIDE) else {"min_size": size, "max_size": size}
    )
    return partial(_fresh, name, {"num_classes": outputs + FIRST_CLASS, **sides})


def _fresh(name: str, options: dict[str, Any]) -> nn.Module:
    from torchvision import models

    model: nn.Module = models.get_model(name, weights=None, weights_backbone=None, **options)
    return model
