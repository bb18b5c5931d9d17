"""What may have been done to validation inputs alone, and how it is undone."""

from typing import TYPE_CHECKING

from recipe_steps.inspect.column_order import column_order
from recipe_steps.rows import figures_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

FIRST_READ_AS_LAST, LAST_READ_AS_FIRST = "channels first as last", "channels last as first"


def undoings(train: "Tensor", val: "Tensor") -> "Iterator[tuple[str, Callable[[Tensor], Tensor]]]":
    """Names, and functions of the validation inputs [n, ...]; images are [n, channels, height,
    width].
    """
    mean, deviation = figures_of(train)
    own_mean, own_deviation = figures_of(val)
    own_deviation = own_deviation.where(own_deviation > 0, 1.0)

    def rescaled(x: "Tensor") -> "Tensor":
        return (x - own_mean) / own_deviation * deviation + mean

    yield "level and spread", rescaled
    yield "sign", lambda x: 2 * mean - rescaled(x)
    if val.ndim == 2:
        yield from other_orders(train, val)
    if val.ndim != 4:
        return
    if val.shape[1] in (3, 4):
        order = [2, 1, 0, *range(3, val.shape[1])]
        yield "order of channels", lambda x: x[:, order]
    if val.shape[1] > 1:
        _, channels, height, width = val.shape
        yield (
            FIRST_READ_AS_LAST,
            lambda x: x.reshape(len(x), height, width, channels).movedim(-1, 1).contiguous(),
        )
        yield LAST_READ_AS_FIRST, lambda x: x.movedim(1, -1).reshape(x.shape)
    if val.shape[-1] == val.shape[-2]:
        yield "order of height and width", lambda x: x.mT.contiguous()
    yield "up and down", lambda x: x.flip(-2)
    yield "left and right", lambda x: x.flip(-1)


def other_orders(
    train: "Tensor", val: "Tensor"
) -> "Iterator[tuple[str, Callable[[Tensor], Tensor]]]":
    """Orders that the columns of validation [n, columns] may have been in: the one that was looked
    for comes last.
    """
    if val.shape[1] < 2:
        return
    yield "first and last column", lambda x: x.flip(1)
    yield "columns one place on", lambda x: x.roll(-1, 1)
    yield "columns one place back", lambda x: x.roll(1, 1)
    if (matched := column_order(train, val)) is not None:
        yield "order of columns", lambda x: x[:, matched]
