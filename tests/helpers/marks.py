"""Which cases of a test are quick."""

import pytest


def slow_but(quick, cases):
    """The cases as parameters, all of them slow but the ones in `quick`."""
    return [case if case in quick else pytest.param(*_several(case), marks=pytest.mark.slow)
            for case in cases]  # fmt: skip


def _several(case):
    return case if isinstance(case, tuple) else (case,)


def heavy(*case):
    """A further case of a long list of like runs."""
    return pytest.param(*case, marks=[pytest.mark.slow, pytest.mark.heavy])
