"""Noise in few inputs raises no alarm, and a fault in it is named first."""

import hashlib
import sys
from pathlib import Path

import pytest
import torch

import recipe

sys.path.insert(0, str(Path(__file__).parent))
from noisy import SEEN, sales_by_advertising
from noisy_faults import FAULTY, FAULTY_HELD_OUT
from noisy_held_out import HELD_OUT

HERE = Path(__file__).parent
BUDGET = "60epochs"


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def diagnosis(make, folder, **given):
    """The causes that a run names, and the reasons of steps that broke."""
    result = recipe.run(make(), out=folder, seed=0, device="cpu", fresh=True, exact=True, **given)
    return [*result.diagnosis, *(s.reason for s in result.steps if s.status == "error")]


@pytest.mark.heavy
@pytest.mark.slow
@pytest.mark.parametrize("make", [*SEEN, *HELD_OUT], ids=lambda make: make.__name__)
def test_a_noisy_problem_raises_no_alarm(make, tmp_path):
    assert diagnosis(make, tmp_path, budget=BUDGET) == []


def test_no_sample_of_it_fails(tmp_path):
    assert diagnosis(sales_by_advertising, tmp_path, until="overfit_sample") == []


CASES = [(half, name) for half in (FAULTY, FAULTY_HELD_OUT) for name in half]


@pytest.mark.heavy
@pytest.mark.slow
@pytest.mark.parametrize(
    ("half", "name"), CASES, ids=lambda part: part if isinstance(part, str) else ""
)
def test_a_fault_in_noise_is_named_first(half, name, tmp_path):
    make, causes = half[name]
    assert diagnosis(make, tmp_path, budget=BUDGET)[:1] in [[cause] for cause in causes]


def test_what_was_held_out_is_what_it_was():
    for line in (HERE / "noisy_held_out.sha256").read_text("utf-8").splitlines():
        digest, name = line.split()
        assert hashlib.sha256((HERE / name).read_bytes()).hexdigest() == digest, name


def test_held_out_draws_are_what_they_were():
    digest, name = (HERE / "label_draws_held_out.sha256").read_text("utf-8").split()
    assert hashlib.sha256((HERE / name).read_bytes()).hexdigest() == digest
