"""Which line overwrote a value that a backward pass needs: autograd tells what was computed from
it, and not who wrote.
"""

import linecache
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from recipe.border.advice import IN_PLACE
from recipe.border.faults import Place, name_of, owner_of, with_place

T = TypeVar("T")


@dataclass(frozen=True)
class _Write:
    """A tensor was written to."""

    place: Place
    made_by: str
    """Node of the graph that the tensor came from."""
    shape: str


@dataclass
class _Writes(TorchFunctionMode):
    """Keeps the writes of everything that is called within it."""

    found: list[_Write] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call it, and see whose version it raised."""
        kwargs = kwargs or {}
        tensors = [each for each in (*args, *kwargs.values()) if isinstance(each, Tensor)]
        before = [(each, _version(each), _node(each)) for each in tensors]
        result = func(*args, **kwargs)
        for tensor, version, node in before:
            if version is not None and _version(tensor) != version:
                place = _writer(sys._getframe(1))  # noqa: SLF001 - whoever called
                if place is not None:
                    self.found.append(_Write(place, node, str(list(tensor.shape))))
        return result


def _version(tensor: Tensor) -> int | None:
    with suppress(RuntimeError):  # tensors of inference mode have none
        return tensor._version  # noqa: SLF001 - what autograd compares
    return None


def _node(tensor: Tensor) -> str:
    return tensor.grad_fn.name() if tensor.grad_fn is not None else ""


def with_place_of_write(compute: Callable[[], T]) -> T:
    """Compute something with a backward pass; where that fails since a value was overwritten, it
    is computed once more to see by which line, which the error then names.
    """
    try:
        return compute()
    except RuntimeError as error:
        if IN_PLACE in str(error) and (place := _found(str(error), compute)) is not None:
            with_place(error, place)
        raise


def _found(message: str, compute: Callable[[], Any]) -> Place | None:
    writes = _Writes()
    with suppress(Exception), writes:
        compute()
    node = re.search(r"output \d+ of (\w+?)(?:Backward\d*)?,", message)
    shape = re.search(r"\[torch\.\w+ (\[[\d, ]*\])\]", message)
    same = [w for w in writes.found if shape is None or w.shape == shape[1]]
    exact = [w for w in same if node is not None and w.made_by.startswith(node[1])]
    return next((w.place for w in reversed(exact or same or writes.found)), None)


def _writer(frame: FrameType | None) -> Place | None:
    """The line of the user's that is being run, or the layer that was made to work in place."""
    layer = ""
    while frame is not None and (owner := owner_of(frame.f_code.co_filename)) != "ours":
        module = frame.f_locals.get("self")
        if not layer and owner == "library" and isinstance(module, nn.Module):
            layer = f"{type(module).__name__}(inplace=True)" if _in_place(module) else ""
        if owner == "user":
            code = layer or _statement(frame)
            return Place(frame.f_code.co_filename, frame.f_lineno, name_of(frame.f_code), code)
        frame = frame.f_back
    return Place("", 0, code=layer) if layer else None


def _in_place(module: nn.Module) -> bool:
    return bool(getattr(module, "inplace", False))


def _statement(frame: FrameType) -> str:
    """What stands at the instruction that is being run."""
    positions = list(frame.f_code.co_positions())
    first, last, start, end = positions[frame.f_lasti // 2]
    if first is None or first != last or start is None or end is None:
        return ""
    line = linecache.getline(frame.f_code.co_filename, first).encode()
    return line[start:end].decode(errors="replace")
