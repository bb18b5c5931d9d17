"""Items as a person would look at them: pictures, lines, words, or cells of a table."""

import base64
import math
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from recipe.plugin import Context, Sheet, TensorData, Values
from recipe_steps.rows import main_part

if TYPE_CHECKING:
    import numpy as np

CHANNELS = (1, 3)
LEAST_SIDE, SHOWN_SIDE, AS_PNG = 4, 64, 40
"""Pixels: from which a tensor is a picture, to which a larger one is shrunk, and up to which every
pixel is kept as it is."""
JPEG_QUALITY = 85
LEAST_FLAT, LOOKED_AT, ALIKE = 8, 300, 0.15
"""Side from which rows may be pictures that were flattened, rows that tell, and the correlation of
neighbours from which they are.
"""
MOST_CELLS, MOST_WORDS, MOST_CHARACTERS, MOST_POINTS = 14, 16, 80, 400
"""Columns of a table, tokens and characters of a text, and points of a line that are shown."""
SMOOTH = 0.5
"""Correlation of neighbouring columns from which rows are signals."""
FIRST_WORD = 3
"""Number of the first word where a vocabulary is known: fillings and unknown words come before."""
ACROSS = 8


def sheet_of(
    ctx: Context, x: Values, labels: Sequence[str], note: str = "", across: int = ACROSS
) -> Sheet | None:
    """A sheet of these items; None where there is no tensor of one entry for each.

    Args:
        ctx: whose experiment may know names of columns, and a vocabulary.
        x: inputs of the items.
        labels: what stands with each.
        note: what is said below, before the range of the values.
        across: items beside each other, of pictures and lines.

    """
    part = main_part(x)
    if part is None or not part.ndim or len(part) != len(labels) or not part.numel():
        return None
    part = part.detach().cpu()
    known = tuple(labels)
    values = torch.view_as_real(part).norm(dim=-1) if part.is_complex() else part
    said = " ".join(filter(None, [note, _range(values)]))
    if (side := flattened_side(ctx, values)) is not None:
        values = values.reshape(-1, 1, side, side)
    if (pictures := pictures_of(values)) is not None:
        kept = encoded(pictures)
        return Sheet(known, pictures=kept, across=min(across, len(known)), note=said)
    if not values.is_floating_point() and values.dtype != torch.uint8:
        header, rows = _words(ctx, values.reshape(len(values), -1))
        return Sheet(known, rows=rows, header=header, note=note)
    flat = values.reshape(len(values), -1)
    if values.ndim == 2 and (told := _told_cells(ctx, flat)) is not None:
        names, lines_told = told
        more = len(names) - MOST_CELLS
        rest = f"{more} more columns are not shown." if more > 0 else ""
        cut = tuple(row[:MOST_CELLS] for row in lines_told)
        said = " ".join(filter(None, [note, rest]))
        return Sheet(known, rows=cut, header=names[:MOST_CELLS], note=said)
    if values.ndim == 2 and not _is_signal(ctx, flat):
        cells = tuple(
            tuple(f"{value:.4g}" for value in row) for row in flat[:, :MOST_CELLS].tolist()
        )
        header = column_names(ctx, flat.shape[1])[:MOST_CELLS]
        more = flat.shape[1] - len(header)
        rest = f" {more} more columns are not shown." if more > 0 else ""
        return Sheet(known, rows=cells, header=header, note=said + rest)
    lines = _line(values)[:, :MOST_POINTS].float()
    kept_lines = tuple(tuple(row) for row in lines.tolist())
    return Sheet(known, lines=kept_lines, across=min(across // 2 or 1, len(known)), note=said)


def flattened_side(ctx: Context, x: Tensor) -> int | None:
    """The side of the square pictures that rows [n, side * side] are, where they are some: each
    column goes with the one beside it and the one below it, and less with one half a row away.
    """
    train = getattr(ctx.data.train, "x", None)
    known = None if train is None else main_part(train)
    if known is None or x.ndim != 2 or known.shape[1:] != x.shape[1:]:
        return None
    side = math.isqrt(x.shape[1])
    if side < LEAST_FLAT or side * side != x.shape[1] or not known.is_floating_point():
        return None
    rows = known[:LOOKED_AT].detach().cpu().float()
    deviation = rows.std(0)
    rows = (rows - rows.mean(0)) / deviation.where(deviation > 0, 1.0)
    grid = rows.reshape(-1, side, side)
    beside = float((grid[:, :, 1:] * grid[:, :, :-1]).mean())
    below = float((grid[:, 1:] * grid[:, :-1]).mean())
    away = float((grid * grid.roll(side // 2, 2)).mean())
    return side if min(beside, below) > max(ALIKE, 2 * away) else None


def _is_signal(ctx: Context, rows: Tensor) -> bool:
    """Whether columns are points of time, so that each goes with the next one."""
    if ctx.experiment.columns or rows.shape[1] <= MOST_CELLS or len(rows) < 3:
        return False
    deviation = rows.float().std(0)
    standard = (rows - rows.float().mean(0)) / deviation.where(deviation > 0, 1.0)
    return float((standard[:, 1:] * standard[:, :-1]).mean()) > SMOOTH


def pictures_of(x: Tensor) -> Tensor | None:
    """Pictures [n, channels, height, width] with one channel or three; None where items are none.
    Masks and maps [n, height, width] are pictures too.
    """
    if not (x.is_floating_point() or x.dtype == torch.uint8):
        return None
    if x.ndim == 3 and min(x.shape[1:]) >= 2 * LEAST_SIDE:
        x = x.unsqueeze(1)
    if x.ndim != 4 or min(x.shape[2:]) < LEAST_SIDE:
        return None
    return x if x.shape[1] in CHANNELS else x[:, : 3 if x.shape[1] > 3 else 1]


def encoded(pictures: Tensor) -> tuple[str, ...]:
    """PNG or JPEG files of pictures [n, 1 or 3, height, width], in base64: the smallest of all
    values is black and the largest white.
    """
    pictures = pictures.float().nan_to_num()
    low, high = float(pictures.min()), float(pictures.max())
    span = high - low or 1.0
    side = max(pictures.shape[2:])
    if side > SHOWN_SIDE:
        size = [max(1, round(edge * SHOWN_SIDE / side)) for edge in pictures.shape[2:]]
        pictures = torch.nn.functional.interpolate(pictures, size, mode="area")
    whole = ((pictures - low) / span * 255).round().clamp(0, 255).to(torch.uint8)
    return tuple(_file(each) for each in whole.permute(0, 2, 3, 1).numpy())


def _file(picture: "np.ndarray[Any, Any]") -> str:
    from PIL import Image

    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    buffer = BytesIO()
    if max(picture.shape[:2]) <= AS_PNG:
        image.save(buffer, "PNG", optimize=True)
    else:
        image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return base64.b64encode(buffer.getvalue()).decode()


def _range(x: Tensor) -> str:
    values = x.float()
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"Their values range from {low:.3g} to {high:.3g}."


def _line(x: Tensor) -> Tensor:
    """One channel of a signal [n, T]: of [n, channels, T] the first, of [n, T, features] too."""
    if x.ndim == 2:
        return x
    flat = x.flatten(2) if x.ndim > 3 else x
    return flat[:, 0] if flat.shape[1] <= flat.shape[2] else flat[:, :, 0]


def _told_cells(ctx: Context, rows: Tensor) -> tuple[tuple[str, ...], list[tuple[str, ...]]] | None:
    """Rows of a table in its own units and words, where its reader can say them."""
    reader = getattr(ctx.experiment.inputs, "reader", None)
    cells = getattr(reader, "cells", None)
    if cells is None or getattr(reader, "width", None) != rows.shape[1]:
        return None
    names, told = cells(rows)
    return tuple(names), [tuple(row) for row in told]


def column_names(ctx: Context, width: int) -> tuple[str, ...]:
    """The names of the inputs of a table, where its reader knows them, else their numbers."""
    names = _reader(ctx, "input_names") or ()
    return tuple(names) if len(names) == width else tuple(f"input {k}" for k in range(width))


def _words(ctx: Context, tokens: Tensor) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Whole numbers as the words or characters that they stand for, in one cell, or in cells of
    their own where there are few.
    """
    told = told_by(ctx)
    if told is None and tokens.shape[1] <= MOST_CELLS:
        rows = tuple(tuple(str(value) for value in row) for row in tokens.tolist())
        return column_names(ctx, tokens.shape[1]), rows
    letters = told is not None and isinstance(_reader(ctx, "alphabet"), str)
    shown = tokens[:, : MOST_CHARACTERS if letters else MOST_WORDS].tolist()
    name, between = told or str, "" if letters else " "
    return ("tokens",), tuple((between.join(name(value) for value in row),) for row in shown)


def _reader(ctx: Context, what: str) -> Any:
    return getattr(getattr(ctx.experiment.inputs, "reader", None), what, None)


def told_by(ctx: Context) -> Callable[[int], str] | None:
    """What a number stands for; None where nobody knows."""
    alphabet, vocabulary = _reader(ctx, "alphabet"), _reader(ctx, "vocabulary")
    if isinstance(alphabet, str):
        return lambda value: alphabet[value] if 0 <= value < len(alphabet) else "?"
    if not isinstance(vocabulary, tuple):
        return None

    def word(value: int) -> str:
        place = value - FIRST_WORD
        return (
            str(vocabulary[place]) if 0 <= place < len(vocabulary) else ("" if not value else "?")
        )

    return word


def label_of(ctx: Context, target: Any) -> str:
    """A target in a word or a number: the name of a class, a value, the labels that are set."""
    if not isinstance(target, Tensor):
        return ""
    values = target.detach().cpu()
    if values.numel() == 1:
        value = float(values.flatten()[0])
        names = class_names(ctx)
        if ctx.task.target_kind == "real":
            return f"{in_units(ctx, values).item():.4g}"
        number = int(value) if value == int(value) else value
        if names and isinstance(number, int) and 0 <= number < len(names):
            return str(names[number])
        return f"{number:g}"
    if ctx.task.target_kind == "zero or one" and values.ndim == 1:
        return ", ".join(str(k) for k in values.nonzero().flatten().tolist()) or "none"
    return ""


def class_names(ctx: Context) -> tuple[str, ...]:
    """Of the classes, in the order of their numbers: as declared, or as the data have them, such as
    the names of folders; empty where nobody says.
    """
    kept = getattr(ctx.experiment.inputs, "classes", None)
    return tuple(map(str, ctx.data.classes or ctx.experiment.classes or kept or ()))


def in_units(ctx: Context, amounts: Tensor) -> Tensor:
    """Amounts that the model was trained on, in the unit of the target: what was scaled is scaled
    back, where there is one of them for each item.
    """
    kept = ctx.experiment.inputs
    mean, std = (
        torch.tensor(part, dtype=torch.float64).reshape(-1)
        for part in (kept and kept.scale) or (0.0, 1.0)
    )
    if mean.numel() != 1 or std.numel() != 1:
        return amounts.double()
    return mean + std * amounts.double()


def each_label(ctx: Context, data: TensorData) -> list[str]:
    """The label of every item of a small set."""
    if not isinstance(data.y, Tensor):
        return [""] * len(data)
    return [label_of(ctx, target) for target in data.y]


def is_single(data: TensorData) -> bool:
    """Whether there is one target for each item."""
    return isinstance(data.y, Tensor) and data.y.numel() == len(data)
