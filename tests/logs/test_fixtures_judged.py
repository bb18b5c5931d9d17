"""Logs of trainings that went well get no warning, those of others the right one."""

from pathlib import Path

import pytest

from recipe.logs.reading import read
from recipe.report.log_diagnosis import diagnosed

FIXTURES = sorted((Path(__file__).parent / "fixtures").iterdir())
SICK = {"hf_zero.txt": ["loss-became-nan"], "kuangliu.txt": ["overfitting"],
        "lightgbm_went_back.txt": ["overfitting"]}  # fmt: skip


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_nothing_else_counts(path):
    found = diagnosed(path.name, read(path))
    assert [f.rule for _, f in found.findings if f.counts] == SICK.get(path.name, [])
