from dataclasses import asdict
from json import dumps, loads

import numpy as np
import pytest
import torch

from recipe.core.evidence import Evidence, Sheet
from recipe.testing import judge_scalars, measure
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.extremes import beyond
from recipe_steps.inspect.item_rules import repeated_training_items, unusual_items
from rule_cases import NAN, Case, check
from step_samples import digits, digits_experiment, mlp

ODD = {
    "odd_axis": "contrast", "odd_count": 1, "odd_items": "839", "odd_value": 0.0, "odd_low": 0.3,
    "odd_high": 0.44,
}  # fmt: skip
ITEM_CASES = [
    Case(unusual_items, ODD, "note", says="in contrast (item 839): 0"),
    Case(unusual_items, ODD | {"odd_count": 3, "odd_axis": "distance"}, "note",
         says="3 training items lie far beyond all others in distance to the nearest other"),
    Case(unusual_items, ODD | {"odd_value": NAN}, None),
    Case(unusual_items, {"blank_items": 0}, None),
    Case(unusual_items, {"blank_items": 4, "blank_share": 0.01, "blank_where": "1, 2, 3, 4"},
         "note", says="4 training pictures are of one colour (items 1, 2, 3, 4)"),
    Case(unusual_items, {"blank_items": 40, "blank_share": 0.2, "blank_where": "1"}, None),
    Case(repeated_training_items, {"repeated_share": 0.08, "train_repeats_chance": 1e-9}, "note",
         says="8.0% of the training items"),
    Case(repeated_training_items, {"repeated_share": 0.08, "train_repeats_chance": 0.4}, None),
    Case(repeated_training_items, {"repeated_share": 0.004, "train_repeats_chance": 1e-9}, None),
    Case(repeated_training_items, {"repeated_share": 0.08, "train_repeats_chance": NAN}, None),
    Case(repeated_training_items,
         {"near_repeats": 20, "near_repeated_share": 0.1, "near_repeats_where": "3 and 17"}, "note",
         says="such as 3 and 17"),
    Case(repeated_training_items, {"near_repeats": 2, "near_repeated_share": 0.001}, None),
]  # fmt: skip


@pytest.mark.parametrize("case", ITEM_CASES, ids=str)
def test_case(case):
    check(Inspect(), case)


@pytest.mark.parametrize("seed", range(20))
def test_tails_are_no_odd_items(seed):
    source = np.random.default_rng(seed)
    assert beyond(source.normal(size=400), 1.0) is None
    assert beyond(source.uniform(size=400), 1.0) is None
    assert beyond(source.lognormal(0, 1.5, 400), 10.0) is None  # incomes
    assert beyond(source.poisson(3, 400).astype(float), 2.0) is None
    assert beyond(np.zeros(400), 1.0) is None


def test_few_values_apart_are_found_at_either_end():
    values = np.linspace(0, 1, 400)
    values[[3, 7]] = 5.0
    odd, by = beyond(values, 1.0)
    assert sorted(odd) == [3, 7]
    assert by == pytest.approx(4.0)
    values[[3, 7]] = -9.0
    assert sorted(beyond(values, 1.0)[0]) == [3, 7]
    values[:40] = -9.0  # so many belong together
    assert beyond(values, 1.0) is None


def pictures(n=400):
    x, y = digits(n)
    return x.reshape(-1, 1, 8, 8), y


def flat_mlp():
    return torch.nn.Sequential(torch.nn.Flatten(), *mlp(64, 10)())


def test_a_spoilt_picture_is_named(tmp_path):
    x, y = pictures()
    x[17] = 40.0
    given = {"train": (x, y), "val": pictures(100), "model": flat_mlp}
    evidence = measure(Inspect(), digits_experiment(**given), tmp_path)
    found = {f.rule: f for f in judge_scalars(Inspect(), evidence.scalars)}
    assert "item 17" in found["unusual-items"].message
    assert any("#17" in label for label in evidence.sheets["extremes"].labels)


def test_healthy_pictures_are_shown_and_nothing_is_said(tmp_path):
    given = {"train": pictures(), "val": pictures(100), "model": flat_mlp,
             "augment": lambda x: x + 100.0}  # fmt: skip
    evidence = measure(Inspect(), digits_experiment(**given), tmp_path)
    found = {f.rule for f in judge_scalars(Inspect(), evidence.scalars)}
    assert not found & {"unusual-items", "repeated-training-items"}
    samples = evidence.sheets["samples"]
    assert sorted({*samples.labels}, key=int) == [str(k) for k in range(10)]
    assert len(samples.pictures) == len(samples.labels) == 40
    low = float(samples.note.split("from ")[1].split(" to ")[0])
    assert low > 90  # they are shown as the transforms leave them
    assert evidence.curve("by_brightness")[0] == 0.0
    assert evidence.curve("by_brightness")[-1] == 1.0


def test_tables_and_sequences_are_shown_as_text(tmp_path):
    x = torch.randn(120, 20, generator=torch.Generator().manual_seed(0)).cumsum(1)
    wide = digits_experiment(train=(x, torch.arange(120) % 10), model=mlp(20, 10))
    evidence = measure(Inspect(), wide, tmp_path / "a")
    assert evidence.sheets["samples"].lines  # each point goes with the next one
    wide = digits_experiment(train=(x.diff(dim=1), torch.arange(120) % 10), model=mlp(19, 10))
    apart = measure(Inspect(), wide, tmp_path / "c").sheets["samples"]
    assert len(apart.rows[0]) == len(apart.header) == 14
    assert apart.note.endswith("5 more columns are not shown.")
    x = torch.arange(240.0).reshape(60, 4) % 7
    table = measure(
        Inspect(), digits_experiment(train=(x, torch.arange(60) % 10), model=mlp(4, 10)),
        tmp_path / "b",
    )  # fmt: skip
    shown = table.sheets["samples"]
    assert shown.header == ("input 0", "input 1", "input 2", "input 3")
    assert set(shown.rows) <= {tuple(f"{v:g}" for v in row) for row in x.tolist()}


def test_pictures_that_were_flattened_are_shown_as_pictures(tmp_path):
    evidence = measure(Inspect(), digits_experiment(model=mlp(64, 10)), tmp_path)
    assert evidence.sheets["samples"].pictures


def test_copies_in_training_are_noted(tmp_path):
    x, y = digits()
    x, y = torch.cat([x, x[:120]]), torch.cat([y, y[:120]])
    evidence = measure(Inspect(), digits_experiment(train=(x, y), val=digits(100)), tmp_path)
    said = judge_scalars(Inspect(), evidence.scalars)
    assert "repeated-training-items" in {f.rule for f in said}


def test_sheets_survive_json():
    sheet = Sheet(("a", "b"), lines=((1.0, float("nan")), (2.0,)), rows=(("x",), ("y",)), across=2)
    evidence = Evidence({"n": 1}, {}, {"s": sheet})
    again = Evidence(**loads(dumps(asdict(evidence))))
    assert again.sheets["s"].lines == ((1.0, None), (2.0,))
    assert again.sheets["s"].rows == (("x",), ("y",))
    assert Evidence(**loads(dumps(asdict(again)))) == again
