"""What people train: sound experiments pass without an alarm, and a fault is named first."""

import importlib
from pathlib import Path

import pytest
import torch
from table import SITUATIONS, page

import recipe

END = "overfit_sample"
QUIET = ("note",)


def made(name, folder):
    module, _, function = name.partition(":")
    make = getattr(importlib.import_module(module), function)
    return make(folder) if function.startswith("web_dataset") else make()


def found(experiment, folder):
    """What counts against an experiment, the most probable cause first."""
    from recipe.report.finding_texts import causes

    result = recipe.run(experiment, until=END, out=folder)
    broken = [step.reason for step in result.steps if step.status == "error"]
    assert broken == []
    return [each.finding.rule for each in causes(result) if each.finding.severity not in QUIET]


def cases(of):
    for number, each in enumerate(SITUATIONS, 1):
        name = each.sound if of == "sound" else each.faulty
        marks = [pytest.mark.slow] if each.slow else []
        marks += [pytest.mark.heavy] if each.heavy else []
        yield pytest.param(each, id=f"{number}-{name.partition(':')[2]}", marks=marks)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("situation", list(cases("sound")))
def test_a_sound_experiment_passes(situation, tmp_path):
    if situation.library:
        pytest.importorskip(situation.library, reason=f"{situation.library} is not installed")
    assert found(made(situation.sound, tmp_path), tmp_path) == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("situation", list(cases("fault")))
def test_its_fault_is_named_first(situation, tmp_path):
    if situation.library:
        pytest.importorskip(situation.library, reason=f"{situation.library} is not installed")
    rules = found(made(situation.faulty, tmp_path), tmp_path)
    assert rules[:1] == [situation.rule]


def test_the_page_is_that_of_the_tests():
    path = Path(__file__).parents[2] / "docs" / "situations.md"
    assert path.read_text("utf-8") == page(), "python tests/tools/situations.py --write"
