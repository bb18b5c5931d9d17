"""Residual branches of a model, found by following tensors through one forward pass: where two
tensors are added and one has gone through all that the other one has, what lies between them is a
branch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from recipe.data.trees import Values

_ADDITIONS: frozenset[Any] = frozenset(
    {torch.add, Tensor.add, Tensor.add_, Tensor.__add__, Tensor.__iadd__, Tensor.__radd__}
)


@dataclass(frozen=True)
class Branch:
    """One branch, its modules in the order in which they are called."""

    modules: tuple[str, ...]
    last: str
    """The last of them that has a weight; with a weight of zero the branch begins as nothing."""
    normalised: bool
    """Whether one of them normalises."""
    starts_at_zero: bool


@torch.no_grad()
def residual_branches(model: nn.Module, x: Values) -> tuple[Branch, ...]:
    """The branches that a forward pass over a batch goes through, in training mode. What the model
    keeps of a pass, such as running statistics, changes: give a model that nobody needs.
    """
    model.train()
    follower = _Follower(model)
    with follower.hooks(), follower:
        model(x)
    return tuple(follower.branches)


def with_zero_branches(model: nn.Module, lasts: tuple[str, ...]) -> nn.Module:
    """The model with a weight of zero in these modules, the last ones of residual branches (Goyal
    et al. 2017 for the gain of a norm, Zhang et al. 2019, "Fixup", for weights): it then begins as
    what lies outside of the branches.
    """
    for name in lasts:
        _, weights = _weights_of(model.get_submodule(name))
        with torch.no_grad():
            for weight in weights:
                weight.zero_()
    return model


def norms_go_first(model: nn.Module) -> nn.Module | None:
    """The model with the norms of PyTorch's transformer layers inside of their branches (Xiong et
    al. 2020, "pre-LN"); None where it has none that normalise behind the addition.
    """
    later = [m for m in model.modules() if getattr(m, "norm_first", None) is False]
    for module in later:
        module.norm_first = True  # type: ignore[assignment]  # a plain attribute
    return model if later else None


def _weights_of(module: nn.Module) -> tuple[Tensor | None, list[Tensor]]:
    """The weight that scales what the module gives, and all that has to be zero for it to give
    nothing.
    """
    if isinstance(module, nn.MultiheadAttention):
        module = module.out_proj
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    if not isinstance(weight, Tensor):
        return None, []
    return weight, [weight, *([bias] if isinstance(bias, Tensor) else [])]


@dataclass
class _Follower(TorchFunctionMode):
    """Knows of every tensor through which modules it has gone."""

    model: nn.Module
    branches: list[Branch] = field(default_factory=list)
    _through: dict[int, frozenset[str]] = field(default_factory=dict)
    _kept: list[Tensor] = field(default_factory=list)
    """So that no other tensor gets the number of one that is gone."""
    _order: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    @contextmanager
    def hooks(self) -> Iterator[None]:
        """What single modules give has gone through them."""
        names = {
            name: module for name, module in self.model.named_modules()
            if not any(module.children()) or isinstance(module, nn.MultiheadAttention)
        }  # fmt: skip
        handles = [
            module.register_forward_hook(self._hook(name), with_kwargs=True)
            for name, module in names.items()
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _hook(self, name: str) -> Any:
        def after(_: nn.Module, args: Any, kwargs: Any, outputs: Any) -> None:
            self._order.setdefault(name, len(self._order))
            through = self._of((args, list(kwargs.values()))) | {name}
            for tensor in _tensors(outputs):
                self._note(tensor, through)

        return after

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the function; note where its result comes from, and where it closes a branch."""
        given = kwargs or {}
        if func in _ADDITIONS and len(args) > 1:
            self._closes(args[0], args[1])
        through = self._of((args, list(given.values())))
        result = func(*args, **given)
        for tensor in _tensors(result) if through else ():
            self._note(tensor, through)
        return result

    def _note(self, tensor: Tensor, through: frozenset[str]) -> None:
        self._kept.append(tensor)
        self._through[id(tensor)] = through

    def _of(self, values: Any) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for tensor in _tensors(values):
            found |= self._through.get(id(tensor), frozenset())
        return found

    def _closes(self, one: Any, other: Any) -> None:
        if not (isinstance(one, Tensor) and isinstance(other, Tensor)) or one.shape != other.shape:
            return
        a, b = self._of(one), self._of(other)
        branch, shortcut = (a - b, b - a) if len(a - b) > len(b - a) else (b - a, a - b)
        if len(branch) <= len(shortcut) or not a & b:
            return  # two equal ways, or ways that never parted
        modules = tuple(sorted(branch, key=self._order.__getitem__))
        weighted = [
            (name, weight) for name in modules
            if (weight := _weights_of(self.model.get_submodule(name))[0]) is not None
        ]  # fmt: skip
        if not weighted:
            return
        name, weight = weighted[-1]
        kinds = [type(self.model.get_submodule(name)).__name__.lower() for name in modules]
        normalised = any("norm" in kind for kind in kinds)
        self.branches.append(Branch(modules, name, normalised, not bool(weight.any())))


def _tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, tuple | list):
        for each in values:
            yield from _tensors(each)
    elif isinstance(values, dict):
        yield from _tensors(list(values.values()))
