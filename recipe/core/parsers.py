"""What a user wrote as the value of an option, checked; ValueError says what is wrong with it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LARGEST_SIZE = 4096
SEEDS = 1 << 32
"""As many as NumPy's generators take."""


def parse_ignore(value: Any) -> dict[str, str]:
    """`RULE=REASON`, a list of them, or a table; ValueError when a reason is missing."""
    if isinstance(value, Mapping):
        pairs = [(str(rule), str(reason)) for rule, reason in value.items()]
    else:
        items = [value] if isinstance(value, str) else list(value)
        pairs = [(rule, reason) for rule, _, reason in (str(item).partition("=") for item in items)]
    for name, reason in pairs:
        if not name.strip() or not reason.strip():
            raise ValueError(f"{name!r} has no reason: write RULE=REASON")
    return {name.strip(): reason.strip() for name, reason in pairs}


def parse_kinds(known: tuple[str, ...]) -> Callable[[Any], dict[str, str]]:
    """A parser of `NAME=KIND`, a list of them, or a table; ValueError where the kind is another one
    than those known. A name may have an equals sign in it.
    """

    def parse(value: Any) -> dict[str, str]:
        if isinstance(value, Mapping):
            pairs = [(str(name), str(kind)) for name, kind in value.items()]
        else:
            items = [value] if isinstance(value, str) else list(value)
            pairs = [(n, kind) for n, _, kind in (str(item).rpartition("=") for item in items)]
        for name, kind in pairs:
            if not name or kind.strip() not in known:
                raise ValueError(
                    f"{f'{name}={kind}' if name else kind!r} is not NAME=KIND, where KIND is one "
                    f"of {', '.join(known)}"
                )
        return {name: kind.strip() for name, kind in pairs}

    return parse


def parse_logs(known: tuple[str, ...]) -> Callable[[Any], tuple[str, ...]]:
    """A parser of `KIND:FOLDER` or a list of them."""

    def parse(value: Any) -> tuple[str, ...]:
        items = (value,) if isinstance(value, str) else tuple(map(str, value))
        for item in items:
            kind, _, folder = item.partition(":")
            if kind not in known or not folder.strip():
                raise ValueError(
                    f"{item!r} is not KIND:FOLDER, where KIND is one of {', '.join(known)}"
                )
        return items

    return parse


def parse_names(value: Any) -> tuple[str, ...]:
    """One name or a list of names."""
    if isinstance(value, str):
        return (value,)
    if not all(isinstance(name, str) for name in value):
        raise ValueError(f"{value!r} is no list of names")
    return tuple(value)


def parse_flag(value: Any) -> bool:
    """True or false, nothing that merely looks like it."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004
    return value


def parse_whole(value: Any, least: int = 0) -> int:
    """A whole number of at least `least`."""
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d+", str(value).strip()):
        raise ValueError(f"{value!r} is not a whole number")
    if int(value) < least:
        raise ValueError(f"{value!r} is less than {least}")
    return int(value)


def parse_seed(value: Any) -> int:
    """A seed that every generator takes."""
    seed = parse_whole(value)
    if seed >= SEEDS:
        raise ValueError(f"{value!r} is more than {SEEDS - 1}, the largest seed")
    return seed


def parse_epochs(value: Any) -> int:
    """At least one epoch."""
    return parse_whole(value, least=1)


def parse_size(value: Any) -> int:
    """A side of at least 8 pixels, and no more than a model can be trained on."""
    size = parse_whole(value, least=8)
    if size > LARGEST_SIZE:
        raise ValueError(f"{value!r} is more than {LARGEST_SIZE} pixels")
    return size


def parse_column(value: Any) -> str:
    """The name of a column, or its number."""
    return parse_text(str(value) if isinstance(value, int) else value)


def parse_text(value: Any) -> str:
    """Plain text."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not a name")
    return value


def parse_path(value: Any) -> Path:
    """A path."""
    return Path(parse_text(str(value) if isinstance(value, Path) else value))


def parse_device(known: tuple[str, ...]) -> Callable[[Any], str]:
    """A parser that takes one of these words, or one of several GPUs by its number."""

    def parse(value: Any) -> str:
        numbered = isinstance(value, str) and re.fullmatch(r"cuda:\d{1,3}", value)
        return str(value) if numbered else one_of_these(known)(value)

    return parse


def parse_devices(value: Any) -> str:
    """`all`, how many, or a list of GPUs by number, or of `cpu`; as it is written then."""
    listed = [value] if isinstance(value, str | int) and not isinstance(value, bool) else value
    if not isinstance(listed, list | tuple):
        raise ValueError(f"{value!r} is neither all, a number, nor a list such as 0,1")  # noqa: TRY004
    words = [word.strip() for each in listed for word in str(each).split(",")]
    words = [word.removeprefix("cuda:") if "," in str(value) else word for word in words]
    whole = len(words) == 1 and re.fullmatch(r"all|[1-9]\d{0,2}|cpu|cuda:\d{1,2}", words[0])
    if whole or (len(words) > 1 and (set(words) == {"cpu"} or all(map(_is_place, words)))):
        return ",".join(words)
    if words == ["0"]:
        raise ValueError("'0' is no number of devices: write cuda:0 for the first GPU alone")
    raise ValueError(
        f"{value!r} is neither all, a number of devices, nor a list such as 0,1 or cpu,cpu"
    )


def _is_place(word: str) -> bool:
    return re.fullmatch(r"\d{1,2}", word) is not None


def parse_share(value: Any) -> float:
    """A share of a whole, above 0 and up to 1."""
    share = float(value) if not isinstance(value, bool) else 0.0
    if not 0 < share <= 1:
        raise ValueError(f"{value!r} is no share: write a number above 0 and up to 1, such as 0.5")
    return share


def one_of_these(known: tuple[str, ...]) -> Callable[[Any], str]:
    """A parser that takes one of these words; ValueError names them."""

    def parse(value: Any) -> str:
        if value not in known:
            raise ValueError(f"{value!r} is none of {', '.join(known)}")
        return str(value)

    return parse
