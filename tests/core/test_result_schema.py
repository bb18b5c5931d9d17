"""The schema of result.json says what a run writes, and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from jsonschema import Draft202012Validator
from test_results import full_result
from torch import nn

import recipe
from recipe import Experiment
from recipe.core import chosen_model, column_facts, evidence, findings, results, trials
from recipe.core.errors import UsageError
from recipe.core.leads import Lead
from recipe.core.results import RunResult
from recipe.core.settings import Settings
from recipe.engine.run_execution import execute
from tiny import blobs, experiment

SCHEMA = json.loads(Path(recipe.__file__).with_name("result.schema.json").read_text())
DEFINED = SCHEMA["$defs"]
RECORDS = {
    name: made
    for module in (chosen_model, column_facts, evidence, findings, trials, results)
    for name, made in vars(module).items()
    if is_dataclass(made) and made not in (RunResult, Lead)
}
DERIVED = {"schema", "verdict"}
"""Keys that are no fields."""
JSON = {float: "number", int: "integer", str: "string", bool: "boolean", NoneType: "null"}


def problems(content: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(content)]


def written(result: RunResult) -> Any:
    return json.loads((result.folder / "result.json").read_text())


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return DEFINED[node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def allowed(node: Mapping[str, Any]) -> set[str]:
    """Types, records and values that a part of the schema allows."""
    if "anyOf" in node:
        return set().union(*map(allowed, node["anyOf"]))
    if "$ref" in node and node["$ref"].rpartition("/")[2] in RECORDS:
        return {node["$ref"].rpartition("/")[2]}
    node = resolved(node)
    if "enum" in node:
        return set(node["enum"])
    kind = node["type"]
    return set(kind) if isinstance(kind, list) else {kind}


def expected(hint: Any) -> set[str]:
    """The same of an annotation."""
    if hint in JSON:
        return {JSON[hint]}
    if is_dataclass(hint):
        return {hint.__name__}
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    if get_origin(hint) is UnionType:
        found = set().union(*map(expected, get_args(hint)))
        return found - {"integer"} if "number" in found else found
    return {"object" if get_origin(hint) is Mapping else "array"}


def agrees(node: Mapping[str, Any], hint: Any, place: str) -> None:
    assert allowed(node) == expected(hint), place
    inner = [each for each in get_args(hint) if each not in (str, ..., NoneType)]
    if get_origin(hint) is Mapping and inner != [Any]:
        agrees(resolved(node)["additionalProperties"], inner[0], place)
    elif get_origin(hint) is tuple:
        agrees(resolved(node)["items"], get_args(hint)[0], place)


def test_the_schema_is_one_and_every_part_is_described():
    Draft202012Validator.check_schema(SCHEMA)
    for place in (SCHEMA, *(DEFINED[name] for name in RECORDS)):
        assert place["description"]
        assert place["additionalProperties"] is False
        for name, node in place["properties"].items():
            assert node.get("description") or "$ref" in node, name


@pytest.mark.parametrize("name", [*RECORDS, "RunResult"])
def test_fields_and_schema_agree_in_both_directions(name):
    made = RECORDS.get(name, RunResult)
    node = SCHEMA if made is RunResult else DEFINED[name]
    names = [field.name for field in fields(made) if field.name != "folder"]
    derived = DERIVED if made is RunResult else set()
    assert set(node["properties"]) == {*names, *derived}
    assert set(node["required"]) == {*names, *derived}
    hints = get_type_hints(made)
    for field in names:
        agrees(node["properties"][field], hints[field], f"{name}.{field}")


def test_the_verdicts_are_those_of_the_result():
    assert SCHEMA["properties"]["verdict"]["enum"] == list(get_args(results.Verdict))
    assert SCHEMA["properties"]["schema"]["const"] == results.SCHEMA


def test_a_full_result_and_an_empty_one():
    assert not problems(json.loads(json.dumps(full_result().to_json())))
    assert not problems(json.loads(json.dumps(RunResult("nothing").to_json())))


@pytest.mark.usefixtures("without_plots")
def test_what_a_run_writes(tmp_path):
    content = written(execute(experiment, Settings(out=tmp_path), target="tiny"))
    assert not problems(content)
    assert {step["status"] for step in content["steps"]} <= {"pass", "warn"}
    assert content["best"]
    assert content["trials"]


@pytest.mark.usefixtures("without_plots")
def test_what_an_interrupted_run_writes(tmp_path):
    def interrupt(event):
        if type(event).__name__ == "TrialFinished":
            raise KeyboardInterrupt

    content = written(execute(experiment, Settings(out=tmp_path), observe=interrupt))
    assert content["interrupted"]
    assert not problems(content)


@pytest.mark.usefixtures("without_plots")
def test_what_a_failed_run_and_a_crashed_one_write(tmp_path):
    wrong = replace(experiment, model=lambda: nn.Sequential(nn.Linear(2, 3), nn.Softmax(1)))
    content = written(execute(wrong, Settings(out=tmp_path / "failed")))
    assert content["verdict"] == "fail"
    assert content["steps"][-1]["status"] == "skip"
    assert not problems(content)

    def loss(outputs, targets):
        raise ZeroDivisionError

    unusable = Experiment(model=lambda: nn.Linear(2, 3), train=blobs(), loss=loss)
    with pytest.raises(UsageError):
        execute(unusable, Settings(out=tmp_path / "crashed"))
    (folder,) = (tmp_path / "crashed").iterdir()
    content = json.loads((folder / "result.json").read_text())
    assert content["steps"][0]["status"] == "error"
    assert not problems(content)


BROKEN = {
    "a key too many": lambda c: c | {"colour": "red"},
    "a key too few": lambda c: {k: v for k, v in c.items() if k != "best"},
    "another schema": lambda c: c | {"schema": 2},
    "no verdict": lambda c: c | {"verdict": "perhaps"},
    "a status of its own": lambda c: c | {"steps": [{**c["steps"][0], "status": "ok"}]},
    "a score in words": lambda c: c | {"best": {**c["best"], "val_score": "high"}},
    "a curve of words": lambda c: c | {"trials": [{**c["trials"][0], "curves": {"a": ["b"]}}]},
    "a list of scalars": lambda c: c | {"environment": {"torch": [2]}},
    "no object": lambda _: [],
}


@pytest.mark.parametrize("name", BROKEN)
def test_others_are_rejected(name):
    content = json.loads(json.dumps(full_result().to_json()))
    assert problems(BROKEN[name](content))


EXAMPLES = sorted((Path(__file__).parents[2] / "reports" / "examples").glob("*/result.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_committed_results_are_as_the_schema_says(path):
    content = json.loads(path.read_text("utf-8"))
    assert not problems(content)
    again = json.loads(json.dumps(RunResult.from_json(content).to_json()))
    assert again == content


def test_there_are_committed_results():
    assert EXAMPLES


def test_the_command_prints_it(recipe):
    code, out, _ = recipe("schema")
    assert code == 0
    assert json.loads(out) == SCHEMA
