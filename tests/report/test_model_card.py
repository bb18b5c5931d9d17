"""The card of a model, as hubs read it."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from recipe.core.column_facts import ColumnFacts
from recipe.core.errors import UsageError
from recipe.core.results import RunResult
from recipe.notebook.run_folder import load
from recipe.report.model_card import model_card
from report_samples import full_run

DIGITS = Path(__file__).parents[2] / "reports" / "examples" / "digits"


def parts(card):
    _, head, body = card.split("---\n", 2)
    return yaml.safe_load(head), body


def test_scores_and_settings_stand_in_it():
    result = load(DIGITS / "result.json")
    head, body = parts(model_card(result, {"kind": "images", "shape": [1, 8, 8]}))
    assert head["pipeline_tag"] == "image-classification"
    (index,) = head["model-index"]
    values = {m["name"]: m["value"] for m in index["results"][0]["metrics"]}
    assert values["accuracy on validation data"] == pytest.approx(result.chosen.val_score, rel=1e-5)
    assert values["accuracy on test data"] == pytest.approx(result.chosen.test.score, rel=1e-5)
    assert f"| weight_decay | {result.best.params['weight_decay']} |" in body
    assert "$ recipe run digits" in body


def test_a_table_names_its_columns_and_classes():
    columns = (
        ColumnFacts("age", "number", "input", "as it is"),
        ColumnFacts("id", "identifier", "left out", "a running number"),
        ColumnFacts("ill", "boolean", "target", ""),
    )
    card = model_card(
        replace(full_run(), columns=columns),
        {"kind": "table", "task": "binary", "shape": [1], "classes": ["no", "yes\n# hostile"]},
    )
    head, body = parts(card)
    assert head["pipeline_tag"] == "tabular-classification"
    assert "Columns: `age`." in body
    assert "\n# hostile" not in body


def test_names_that_mean_something_in_yaml():
    for name in ('a: "b"', "- x\n---\n", "yes", "\x1b[31m"):
        result = replace(full_run(), name=name, settings={"data": name})
        head, _ = parts(model_card(result, {"kind": "images"}))
        assert head["model-index"][0]["name"] == name


def test_a_run_without_a_model():
    with pytest.raises(UsageError, match="left no model"):
        model_card(RunResult("empty"))


def test_the_command(recipe, tmp_path):
    code, out, _ = recipe("card", str(DIGITS))
    assert code == 0
    assert out.startswith("---\nlibrary_name: pytorch")
    file = tmp_path / "README.md"
    assert recipe("card", str(DIGITS), "--write", str(file))[0] == 0
    assert file.read_text() == out
    code, _, err = recipe("card", str(DIGITS), "--write", str(file))
    assert (code, "is there already" in err) == (2, True)
