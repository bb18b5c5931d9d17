"""Logs of a few epochs of trainings that went well get no warning."""

from pathlib import Path

import pytest

from recipe.logs.reading import read
from recipe.report.log_diagnosis import diagnosed

FIXTURES = sorted((Path(__file__).parent / "fixtures").iterdir())


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_nothing_counts(path):
    found = diagnosed(path.name, read(path))
    assert [f.rule for _, f in found.findings if f.counts] == []
