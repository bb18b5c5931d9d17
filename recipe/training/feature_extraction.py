"""Feature extraction: what a frozen model gives its head, computed once and kept as data.

All but the head stands still and is in evaluation mode, so the head sees the same inputs in every
epoch. Trained on the kept ones it learns what it would learn on top of the model, without the
model's passes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core import clock
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.datasets import Splits, TensorData
from recipe.data.disk_cache import MEMORY_SHARE
from recipe.data.trees import Values
from recipe.experiment import Experiment
from recipe.machine.exactness import full_float32
from recipe.machine.memory import free_memory
from recipe.models.blocks import Block
from recipe.models.building import build_model, construct
from recipe.training.early_stopping import Snapshot
from recipe.training.execution_mode import PLAIN, ExecutionMode
from recipe.training.fit import snapshot_of

PROFILED = 2000
"""Items of each part, at most, whose features after every block are kept."""
CLOSE = 1e-4
"""Relative and absolute difference of outputs that are the same: sums in another order."""


class CannotExtract(Exception):  # noqa: N818 - a reason, not an error
    """Why the head cannot be trained on kept features."""


@dataclass(frozen=True)
class Depth:
    """Features after one block, pooled to [n, channels], of some training and validation items."""

    train: Tensor
    val: Tensor


@dataclass(frozen=True)
class Features:
    """The inputs of a head, and what is needed to train it alone."""

    train: TensorData
    """Features and targets, in the order of the training data."""
    val: TensorData
    make: Callable[..., nn.Module]
    """Gives a fresh head: as a fresh model has it that is built from the same random numbers."""
    frozen: Snapshot
    """The rest of the model."""
    head: str
    depths: tuple[Depth | None, ...] = ()
    """By block, the lowest first; None where outputs are no features of items."""
    items: tuple[Tensor, Tensor] = field(default=(torch.empty(0), torch.empty(0)))
    """Which training and validation items these are of."""

    @property
    def data(self) -> Splits:
        """What the head is trained on."""
        return Splits(self.train, self.val)

    def experiment(self, of: Experiment) -> Experiment:
        """The training of the head alone that this experiment means."""
        return replace(
            of, model=self.make, model_args={}, augment=None, head=None, weights=None, freeze=0,
            begin_from=None, blocks=(), space={},
        )  # fmt: skip

    def whole(self, head: Snapshot) -> Snapshot:
        """The state of the whole model with these weights of the head."""
        return {**self.frozen, **{f"{self.head}.{name}": value for name, value in head.items()}}


def why_not_extracted(experiment: Experiment, data: Splits) -> str | None:
    """Why an experiment cannot be trained on kept features, as far as that is known before."""
    if experiment.head is None or not experiment.blocks:
        return "no head is declared"
    if experiment.freeze < len(experiment.blocks):
        return "more than the head is trained"
    if experiment.update is not None:
        return "it brings its own update step"
    if not (isinstance(data.train, TensorData) and isinstance(data.val, TensorData)):
        return "items are random"
    return None


def extract_features(
    experiment: Experiment,
    data: Splits,
    device: torch.device,
    seed: int,
    *,
    mode: ExecutionMode = PLAIN,
    state: Snapshot | None = None,
) -> Features:
    """Pass training and validation data through the model once and keep what reaches the head.

    Args:
        experiment: with a head and with all blocks frozen; its `augment` is left out.
        data: where to train and validate, in tensors.
        device: where the model runs and the features are kept.
        seed: as of `Training`, whose model has the same weights.
        mode: layout of images; precision is float32 in any case.
        state: of the model, instead of what it begins with.

    Raises:
        CannotExtract: with the reason.

    """
    reason = why_not_extracted(experiment, data)
    if reason or experiment.head is None:
        raise CannotExtract(reason)
    model = build_model(experiment, derive_seed(seed, "weights"), device)
    if state is not None:
        model.load_state_dict(state)
    model = mode.lay_out_model(model).eval()
    reader = _Reader(model, experiment.head, experiment.blocks, mode)
    parts, chosen = [], []
    for name, part in (("train", data.train), ("val", data.val)):
        assert isinstance(part, TensorData)  # noqa: S101 - `why_not` saw to it
        generator = torch.Generator().manual_seed(derive_seed(seed, "profile", name))
        items = torch.randperm(len(part), generator=generator)[:PROFILED].sort().values
        parts.append((replace(part, x=reader.read(part, items)), reader.depths()))
        chosen.append(items)
    (train, below), (val, above) = parts
    depths = [
        None if a is None or b is None else Depth(a, b) for a, b in zip(below, above, strict=True)
    ]
    head = f"{experiment.head}."
    frozen = {n: v for n, v in snapshot_of(model).items() if not n.startswith(head)}
    return Features(
        train, val, _maker(experiment), frozen, experiment.head, tuple(depths),
        (chosen[0], chosen[1]),
    )  # fmt: skip


def _maker(experiment: Experiment) -> Callable[..., nn.Module]:
    def make() -> nn.Module:
        return construct(experiment).get_submodule(str(experiment.head))

    return make


class _Reader:
    """Reads what reaches the head, and what leaves every block."""

    def __init__(
        self, model: nn.Module, head: str, blocks: tuple[Block, ...], mode: ExecutionMode
    ) -> None:
        self.model, self.head, self.mode = model, model.get_submodule(head), mode
        modules = dict(model.named_modules())
        self.ends = [[modules[name] for name in block if name in modules] for block in blocks]
        self.inputs: list[Tensor] = []
        self.leaving: list[Tensor | None] = []
        self.pooled: list[list[Tensor | None]] = []

    @torch.no_grad()
    def read(self, part: TensorData, items: Tensor) -> Tensor:
        """Inputs of the head, [n, ...]; what `items` have after every block is kept for `depths`.

        Raises:
            CannotExtract: with the reason.

        """
        self.pooled = [[] for _ in self.ends]
        found: list[Tensor] = []
        first = 0
        with full_float32(), self._listening():  # in TF32 the head alone gives other outputs
            for x, _ in part.eval_batches():
                clock.check()
                features = self._features(x)
                if not found:
                    self._check_room(features, len(part))
                found.append(features)
                mine = items[(items >= first) & (items < first + len(x))] - first
                for kept, out in zip(self.pooled, self.leaving, strict=True):
                    rows = None if out is None or len(out) != len(x) else out.cpu()[mine]
                    kept.append(rows)
                first += len(x)
        whole = torch.cat(found)
        return whole if part.device is None else whole.to(part.x.device)

    def depths(self) -> list[Tensor | None]:
        """Pooled features after every block."""
        return [
            torch.cat([rows for rows in each if rows is not None])
            if each and all(rows is not None for rows in each) else None
            for each in self.pooled
        ]  # fmt: skip

    def _features(self, x: Values) -> Tensor:
        self.inputs, self.leaving = [], [None] * len(self.ends)
        n = len(x)
        outputs = self.model(self.mode.lay_out(x))
        if len(self.inputs) != 1:
            times = f"{len(self.inputs)} times" if self.inputs else "with something else"
            raise CannotExtract(f"the head is called {times}, not once with one tensor")
        (features,) = self.inputs
        if len(features) != n:
            raise CannotExtract(f"the head sees {len(features)} rows for {n} items")
        alone = self.head(features.clone())
        if not isinstance(outputs, Tensor) or not _close(outputs, alone):
            raise CannotExtract("the head does not give the outputs of the model itself")
        return features

    def _check_room(self, features: Tensor, items: int) -> None:
        if items * features[0].nbytes > MEMORY_SHARE * free_memory(features.device):
            raise CannotExtract("the features take more memory than there is")

    @contextmanager
    def _listening(self) -> Iterator[None]:
        hooks = [self.head.register_forward_pre_hook(self._enters)]
        for k, modules in enumerate(self.ends):
            hooks += [module.register_forward_hook(self._leaves(k)) for module in modules]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _enters(self, _: nn.Module, args: tuple[Any, ...]) -> None:
        if len(args) == 1 and isinstance(args[0], Tensor):
            self.inputs.append(args[0].clone(memory_format=torch.contiguous_format))

    def _leaves(self, k: int) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            self.leaving[k] = _pool(output)  # the last one of the block stays

        return hook


def _close(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=CLOSE, atol=CLOSE, equal_nan=True)


def _pool(output: Any) -> Tensor | None:
    """Means over places of an image [n, c, h, w] or steps of a sequence [n, t, c]; None for
    anything that is no batch of features.
    """
    if not isinstance(output, Tensor) or not output.is_floating_point() or output.ndim < 2:
        return None
    if output.ndim == 3:
        return output.mean(1)
    return output if output.ndim == 2 else output.flatten(2).mean(2)
