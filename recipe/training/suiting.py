"""Data that model or loss refuse as they are and take in another form that says the same: bytes and
whole numbers as floats, channels first, labels as whole numbers of one axis.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from recipe.data.datasets import Data, Splits, TensorData
from recipe.data.single_items import Batch
from recipe.data.trees import Values, shape_of
from recipe.experiment import Experiment
from recipe.models.building import build_model
from recipe.models.randomness import seeded
from recipe.tasks.by_loss import ByLoss, compares_values

FEW, SOME = 3, 256
"""Items on which a model is tried, and from which values are known of data read anew each time."""
BYTE, HALF_BYTE = 255.0, 127
"""What bytes are divided by, where one is beyond the lower half: others are small counts."""
CHANNELS = (1, 3, 4)
"""Of an image: grey, colours, colours and transparency."""
ROUNDED = 1e-5
CPU = torch.device("cpu")
Say = Callable[[str], None]
Axes = Literal["as they are", "channels first", "with a channel"]
NUMBERS = {
    torch.uint8: "bytes (uint8)", torch.bool: "yes or no (bool)", torch.float16: "float16",
    torch.bfloat16: "bfloat16", torch.float32: "whole numbers as float32",
}  # fmt: skip


@dataclass(frozen=True)
class InputSuit:
    """What is done to inputs before the model is given them.

    Attributes:
        dtype: of the values; None: as they are.
        divisor: of bytes.
        axes: how those of an image are changed.

    """

    dtype: torch.dtype | None = None
    divisor: float = 1.0
    axes: Axes = "as they are"

    def __call__(self, x: Values, y: Values) -> Batch:
        """A batch; see `Suit`."""
        return self.of(x), y

    def of(self, x: Values) -> Values:
        """Inputs [n, ...]."""
        if not isinstance(x, Tensor):
            return x
        if self.axes == "channels first" and x.ndim == 4:
            x = x.movedim(-1, 1).contiguous()
        if self.axes == "with a channel" and x.ndim == 3:
            x = x.unsqueeze(1)
        if self.dtype is None or x.dtype == self.dtype:
            return x
        scaled = self.divisor > 1 and x.dtype == torch.uint8
        return x.to(self.dtype) / self.divisor if scaled else x.to(self.dtype)

    def said(self, x: Tensor) -> Iterator[str]:
        """What is done to inputs like these, in sentences."""
        if self.dtype is not None:
            what = NUMBERS.get(x.dtype, str(x.dtype).removeprefix("torch."))
            wanted = str(self.dtype).removeprefix("torch.")
            how = "as floats from 0 to 1 (divided by 255)" if self.divisor > 1 else f"as {wanted}"
            yield f"Inputs are {what}, which the model refuses: it is given them {how}."
        if self.axes != "as they are":
            form = "channels last" if self.axes == "channels first" else "no axis of channels"
            told = f"Images are {list(x.shape[1:])}, {form}"
            yield f"{told}: the model is given {shape_of(replace(self, dtype=None).of(x))}."


def with_suited_inputs(model: nn.Module, data: Splits, say: Say) -> Splits:
    """Data whose inputs a fresh model takes, where it refuses them as they are."""
    sample = data.train.sample(FEW, torch.Generator().manual_seed(0)).x.cpu()
    if not isinstance(sample, Tensor) or sample.is_complex():  # no other form says the same
        return data
    if any(isinstance(s, InputSuit) for s in data.train.suits):
        return data
    model = model.eval()
    if takes(model, sample):
        return data
    suits = _suits(model, data.train, sample)
    suit = next((suit for suit in suits if takes(model, suit.of(sample))), None)
    if suit is None:
        return data
    for sentence in suit.said(sample):
        say(sentence)
    return replace(data, train=data.train.suited(suit), val=data.val.suited(suit))


def takes(model: nn.Module, x: Values) -> bool:
    """Whether a model in evaluation mode takes a batch."""
    with suppress(Exception), torch.no_grad(), seeded(0, CPU):
        model(x.clone())
        return True
    return False


def _suits(model: nn.Module, train: Data, sample: Tensor) -> Iterator[InputSuit]:
    """What may be done to such inputs, the least change first."""
    axes: list[Axes] = ["as they are"]
    if sample.ndim == 4 and sample.shape[-1] in CHANNELS:
        axes.append("channels first")
    if sample.ndim == 3:
        axes.append("with a channel")
    dtypes: list[torch.dtype | None] = [None]
    weights = (p.dtype for p in model.parameters() if p.is_floating_point())
    real = next(weights, torch.float32)
    every = _values(train, "x")
    if sample.is_floating_point():
        dtypes += [real] if sample.dtype != real else []
        whole = sample.ndim == 2 and bool((every == every.round()).all() and (every >= 0).all())
        dtypes += [torch.int64] if whole else []  # numbers of words
    else:
        dtypes += [torch.int64, real]
    for form in axes:
        for dtype in dtypes:
            large = sample.dtype == torch.uint8 and float(every.max()) > HALF_BYTE
            divided = large and dtype == real
            yield InputSuit(dtype, BYTE if divided else 1.0, form)


def _values(part: Data, name: str) -> Tensor:
    """All inputs or targets, or those of some items of data that are read anew each time."""
    found = getattr(part, name) if isinstance(part, TensorData) else None
    if found is None:
        found = getattr(part.sample(SOME, torch.Generator().manual_seed(0)), name)
    return found if isinstance(found, Tensor) else torch.zeros(1)


@dataclass(frozen=True)
class LabelSuit:
    """What is done to labels of classes: each becomes one whole number.

    Attributes:
        one_hot: the axis on which a one marks the class; None where there is none.
        flat: an axis of length one is left out.

    """

    one_hot: int | None = None
    flat: bool = False

    def __call__(self, x: Values, y: Values) -> Batch:
        """A batch; see `Suit`."""
        return x, self.of(y)

    def of(self, y: Values) -> Values:
        """Labels [n, ...]."""
        if not isinstance(y, Tensor):
            return y
        if self.one_hot is not None:
            return y.argmax(self.one_hot) if y.dtype != torch.bool else y.int().argmax(self.one_hot)
        if self.flat and y.ndim > 1:
            y = y.squeeze(1)
        return y if y.dtype == torch.uint8 else y.long()

    def said(self, y: Tensor) -> str:
        """What is done to labels like these, in a sentence."""
        if self.one_hot is not None:
            return "Labels are one-hot: each is taken as the number of its class."
        kind = str(y.dtype).removeprefix("torch.")
        if self.flat:
            return f"Labels are {list(y.shape[1:])} and {kind} for each item: one number is taken."
        return f"Labels are {kind}: they are taken as whole numbers (int64)."


def with_suited_labels(experiment: Experiment, data: Splits, say: Say) -> Splits:
    """Data whose labels are one whole number each, where the loss takes that and not what they are,
    or where both are the same to it.
    """
    task, loss = experiment.resolved_task, experiment.loss
    if task.target_kind != "class index" or isinstance(task, ByLoss) or experiment.update:
        return data
    if isinstance(loss, str) or (loss is not None and compares_values(loss)):
        return data
    sample = data.train.sample(FEW, torch.Generator().manual_seed(0))
    x, y = sample.x.cpu(), sample.y.cpu()
    if not isinstance(y, Tensor) or not _unusual(y):
        return data
    outputs = None
    with suppress(Exception), torch.no_grad(), seeded(0, CPU):  # the first step says why not
        outputs = task.looked_at(build_model(experiment, 0, CPU).eval()(x.clone()))
    if not isinstance(outputs, Tensor) or outputs.ndim < 2 or task.n_outputs(outputs) < 2:
        return data
    suit = _label_suit([_values(part, "y") for part in (data.train, data.val)], outputs)
    if suit is None or not (loss is None or _the_same(loss, outputs, y, suit)):
        return data
    say(suit.said(y))
    return replace(data, train=data.train.suited(suit), val=data.val.suited(suit))


def _unusual(y: Tensor) -> bool:
    """Whether labels may be other than one whole number each."""
    if y.dtype not in (torch.int64, torch.uint8):
        return True
    return y.ndim > 1 and (y.shape[1] == 1 or bool((y <= 1).all()))


def _label_suit(every: list[Tensor], outputs: Tensor) -> LabelSuit | None:
    """What makes labels out of targets like these; None where they are labels, or none at all."""
    y = every[0]
    if y.shape[1:] == outputs.shape[1:] and y.ndim > 1:
        for axis in (1, -1):
            if all(_is_one_hot(part, axis) for part in every):
                return LabelSuit(one_hot=axis)
        return None
    flat = y.ndim == 2 and y.shape[1] == 1 and outputs.ndim == 2
    known = y.dtype in (torch.int64, torch.uint8)
    if (known and not flat) or not all(_is_whole(part) for part in every):
        return None
    return LabelSuit(flat=flat)


def _is_one_hot(y: Tensor, axis: int) -> bool:
    values = y.float()
    zeros_and_ones = bool(((values == 0) | (values == 1)).all())
    return zeros_and_ones and bool((values.sum(axis) == 1).all())


def _is_whole(y: Tensor) -> bool:
    return not y.is_complex() and (not y.is_floating_point() or bool((y == y.round()).all()))


def _the_same(loss: Callable[..., Any], outputs: Tensor, y: Tensor, suit: LabelSuit) -> bool:
    """Whether a loss takes the labels, and refuses what they were or makes the same of it."""
    before, after = _value(loss, outputs, y), _value(loss, outputs, suit.of(y))
    if after is None:
        return False
    return before is None or math.isclose(before, after, rel_tol=ROUNDED)


def _value(loss: Callable[..., Any], outputs: Tensor, y: Values) -> float | None:
    with suppress(Exception), torch.no_grad():
        return float(loss(outputs.clone(), y))
    return None
