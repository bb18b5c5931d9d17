"""What one look measures: gradients, updates, activations of an iteration."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

import torch
from torch import Tensor, nn

from recipe.training.monitors import ActivationMonitor

MOST_VALUES = 1 << 24
"""Weights that are copied to see how far an update moves them; of larger models a part."""
ITEMS = 64
"""Of a batch, whose activations are looked at."""
LEAST_ITEMS = 16
"""Of a batch, below which units that are zero on all of them may be alive."""
KEPT = 5
"""Looks over which a share of dead or saturated units has to hold."""
PASSED = 2e-6
"""Seconds that a call of a function takes more while activations are watched: measured on a
processor of 2.5 GHz."""


class TimedMonitor(ActivationMonitor):
    """Counts what it takes itself of the forward pass that it watches."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take a clock of seconds."""
        super().__init__(ITEMS)
        self.clock, self.spent = clock, 0.0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call it."""
        self.spent += PASSED
        return super().__torch_function__(func, types, args, kwargs)

    def arrives(self, func: Any, given: Any) -> Tensor | None:
        """Whether anything but zeros comes."""
        began = self.clock()
        found = super().arrives(func, given)
        self.spent += self.clock() - began
        return found

    def note(self, func: Any, result: Tensor, arrives: Tensor | None) -> None:
        """Note a result."""
        began = self.clock()
        super().note(func, result, arrives)
        self.spent += self.clock() - began


@dataclass
class Look:
    """The figures of one iteration; None where they were not measured."""

    grad_norm: float | None = None
    update_ratio: float | None = None
    dead_units: float | None = None
    saturated_units: float | None = None

    @property
    def broken(self) -> bool:
        """Whether the gradient is not finite."""
        norm = self.grad_norm
        return norm is not None and not norm < float("inf")


@dataclass
class Looker:
    """Measures one iteration at a time; reads the device once, when the look ends."""

    model: nn.Module
    _norms: Sequence[Tensor] = ()
    _old: list[Tensor] = field(default_factory=list)
    _sizes: Sequence[Tensor] = ()
    _moves: Sequence[Tensor] = ()
    _monitor: TimedMonitor | None = None
    _units: dict[str, Tensor] = field(default_factory=dict)

    @torch.no_grad()
    def read_gradients(self, scale: float = 1.0) -> None:
        """Read the gradients, which are `scale` times too large."""
        grads = [
            p.grad for p in self.model.parameters()
            if p.grad is not None and p.grad.layout is torch.strided
        ]  # fmt: skip
        self._norms = torch._foreach_norm(grads) if grads else ()  # noqa: SLF001
        if scale != 1.0:
            self._norms = [norm / scale for norm in self._norms]

    @torch.no_grad()
    def keep_weights(self) -> None:
        """Keep weights from before an update."""
        self._old = [view.clone() for view in self._weights()]

    @torch.no_grad()
    def after_update(self) -> None:
        """Read how far the kept weights moved."""
        if not self._old:
            return
        self._sizes = torch._foreach_norm(self._old)  # noqa: SLF001
        torch._foreach_sub_(self._old, list(self._weights()))
        self._moves = torch._foreach_norm(self._old)  # noqa: SLF001
        self._old = []

    def open_activations(self, size: int, clock: Callable[[], float]) -> None:
        """Watch every activation function that is called from now on, of a batch of so many."""
        self._monitor = TimedMonitor(clock).batch(max(1, size))
        self._monitor.__enter__()  # type: ignore[no-untyped-call]

    def close_activations(self) -> float:
        """Stop that; what was seen is kept. Seconds that it took while functions were called."""
        monitor, self._monitor = self._monitor, None
        if monitor is None:
            return 0.0
        monitor.__exit__(None, None, None)  # type: ignore[no-untyped-call]
        with suppress(RuntimeError):  # layers on several devices
            self._units = monitor.worst()
        if monitor.largest < LEAST_ITEMS:
            self._units.pop("dead_units", None)
        return monitor.spent

    @property
    def watches_activations(self) -> bool:
        """Whether `close_activations` has to be called."""
        return self._monitor is not None

    def end(self) -> Look:
        """The figures of this iteration, and forget it."""
        sizes, moves, norms = (_numbers(of) for of in (self._sizes, self._moves, self._norms))
        ratios = [move / size for move, size in zip(moves, sizes, strict=True) if size > 0]
        look = Look(
            grad_norm=sum(norm**2 for norm in norms) ** 0.5 if norms else None,
            update_ratio=median(ratios) if ratios else None,
            **{name: share.item() for name, share in self._units.items()},
        )
        self._norms = self._sizes = self._moves = ()
        self._old, self._units = [], {}
        return look

    def _weights(self) -> Iterator[Tensor]:
        """Parts of the weight tensors, no more than so many values together; of small ones all.

        Biases and gains start near zero, where a ratio says nothing.
        """
        trained = [p for p in self.model.parameters() if p.requires_grad]
        weights = [p for p in trained if p.ndim > 1] or trained
        most = MOST_VALUES // max(1, len(weights))
        for p in weights:
            flat = p.detach()
            if not flat.numel() or flat.layout is not torch.strided:
                continue
            large = flat.ndim and flat.numel() > most
            yield flat[: max(1, most * len(flat) // flat.numel())] if large else flat


def _numbers(tensors: Sequence[Tensor]) -> list[float]:
    if not tensors:
        return []
    if len({t.device for t in tensors}) > 1:
        return [t.item() for t in tensors]
    return [float(value) for value in torch.stack([t.float() for t in tensors]).tolist()]


@dataclass
class Looks:
    """The looks of one point of the curves, as its figures."""

    seen: list[Look] = field(default_factory=list)

    def mean(self, name: str) -> float | None:
        """Of one figure; None where it was never measured."""
        values = [v for look in self.seen if (v := getattr(look, name)) is not None]
        return fmean(values) if values else None

    def least(self, name: str) -> float | None:
        """What the last few looks all reach; None before there are so many."""
        values = [v for look in self.seen if (v := getattr(look, name)) is not None][-KEPT:]
        return min(values) if len(values) >= KEPT else None
