"""Files of metrics in YAML, where they look like it."""

import re
from typing import Any

MOST = 1 << 23
"""Characters: the reader is slow."""
_LINE = re.compile(
    r"\s*(?:-\s+)*(?:[\w\"'/. @()-]+:(?:\s.*)?|-\s.*|---|\.\.\.|#.*|[-+\d.eE,\s\]]+)"
)
LOOKED_AT = 200


def parsed_yaml(text: str) -> Any:
    """What YAML holds, documents one after the other as a list; None where it is none."""
    lines = [line for line in text[: 1 << 16].split("\n") if line.strip()][:LOOKED_AT]
    if len(text) > MOST or len(lines) < 2 or not all(map(_LINE.fullmatch, lines)):
        return None
    if not any(re.match(r"\s*-\s|---|.*:\s*\[|\s+\S", line) for line in lines):
        return None  # pairs alone are read as a plain log
    if re.search(r"(?:^|[\s\[,:-])[&*]\w", text):
        return None  # anchors can stand for more than there is memory
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        given = list(yaml.load_all(text, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError):
        return None
    given = [document for document in given if document is not None]
    if not given or not all(isinstance(each, dict | list) for each in given):
        return None
    if len(given) == 1:
        return _text_keys(given[0])
    return [_text_keys(each) for each in given]


def _text_keys(given: Any, depth: int = 0) -> Any:
    if depth > 20:
        return None
    if isinstance(given, dict):
        return {str(key): _text_keys(value, depth + 1) for key, value in given.items()}
    if isinstance(given, list):
        return [_text_keys(value, depth + 1) for value in given]
    return given if isinstance(given, int | float | str | None) else str(given)
