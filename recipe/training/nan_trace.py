"""Where the first value that is not finite came from: a step is replayed, operation by operation.

Every operation below autograd is seen, forward and backward. One that is given finite values and
returns others is a birth; from the loss, or from a gradient, the trace goes back to the birth that
it descends from. Infinities that are written on purpose, such as those of a mask, are none.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from recipe.border.faults import Place, name_of, owner_of
from recipe.data.trees import every_tensor
from recipe.training.nan_causes import ON_PURPOSE, Born, Given, Origin, as_origin

_UNSET = ("empty", "new_empty", "empty_like", "empty_strided", "new_empty_strided", "resize_")
"""Operations that return memory as it lies."""
_WRITES = ("copy_", "fill_", "zero_", "normal_", "uniform_", "bernoulli_", "random_")
"""Operations that do not read what they are given first."""
_HANDS_ON = ("view", "expand", "unsqueeze", "squeeze", "detach", "clone", "_to_copy", "t", "alias",
             "transpose", "permute", "slice", "select", "reshape", "_unsafe_view", "add", "add_",
             "clamp", "clamp_min", "split", "unbind", "sum", "mean", "abs")  # fmt: skip
"""Operations behind which one asks what was there before: is it a norm that is divided by?"""


@dataclass
class _Made:
    """An operation, and those that its inputs came from."""

    number: int
    name: str
    before: tuple["_Made", ...] = ()
    born: Born | None = None
    """Set where finite values came in and others went out."""

    def kin(self) -> str:
        """What kind of value it is, in its own name or that of what it was made from."""
        made, steps = self, 0
        while made.name in _HANDS_ON and made.before and steps < len(_HANDS_ON):
            made, steps = made.before[0], steps + 1
        return made.name


@dataclass
class _Node:
    """Of the autograd graph: the operation of the forward pass that it belongs to."""

    module: str
    place: Place | None


@dataclass
class _Finder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Watches every operation that is called within it."""

    modules: list[str] = field(default_factory=list)
    """Names of those that are being called, the innermost last."""
    items: int | None = None

    def __post_init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0
        self.made: Any = WeakIdKeyDictionary()
        self.wild: dict[int, tuple[Tensor, _Made]] = {}
        """By id, which stays theirs while they are held: tensors that are not finite."""
        self.births: list[_Made] = []
        self.nodes: dict[int, _Node] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # fmt: skip
        """Call it, and look at what came in and what went out."""
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        given = [t for t in tree_leaves((args, dict(kwargs))) if _is_real(t)]
        read = given[1:] if name in _WRITES else given
        before = tuple(self._known(t) for t in read)
        wild = any(id(t) in self.wild for t in read) or not all(map(finite, read))
        told = None if wild else [Given.of(t) for t in read] if name.endswith("_") else []
        made = func(*args, **kwargs)
        self.count += 1
        record = _Made(self.count, name, before)
        backward = self._place_node()
        for out in (t for t in tree_leaves(made) if _is_real(t)):
            self.made[out] = record
            if name not in _UNSET and not finite(out):
                self.wild[id(out)] = (out, record)
                if not wild and record.born is None:
                    record.born = self._born(name, told or [Given.of(t) for t in read], record,
                                             out, backward)  # fmt: skip
                    self.births.append(record)
            else:
                self.wild.pop(id(out), None)
        return made

    def _known(self, tensor: Tensor) -> _Made:
        held = self.wild.get(id(tensor))
        found = held[1] if held is not None else self.made.get(tensor)
        return found if isinstance(found, _Made) else _Made(0, "given")

    def _place_node(self) -> tuple[str, _Node] | None:
        """In a backward pass its node and where that was made; in a forward pass the node that was
        just made is written down.
        """
        node: Any = torch._C._current_autograd_node()  # noqa: SLF001
        if node is not None:
            where = self.nodes.get(node._sequence_nr(), _Node("", None))  # noqa: SLF001
            return node.name(), where
        number = torch._C._autograd._get_sequence_nr() - 1  # noqa: SLF001
        if number not in self.nodes:
            self.nodes[number] = _Node(self._module, _users_line())
        return None

    @property
    def _module(self) -> str:
        return self.modules[-1] if self.modules else ""

    def _born(
        self, name: str, given: list[Given], record: _Made, out: Tensor,
        backward: tuple[str, _Node] | None,
    ) -> Born:  # fmt: skip
        node, where = backward or ("", _Node(self._module, _users_line()))
        return Born(
            operation=name, node=node, module=where.module, place=where.place, given=tuple(given),
            kin=tuple(made.kin() for made in record.before), dtype=out.dtype,
            nan=bool(torch.isnan(out).any()), items=_items(out, self.items),
        )  # fmt: skip

    def root_of(self, tensor: Tensor) -> _Made | None:
        """The birth that a tensor descends from; the earliest that was not meant, if there is
        one.
        """
        start = self.wild.get(id(tensor))
        if start is None:
            return None
        waiting, seen, found = [start[1]], {id(start[1])}, list[_Made]()
        while waiting:
            made = waiting.pop()
            if made.born is not None:
                found.append(made)
            for earlier in made.before:
                if id(earlier) not in seen:
                    seen.add(id(earlier))
                    waiting.append(earlier)
        return _first(found)

    def first(self) -> _Made | None:
        """The first birth of the backward pass; where there is none, one of the forward pass that
        the loss left out and the gradient did not.
        """
        backward = [made for made in self.births if made.born and made.born.node]
        return _first(backward) or _first(self.births)


def _first(found: list[_Made]) -> _Made | None:
    meant = [made for made in found if made.name not in ON_PURPOSE]
    return min(meant or found, key=lambda made: made.number, default=None)


def _is_real(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and value.layout is torch.strided


def finite(tensor: Tensor) -> bool:
    """Whether all values of a tensor are."""
    return tensor.numel() == 0 or bool(torch.isfinite(tensor.detach()).all())


def _items(out: Tensor, items: int | None) -> tuple[int, ...]:
    """Of a tensor with an entry per item of the batch, those that are not finite."""
    if items is None or out.ndim < 1 or len(out) != items:
        return ()
    wild = ~torch.isfinite(out.reshape(items, -1)).all(1)
    return tuple(wild.nonzero().flatten().tolist())


def _users_line() -> Place | None:
    """The innermost line of the user's that is being run."""
    frame: Any = sys._getframe(2)  # noqa: SLF001
    while frame is not None:
        code = frame.f_code
        if owner_of(code.co_filename) == "user":
            return Place(code.co_filename, frame.f_lineno, name_of(code))
        frame = frame.f_back
    return None


@contextmanager
def _names_kept(model: nn.Module, names: list[str]) -> Iterator[None]:
    """Within it, `names` ends with the module that is being called."""
    hooks = []
    for path, module in model.named_modules():
        called = path or type(model).__name__

        def enter(_module: nn.Module, _args: Any, called: str = called) -> None:
            names.append(called)

        def leave(_module: nn.Module, _args: Any, _out: Any) -> None:
            names.pop()

        hooks.append(module.register_forward_pre_hook(enter))
        hooks.append(module.register_forward_hook(leave))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def origin_of_nan(
    model: nn.Module, loss_of: Callable[[], Any], given: Any, *, items: int | None = None,
    autocast: AbstractContextManager[Any] | None = None,
) -> Origin | None:  # fmt: skip
    """Replay one step, and say where its first value that is not finite comes from.

    Args:
        model: with the weights from before the step; its gradients are overwritten.
        loss_of: passes the batch through the model and returns the loss, or else whatever the
            model returns: then its sum stands in for the loss in the backward pass.
        given: the batch, any structure of tensors.
        items: of the batch, where they are known.
        autocast: in which `loss_of` runs.

    Returns:
        The origin; None where all values stayed finite.

    """
    wild = [t for t in every_tensor(given) if _is_real(t) and not finite(t)]
    if wild:
        return Origin("batch", items=tuple(_items(wild[0], len(wild[0]) if wild[0].ndim else None)))
    broken = [name for name, p in model.named_parameters() if _is_real(p) and not finite(p)]
    if broken:
        return Origin("weights", module=broken[0])
    model.zero_grad(set_to_none=True)
    finder = _Finder(items=items)
    with torch.enable_grad(), finder, _names_kept(model, finder.modules):
        with autocast or torch.enable_grad():
            made = loss_of()
        outputs = [t for t in every_tensor(made) if _is_real(t)]
        for output in outputs:
            root = finder.root_of(output)
            if root is not None and root.born is not None:
                return as_origin("forward", root.born)
        learnt = [t for t in outputs if t.requires_grad]
        if not learnt:
            return None
        sums = [t.sum() for t in learnt]
        torch.autograd.backward(sums)
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    if all(finite(grad) for grad in grads if _is_real(grad)):
        return None
    root = finder.first()
    return None if root is None or root.born is None else as_origin("backward", root.born)
