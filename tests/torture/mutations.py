"""Files that were damaged, by accident or on purpose."""

import copy
import json
import os
from typing import Any

from hypothesis import strategies as st

CASES = int(os.environ.get("RECIPE_TORTURE_CASES", "40"))
"""Of each reader; make torture takes 2,000."""
ODD: list[Any] = [
    None, True, 0, -1, 1e308, float("nan"), float("inf"), 10**400, "", "\x00", "\u202e", "../../x",
    "/etc/passwd", "\x1b[31m", [], {}, [[]], {"": None}, [None] * 50, "x" * 5000, {"kind": {}},
]  # fmt: skip
"""In the place of any value."""
PIECES = [b"", b"\x00", b"\xff\xfe", b'"', b"{", b"]", b"\n", b"\r", b",", b";", b"1e999", b"NaN", b"-",
          b"\xef\xbb\xbf", b"[" * 3000, b"a" * 70_000, b"\xed\xa0\x80", b"=", b"#", b"\t"]  # fmt: skip


@st.composite
def damaged(draw: Any, content: bytes) -> bytes:
    """The content with one to four pieces cut out, put in, turned round or written twice."""
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, len(content)))
        last = min(len(content), first + draw(st.sampled_from([0, 1, 2, 16, 300, 10**9])))
        how = draw(st.sampled_from(["cut", "put", "twice", "turned", "random"]))
        piece = {
            "cut": b"", "put": draw(st.sampled_from(PIECES)),
            "twice": 2 * content[first:last], "turned": content[first:last][::-1],
            "random": draw(st.binary(max_size=40)),
        }[how]  # fmt: skip
        content = content[:first] + piece + content[last:]
    return content


@st.composite
def altered(draw: Any, value: Any) -> str:
    """JSON in which one to three values are others, are missing or have another name."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        what = draw(st.integers(0, len(ODD) + 1))
        if what < len(ODD):
            holder[key] = copy.deepcopy(ODD[what])
        elif what == len(ODD):
            del holder[key]
        elif isinstance(holder, dict):
            holder[f"{key}2"] = holder.pop(key)
    return json.dumps(value)


def _places(value: Any) -> Any:
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
