"""Garbage collection around a run."""

import gc
import weakref
from itertools import count

import pytest

import recipe
from recipe.machine.memory import earlier_objects_frozen
from tiny import experiment


class Knot:
    """A cycle that only the garbage collector can undo."""

    def __init__(self):
        self.itself = self


@pytest.fixture(autouse=True)
def nothing_frozen():
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    yield
    gc.unfreeze()
    if frozen:
        gc.freeze()


def test_objects_from_before_are_passed_over_until_the_end(monkeypatch):
    monkeypatch.setattr("recipe.machine.memory._RUNS", count())
    earlier = weakref.ref(Knot())
    with earlier_objects_frozen():
        later = weakref.ref(Knot())
        gc.collect()
        assert earlier() is not None
        assert later() is None
    gc.collect()
    assert earlier() is None
    assert gc.get_freeze_count() == 0


def test_an_exception_thaws_them_too():
    with pytest.raises(ZeroDivisionError), earlier_objects_frozen():
        1 / 0  # noqa: B018
    assert gc.get_freeze_count() == 0


def test_what_somebody_froze_stays_frozen():
    gc.freeze()
    count = gc.get_freeze_count()
    with earlier_objects_frozen():
        pass
    assert gc.get_freeze_count() == count


def test_a_run_leaves_nothing_frozen(tmp_path):
    frozen = []
    recipe.run(
        experiment,
        until="inspect",
        out=tmp_path,
        observe=lambda _: frozen.append(gc.get_freeze_count()),
    )
    assert min(frozen) > 0
    assert gc.get_freeze_count() == 0


def test_garbage_of_an_earlier_run_does_not_stay():
    with earlier_objects_frozen():
        pass
    garbage = weakref.ref(Knot())
    with earlier_objects_frozen():
        assert garbage() is None
