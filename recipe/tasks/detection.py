"""Objects in images: boxes with a class each, by the loss that the model computes itself."""

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from recipe.core.errors import UsageError
from recipe.tasks.base import Loss, TargetKind, Task

PREDICTIONS = "predictions"
"""Part of a detector's outputs: one dict with boxes, scores and labels for each image."""


class Detection(Task):
    """Images and targets one by one, as torchvision's detectors take them: a list of images
    [channels, height, width] of any sizes, and a dict of `boxes` [k, 4] and `labels` [k] for each.

    The loss is the model's own, and the score minus that loss; `metric="map"` is the mean average
    precision over IoU 0.5 to 0.95 that COCO asks for. What a fresh model's loss is nobody knows.
    """

    name = "detection"
    metric = "minus_loss"
    target_kind: ClassVar[TargetKind] = "real"
    takes_trees = True
    separate_items = True
    asks_model = True

    def loss(self, outputs: Any, targets: Any) -> Tensor:  # noqa: ARG002
        """None of its own: a detector computes it.

        Raises:
            UsageError: always.

        """
        raise UsageError(
            'task="detection" takes the loss of the model: its forward has to return a dict of '
            "losses for images and targets in training mode."
        )

    def sums(self, outputs: Any, targets: Any) -> Tensor:  # noqa: ARG002
        """None without the model's loss."""
        return torch.zeros(1)

    def score(self, sums: Tensor) -> float:  # noqa: ARG002
        """Not known without the model's loss."""
        return math.nan

    def expected_initial_loss(
        self,
        targets: Any,  # noqa: ARG002
        n_outputs: int,  # noqa: ARG002
        bias: Tensor | None = None,  # noqa: ARG002
    ) -> float:
        """Not known."""
        return math.nan

    def adapted(self, loss: Loss | None) -> Task:  # noqa: ARG002
        """As it is."""
        return self

    def targets_problem(self, targets: Any) -> str | None:
        """Which of boxes and labels an image lacks, or has in another shape."""
        for number, each in enumerate(targets):
            known = sorted(each) if isinstance(each, Mapping) else []
            if missing := [name for name in ("boxes", "labels") if name not in known]:
                had = f"a dict with {', '.join(known)}" if known else f"a {type(each).__name__}"
                problem = f"is {had}, without {' and '.join(missing)}"
            elif (shape := list(each["boxes"].shape)) != [len(each["labels"]), 4]:
                problem = f"has boxes {shape} for {len(each['labels'])} labels"
            else:
                continue
            return (
                f"the target of image {number} {problem}: detectors take a dict of boxes [k, 4] "
                "and labels [k] for each image, which batch=, a function from an item to "
                "(image, targets), can make"
            )
        return None

    def own_meters(self) -> Mapping[str, Callable[[], Any]]:
        """Mean average precision, by torchmetrics."""
        return {"average_precision": MeanAveragePrecision}


class MeanAveragePrecision:
    """Over batches of a detector's outputs."""

    def __init__(self) -> None:
        """Nothing is taken in yet.

        Raises:
            UsageError: what torchmetrics needs for it is not installed.

        """
        try:
            from torchmetrics.detection import MeanAveragePrecision as Meter

            self._meter: Any = Meter(backend="faster_coco_eval")
        except ImportError as error:
            raise UsageError(
                'metric="map" of detection needs faster-coco-eval: '
                "pip install 'training-recipe[detection]'."
            ) from error
        self._count = 0

    def add(self, outputs: Any, targets: Any) -> None:
        """Take in a batch."""
        found = getattr(outputs, "value", outputs).get(PREDICTIONS, [])
        wanted = getattr(targets, "value", targets)
        self._count += len(found)
        if found:
            self._meter.update(list(found), list(wanted))

    def score(self) -> float:
        """Of all batches so far; NaN when there was none."""
        if not self._count:
            return math.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return max(0.0, float(self._meter.compute()["map"]))
