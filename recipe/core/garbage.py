"""Less work for the garbage collector while large libraries are imported."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 50_000, 20, 1000
"""Thresholds: a pass for each so many new objects, and none over the old ones."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Import and load with few passes of the collector; later ones leave out what came of it.

    Torch and scikit-learn make half a million objects that stay for good. Passing over them again
    and again takes an eighth of the processor time of their import.
    """
    if gc.get_freeze_count():  # of an earlier run, whose garbage must not stay
        gc.unfreeze()
        gc.collect()
    usual = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*usual)
