"""Keys name work by everything it depends on; seeds derive from keys.

The same key means the same result, so a journal can answer for work done before, and a resumed
run draws the same random numbers without a saved generator state.
"""

import hashlib
import json
from typing import Any


def key(*parts: Any) -> str:
    """A short hash of JSON-able parts; equal parts give equal keys on every machine."""
    return hashlib.blake2b(
        _canonical(parts).encode("utf-8", "surrogatepass"), digest_size=10
    ).hexdigest()


def derive_seed(*parts: Any) -> int:
    """A seed in [0, 2**31) that depends on every part."""
    return int(key("seed", *parts), 16) % 2**31


def _canonical(parts: Any) -> str:
    """JSON that does not depend on the order of a mapping; paths and the like as text."""
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, allow_nan=False, default=str)
