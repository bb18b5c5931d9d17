"""Offline files of W&B: a log of records as LevelDB keeps it, of which the history is read.

The format: after a header of seven bytes, blocks of 32 KiB with pieces of (checksum, length, kind,
data); the data are messages `Record` of wandb/proto/wandb_internal.proto.
"""

import json
import struct
from collections.abc import Iterator
from typing import Any

from recipe.logs.event_files import fields

_MARK = b":W&B"
_BLOCK = 1 << 15
_HEADER = struct.Struct("<IHB")
_FULL, _LAST = 1, 4


def is_wandb(content: bytes) -> bool:
    """Whether a file is one that W&B wrote."""
    return content.startswith(_MARK)


def rows_of_wandb(content: bytes) -> Iterator[dict[str, Any]]:
    """What each call of `wandb.log` gave, by name; a torn end is left out."""
    for record in _records(content):
        try:
            for number, _, value in fields(record):
                if number == 2 and isinstance(value, bytes):
                    yield _row(value)
        except (ValueError, IndexError, struct.error):
            continue


def _records(content: bytes) -> Iterator[bytes]:
    place = 7
    pieces: list[bytes] = []
    while place + _HEADER.size <= len(content):
        left = _BLOCK - place % _BLOCK
        if left < _HEADER.size:
            place += left
            continue
        _, length, kind = _HEADER.unpack_from(content, place)
        place += _HEADER.size
        if length > left - _HEADER.size or not _FULL <= kind <= _LAST or not length:
            place += left - _HEADER.size  # the rest of a damaged block
            pieces = []
            continue
        pieces.append(content[place : place + length])
        place += length
        if kind in (_FULL, _LAST):
            yield b"".join(pieces)
            pieces = []


def _row(history: bytes) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for number, _, value in fields(history):
        if number == 1 and isinstance(value, bytes):
            name, given = _item(value)
            if (name and not name.startswith("_")) or name == "_step":
                row[name] = given
        elif number == 2 and isinstance(value, bytes):
            for inner, _, step in fields(value):
                if inner == 1 and isinstance(step, int):
                    row.setdefault("_step", step)
    return row


def _item(message: bytes) -> tuple[str, Any]:
    names: list[str] = []
    given: Any = None
    for number, _, value in fields(message):
        if number in (1, 2) and isinstance(value, bytes):
            names.append(value.decode("utf-8", "replace"))
        elif number in (8, 16) and isinstance(value, bytes):
            given = _parsed(value)
        elif number == 5 and isinstance(value, int):
            given = value
        elif number == 6 and isinstance(value, bytes) and len(value) == 8:
            given = struct.unpack("<d", value)[0]
    return "/".join(filter(None, names)), given


def _parsed(value: bytes) -> Any:
    try:
        given = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if isinstance(given, str):  # what JSON has no number for
        return given if given in ("NaN", "Infinity", "-Infinity") else None
    return given
