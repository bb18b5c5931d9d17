"""The optimizer of another framework's object: by name where it is a plain one, else rebuilt."""

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from recipe.core.errors import UsageError

PLAIN: dict[type, tuple[str, dict[str, Any]]] = {
    torch.optim.SGD: ("sgd", {"dampening": 0, "maximize": False}),
    torch.optim.Adam: ("adam", {"eps": 1e-8, "amsgrad": False, "maximize": False}),
    torch.optim.AdamW: ("adamw", {"eps": 1e-8, "amsgrad": False, "maximize": False}),
    torch.optim.RMSprop: (
        "rmsprop", {"alpha": 0.99, "eps": 1e-8, "centered": False, "maximize": False},
    ),
}  # fmt: skip
"""What the recipe's named optimizers leave as it is."""
ADAM_BETA2 = 0.999
SET_APART = ("params", "lr", "weight_decay", "initial_lr", "fused", "foreach")
"""Of a group: what is given again at every call, or says only how fast a step is."""


@dataclass(frozen=True)
class OptimizerRead:
    """An optimizer as an experiment declares it."""

    optimizer: str | Callable[..., Optimizer]
    lr: float
    weight_decay: float
    momentum: float | None
    said: str
    """In words, with its settings."""


def read_optimizer(optimizer: Optimizer, model: nn.Module) -> OptimizerRead:
    """What an optimizer over the parameters of `model` does.

    Raises:
        UsageError: it has none of the model's parameters.

    """
    trained = [p for p in model.parameters() if p.requires_grad]
    places = {id(p): place for place, p in enumerate(trained)}
    groups = [
        _Group(
            tuple(places[id(p)] for p in group["params"] if id(p) in places),
            float(group.get("initial_lr", group["lr"])),
            float(group.get("weight_decay", 0.0)),
            {name: value for name, value in group.items() if name not in SET_APART},
        )
        for group in optimizer.param_groups
    ]
    groups = [group for group in groups if group.places]
    if not groups:
        raise UsageError(
            "The optimizer has none of the model's parameters that need a gradient: make it of "
            "model.parameters()."
        )
    lr = max(group.lr for group in groups)
    decay = max(group.weight_decay for group in groups)
    named = _named(type(optimizer), groups, len(trained))
    if named is not None:
        name, momentum = named
        said = f"{name}" if momentum is None else f"{name} with momentum {momentum:g}"
        return OptimizerRead(name, lr, decay, momentum, said)
    rebuilt = Rebuilt(type(optimizer), tuple(groups), [tuple(p.shape) for p in trained], lr, decay)
    return OptimizerRead(rebuilt, lr, decay, None, rebuilt.__name__)


@dataclass(frozen=True)
class _Group:
    """Parameters that share their settings, as places among all that are trained."""

    places: tuple[int, ...]
    lr: float
    weight_decay: float
    options: dict[str, Any]


def _named(kind: type, groups: list[_Group], trained: int) -> tuple[str, float | None] | None:
    """The name of a plain optimizer of all parameters, and its momentum where it is not the usual
    one.
    """
    if kind not in PLAIN or len(groups) != 1 or len(groups[0].places) != trained:
        return None
    name, plain = PLAIN[kind]
    options = groups[0].options
    if any(options.get(key, value) != value for key, value in plain.items()):
        return None
    if name in ("adam", "adamw"):
        beta1, beta2 = options["betas"]
        return (name, None if beta1 == 0.9 else beta1) if beta2 == ADAM_BETA2 else None
    momentum = float(options["momentum"])
    if name == "sgd":
        if bool(options["nesterov"]) != (momentum > 0):
            return None
        return name, None if momentum == 0.9 else momentum
    return name, momentum or None


class Rebuilt:
    """An optimizer of the same class and settings over the parameters of another model, group by
    group; called as optimizer(params, lr, weight_decay).
    """

    def __init__(
        self, kind: type, groups: tuple[_Group, ...], shapes: list[tuple[int, ...]], lr: float,
        decay: float,
    ) -> None:  # fmt: skip
        """Take what was read.

        Args:
            kind: class of the optimizer.
            groups: of the parameters that have these shapes, in their order.
            shapes: of all parameters that need a gradient.
            lr: the largest rate of a group.
            decay: the largest weight decay of a group.

        """
        self.kind, self.groups, self.shapes = kind, groups, shapes
        self.lr, self.decay = lr, decay
        known = inspect.signature(kind).parameters
        self.known = frozenset(known)
        all_in = sum(len(group.places) for group in groups) == len(shapes)
        told = {k: v for k, v in groups[0].options.items() if _tells(known, k, v)}
        notes = [f"{name} {value}" for name, value in told.items()]
        notes += [f"{len(groups)} groups of parameters"] if len(groups) > 1 else []
        notes += [] if all_in else ["some parameters left out"]
        self.__name__ = kind.__name__ + (f" ({', '.join(notes)})" if notes else "")
        # What tells one from another in the keys of a run's journal.
        self.__qualname__ = f"{self.__name__} {groups!r}"

    def __call__(self, params: Sequence[nn.Parameter], lr: float, weight_decay: float) -> Optimizer:
        """The optimizer."""
        params = list(params)
        same = [tuple(p.shape) for p in params] == self.shapes
        parted = (
            [[params[place] for place in group.places] for group in self.groups] if same
            else self._by_shape(params)
        )  # fmt: skip
        made: Optimizer = self.kind(
            [self._settings(group, own, lr, weight_decay)
             for group, own in zip(self.groups, parted, strict=True) if own],
            **({"lr": lr} if "lr" in self.known else {}),
        )  # fmt: skip
        return made

    def _settings(
        self, group: _Group, params: list[nn.Parameter], lr: float, weight_decay: float
    ) -> dict[str, Any]:
        own = {name: value for name, value in group.options.items() if name in self.known}
        if "lr" in self.known:
            own["lr"] = lr * group.lr / self.lr if self.lr else lr
        if "weight_decay" in self.known:
            # Of an optimizer without any decay, a search may still try one: for all groups alike.
            share = group.weight_decay / self.decay if self.decay else 1.0
            own["weight_decay"] = weight_decay * share
        return {"params": params, **own}

    def _by_shape(self, params: list[nn.Parameter]) -> list[list[nn.Parameter]]:
        """Of a model with other parameters: each goes to the group in which most of its kind were,
        biases and scales, or weights.
        """
        counted = {False: Counter[int](), True: Counter[int]()}
        for number, group in enumerate(self.groups):
            for place in group.places:
                counted[len(self.shapes[place]) > 1][number] += 1
        most = {flat: count.most_common(1)[0][0] for flat, count in counted.items() if count}
        usual = next(iter(most.values()))
        parted: list[list[nn.Parameter]] = [[] for _ in self.groups]
        for param in params:
            parted[most.get(param.ndim > 1, usual)].append(param)
        return parted


def _tells(known: Any, name: str, value: Any) -> bool:
    """Whether a setting is another one than the usual of its class."""
    return name in known and known[name].default != value
