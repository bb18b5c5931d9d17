"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def data_dir():
    """Folder of real data sets; tests that need one are skipped where it is missing."""
    folder = Path(os.environ.get("RECIPE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test data in {folder}: set RECIPE_TEST_DATA")
    return folder
