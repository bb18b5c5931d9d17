"""JSON files as records: one object per row."""

import json
from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError
from recipe.sources.unpacking import unpacked

JSON_LINES = (".jsonl", ".ndjson")


def records_of(path: Path) -> list[dict[str, Any]]:
    """Records: one object per line, a list of them, or a list under one key.

    Raises:
        UsageError: it cannot be read, or holds something else.

    """
    try:
        text = unpacked(path).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is no UTF-8 text ({error.reason}): save it so.") from error
    records = _lines(path, text) if path.suffix.lower() in JSON_LINES else _whole(path, text)
    odd = next((place for place, each in enumerate(records, 1) if not isinstance(each, dict)), None)
    if odd is not None or not records:
        what = f"record {odd} is no object" if records else "it is empty"
        raise UsageError(
            f'{str(path)!r} is no table ({what}): write one object per row, as in {{"text": "fine",'
            ' "label": "good"}.'
        )
    return records


def _lines(path: Path, text: str) -> list[Any]:
    found = []
    for place, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise UsageError(
                    f"{str(path)!r} holds no JSON in line {place} ({error}): fix that line."
                ) from error
    return found


def _whole(path: Path, text: str) -> list[Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return _lines(path, text)  # JSON lines under the name .json, as data sets often come
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        data = lists[0] if len(lists) == 1 else [data]
    return data if isinstance(data, list) else [data]
