"""Faults that end every use of a GPU in this process, looked for on the host first.

A label or an index out of range is an exception on a processor. A GPU stops at an assertion of its
own, and nothing of this process can use it from then on.
"""

import re
from collections.abc import Iterator

import torch
from torch import Tensor

from recipe.core.errors import text_of
from recipe.data.datasets import Data, Splits, TensorData
from recipe.data.trees import Values, every_tensor
from recipe.experiment import Experiment
from recipe.models.building import build_model
from recipe.models.randomness import seeded

CPU = torch.device("cpu")
SAMPLE = 64
"""Items beside those with the largest and the smallest whole numbers."""
_ASSERTED = re.compile(
    r"out of (bounds|range)|index .*(out|exceed|not in)|should be between 0 and 1|"
    r"expected .*(between|in) |Target \S+ is|class values must be|indices should be",
    re.IGNORECASE,
)
"""What the same checks say on a processor: indexing, embeddings, losses of classes and of
probabilities."""


def fault_on_host(experiment: Experiment, data: Splits) -> str | None:
    """What a forward pass and the loss say on a processor, of the items with the most extreme whole
    numbers among them, where a GPU would assert; None of anything else.

    Args:
        experiment: resolved, made ready for its data.
        data: on any device: smallest and largest numbers are looked up there.

    """
    for part in (data.train, data.val):
        try:
            x, y = _few(part)
            with torch.no_grad(), seeded(0, CPU):
                outputs = build_model(experiment, 0, CPU).train()(x)
                experiment.loss_function(outputs, y)
        except Exception as error:  # noqa: BLE001 - other errors are said by the step that meets them
            if isinstance(error, IndexError) or _ASSERTED.search(text_of(error)):
                return text_of(error).splitlines()[0]
    return None


def _few(part: Data) -> tuple[Values, Values]:
    if not isinstance(part, TensorData):
        sample = part.sample(SAMPLE, torch.Generator().manual_seed(0))
        return sample.x.cpu(), sample.y.cpu()
    places = torch.tensor(sorted({*range(min(SAMPLE, len(part))), *_extremes(part)}))
    places = places.to(part.x.device)
    return part.x[places].cpu(), part.y[places].cpu()


def _extremes(part: TensorData) -> Iterator[int]:
    """Items with the smallest and the largest whole numbers of each tensor."""
    for values in (part.x, part.y):
        for tensor in every_tensor(values):
            if _whole(tensor) and len(tensor) == len(part):
                rows = tensor.reshape(len(tensor), -1)
                yield int(rows.amin(1).argmin())
                yield int(rows.amax(1).argmax())


def _whole(tensor: Tensor) -> bool:
    kinds = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    return tensor.dtype in kinds and tensor.ndim > 0 and tensor.numel() > 0
