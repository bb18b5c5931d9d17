"""Loops that pass batches in parts, beside the update on the whole batch."""

import loops_in_parts_held_out as others
import pytest
import torch
from loops_in_parts import FAULTY, IGNORED, SOUND, norm_in_parts, not_divided, plain
from torch import nn

from recipe import Experiment
from recipe.testing import judge_scalars, measure
from recipe_steps.overfit_sample import OverfitSample
from recipe_steps.overfit_sample.accumulation_rules import update_differs_from_batch
from rule_cases import NAN, Case, check

LENGTH = 6


class Tagger(nn.Module):
    def __init__(self, norm=False, dropout=0.0):
        super().__init__()
        self.table, self.norm = nn.Embedding(12, 16), norm
        self.middle = nn.Linear(16, 24)
        self.scale = nn.BatchNorm1d(24) if norm else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(24, 3)

    def forward(self, x):
        h = self.middle(self.table(x)).mT
        return self.head(self.dropout(self.scale(h).mT.relu()))


def tagged(n=245):
    source = torch.Generator().manual_seed(1)
    x = torch.randint(0, 12, (n, LENGTH), generator=source)
    ends = torch.randint(1, LENGTH + 1, (n, 1), generator=source)
    return x, (x % 3).masked_fill(torch.arange(LENGTH) >= ends, IGNORED)


def marks(update, folder, **model):
    experiment = Experiment(
        model=lambda: Tagger(**model), train=tagged(), val=tagged(80),
        task="token_classification", batch_size=32, lr=0.05, epochs=2, update=update,
    )  # fmt: skip
    return measure(OverfitSample(), experiment, folder).scalars


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.PASSES", 2)
    monkeypatch.setattr("recipe_steps.overfit_sample.attempts.LAST_PASSES", 2)


@pytest.mark.parametrize("update", FAULTY | others.FAULTY, ids=lambda update: update.__name__)
def test_a_faulty_loop_is_found_with_its_cause(update, tmp_path):
    model = {"norm": update is norm_in_parts, "dropout": 0.3 * (update.__name__[:4] == "seed")}
    scalars = marks(update, tmp_path, **model)
    assert scalars.get("accumulation_fault") == (FAULTY | others.FAULTY)[update], {
        k: v for k, v in scalars.items() if k.startswith("accum")
    }
    found = {f.rule: f for f in judge_scalars(OverfitSample(), scalars, {})}
    assert found["update-differs-from-batch"].severity in ("note", "warn", "fail")


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("update", [*SOUND, *others.SOUND], ids=lambda update: update.__name__)
def test_a_sound_loop_is_none(update, dropout, tmp_path):
    scalars = marks(update, tmp_path, dropout=dropout)
    assert "accumulation_fault" not in scalars


def test_nothing_is_said_of_the_recipe_s_own_update(tmp_path):
    assert "accumulation_parts" not in marks(None, tmp_path)


def fault(name, **given):
    return {"accumulation_fault": name, "accumulation_parts": 4, "accumulation_items": 32} | {
        f"accumulation_{key}": value for key, value in given.items()
    }


ACCUMULATION_CASES = [
    Case(update_differs_from_batch, fault("not divided"), "fail", says="4 times as large"),
    Case(update_differs_from_batch, fault("mean of means", low=0.9, high=1.4), "warn", says="1.4"),
    Case(update_differs_from_batch, fault("padding", counted=0.6), "warn", says="60%"),
    Case(update_differs_from_batch, fault("cleared"), "fail", says="cleared"),
    Case(update_differs_from_batch, fault("items left out", missing=5), "fail", says="5 items"),
    Case(update_differs_from_batch, fault("a step for each part", steps=4), "fail", says="4 times"),
    Case(update_differs_from_batch, fault("rates", steps=4), "warn", says="4 times"),
    Case(update_differs_from_batch, fault("clipped apart"), "warn", says="clipped"),
    Case(update_differs_from_batch, fault("clipped before unscaling"), "fail", says="scale"),
    Case(update_differs_from_batch, fault("seed"), "warn", says="seed"),
    Case(update_differs_from_batch, fault("batch norm"), "note", says="4 parts"),
    Case(update_differs_from_batch, fault("not known"), None),
    Case(update_differs_from_batch, {"accumulation_fault": NAN}, None),
    Case(update_differs_from_batch, {}, None),
]


@pytest.mark.parametrize("case", ACCUMULATION_CASES, ids=str)
def test_the_rule(case):
    check(OverfitSample(), case)


def test_the_loops_are_apart():
    assert not set(FAULTY) & set(SOUND)
    assert not_divided in FAULTY
    assert plain in SOUND
