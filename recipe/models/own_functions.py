"""Functions whose backward pass the user wrote, and what PyTorch itself makes of their forward."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.autograd import Function

from recipe.models.mended_calls import Around


def own_functions(outputs: Tensor) -> list[type[Function]]:
    """The classes of `torch.autograd.Function` in the graph of these outputs, each once."""
    found: dict[type[Function], None] = {}
    todo, seen = [outputs.grad_fn], set()
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        made = getattr(type(node), "_forward_cls", None)
        if isinstance(made, type) and issubclass(made, Function):
            found[made] = None
        todo += [before for before, _ in node.next_functions]
    return list(found)


class _Context:
    """Takes what a forward keeps for its backward, and keeps nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


@contextmanager
def plainly(classes: Sequence[type[Function]]) -> Iterator[None]:
    """Inside, these functions are their forward alone: PyTorch works out the gradient."""
    for each in classes:
        each.apply = staticmethod(_plain(each))
    try:
        yield
    finally:
        for each in classes:
            del each.apply


def _plain(made: type[Function]) -> Callable[..., Any]:
    two_parts = made.setup_context is not Function.setup_context
    return made.forward if two_parts else lambda *given: made.forward(_Context(), *given)


def with_plain_functions(
    make: Callable[..., nn.Module], classes: Sequence[type[Function]]
) -> Callable[..., nn.Module]:
    """Models in whose forward these functions have the gradient that PyTorch works out."""

    def made(**given: Any) -> nn.Module:
        return Around(make(**given), lambda _: plainly(classes))

    return made
