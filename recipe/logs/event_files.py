"""TensorBoard's event files: records of protocol buffers, of which the scalars are read.

The format: each record is its length (8 bytes), a checksum of that, the data, and a checksum; the
data are messages `Event` of tensorflow/core/util/event.proto.
"""

import struct
from collections.abc import Iterator

Scalar = tuple[str, int, float]
"""Tag, step, value."""
LARGEST = 1 << 26
"""Bytes of one record; a longer one is a torn file."""
_DOUBLE, _FLOAT = 2, 1
_HEADER = struct.Struct("<QI")


def is_event_file(content: bytes) -> bool:
    """Whether the first record is one of an event file: a time, and usually the file's version."""
    if len(content) < 16:
        return False
    length, _ = _HEADER.unpack_from(content)
    return length < LARGEST and content[12:13] == b"\x09" and length >= 9


def scalars_of(content: bytes) -> Iterator[Scalar]:
    """The scalars of an event file; a torn end is left out."""
    place = 0
    while place + 16 <= len(content):
        length, _ = _HEADER.unpack_from(content, place)
        if length > LARGEST or place + 16 + length > len(content):
            return
        try:
            yield from _of_event(content[place + 12 : place + 12 + length])
        except (ValueError, IndexError, struct.error):
            return
        place += 16 + length


def fields(message: bytes) -> Iterator[tuple[int, int, bytes | int]]:
    """(number, wire type, value) of each field of a protocol buffer.

    Raises:
        ValueError: the bytes are none.

    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield number, kind, value
            continue
        if kind == 2:
            size, place = _varint(message, place)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError("no protocol buffer")
        if place + size > len(message):
            raise ValueError("a torn message")
        yield number, kind, message[place : place + size]
        place += size


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 70:
            raise ValueError("no number")


def _of_event(event: bytes) -> Iterator[Scalar]:
    step, summary = 0, b""
    for number, kind, value in fields(event):
        if number == 2 and kind == 0 and isinstance(value, int):
            step = value if value < 1 << 63 else value - (1 << 64)
        elif number == 5 and isinstance(value, bytes):
            summary = value
    for number, _, value in fields(summary):
        if number == 1 and isinstance(value, bytes):
            yield from ((tag, step, scalar) for tag, scalar in _of_value(value))


def _of_value(message: bytes) -> Iterator[tuple[str, float]]:
    tag = ""
    scalar: float | None = None
    for number, kind, value in fields(message):
        if not isinstance(value, bytes):
            continue
        if number == 1:
            tag = value.decode("utf-8", "replace")
        elif number == 2 and kind == 5:
            scalar = struct.unpack("<f", value)[0]
        elif number == 8:
            scalar = _of_tensor(value)
    if tag and scalar is not None:
        yield tag, scalar


def _of_tensor(message: bytes) -> float | None:
    """The one number of a tensor; None where it has more, or is of another type."""
    kind, content, size = 0, b"", 1
    for number, wire, value in fields(message):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes):
            size = len(value)  # of the shape: a scalar's is empty
        elif number in (4, 5, 6) and isinstance(value, bytes) and wire in (1, 2, 5):
            content = value
    if size > 4 or kind not in (_FLOAT, _DOUBLE):
        return None
    width, code = (4, "<f") if kind == _FLOAT else (8, "<d")
    return float(struct.unpack(code, content)[0]) if len(content) == width else None
