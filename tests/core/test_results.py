import json
import math
from dataclasses import MISSING, fields, is_dataclass, replace

import pytest

from recipe.core.chosen_model import Chosen, FinalScore, Member
from recipe.core.column_facts import ColumnFacts
from recipe.core.evidence import Evidence, Figure, curve, finite
from recipe.core.findings import Finding, RemedyOutcome, finding_from_json
from recipe.core.results import Against, Cost, RunResult, StepResult, latest
from recipe.core.trials import Best, Trial


def step(name, status="pass", round_=1, *findings):
    return StepResult(name, name.title(), round_, status, findings=findings)


def finding(rule, severity="warn", **more):
    return Finding(rule, severity, f"{rule} happened", "mend it", **more)


def full_result():
    evidence = Evidence(
        {"loss": 2.3, "classes": 10, "exact": True, "layer": "head", "missing": None},
        {"train_loss": (2.3, None, 1.5), "empty": ()},
    )
    remedy = RemedyOutcome("more-decay", True, "val_accuracy", 0.71, 0.78)
    figure = Figure(
        "curve", "Loss", ("a", "b"), "map", "lr", "rate", "loss", True, True, ("m",), ("n", "o")
    )
    trial = Trial(
        key="k", step="coarse_grid", round=2, number=7, params={"lr": 0.1, "act": "relu"},
        seed=3, status="stopped", epochs=2, planned_epochs=5, seconds=1.5, metric="accuracy",
        val_score=0.5, val_loss=1.25, best_epoch=1, reason="halving",
        curves={"val_loss": (2.0, 1.25)}, part=0.25, rung=2.25,
    )  # fmt: skip
    findings = (
        finding("a", "fail", confidence=0.5, remedy=remedy, blocks=True),
        finding("b", because="a"),
        finding("c", ignored="known"),
        finding("d", "note"),
    )
    first = StepResult(
        "coarse_grid", "Coarse", 1, "fail", "why", 2.5, evidence, findings, (figure,), "more decay"
    )
    return RunResult(
        name="run",
        diagnosis=("a",),
        steps=(first, step("other", "skip")),
        trials=(trial,),
        metric="accuracy",
        baseline=Best({"lr": 0.1}, 0.71),
        best=Best({"lr": 0.2}, 0.79, 0.6, 17, "best.safetensors"),
        cost=Cost(24, 61, 93.5, 2.4),
        environment={"torch": "2", "cores": 2},
        settings={"seed": 1, "ignore": {"c": "known"}, "only": ["a"]},
        interrupted=True,
        against=Against("main", False, "It fell.", "accuracy", 0.9, 0.79, 0.02),
        columns=(ColumnFacts("x", "number", "input", "scaled", 1, 2, ("12 kg",)),),
        chosen=Chosen(
            "ensemble",
            (Member({"lr": 0.2}, "models/a.safetensors", "seed 1"),),
            0.81,
            0.5,
            FinalScore(0.8, 0.77, 0.83, 500, 0.51, "wilson"),
        ),
    )


def test_json_round_trip_keeps_everything(tmp_path):
    result = replace(full_result(), folder=tmp_path)
    text = json.dumps(result.to_json(), allow_nan=False)
    assert RunResult.from_json(json.loads(text), folder=tmp_path) == result


def test_json_begins_with_what_scripts_read_and_holds_no_folder(tmp_path):
    data = replace(full_result(), folder=tmp_path).to_json()
    assert list(data)[:3] == ["schema", "name", "verdict"]
    assert (data["schema"], data["name"], data["verdict"]) == (1, "run", "fail")
    assert "folder" not in data
    assert data["steps"][0]["findings"][0]["remedy"]["after"] == 0.78


def test_json_of_an_empty_run():
    result = RunResult("nothing")
    assert RunResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_finding_without_remedy_reads_back():
    data = full_result().to_json()["steps"][0]["findings"][1]
    assert finding_from_json(data) == finding("b", because="a")


RECORDS = (RunResult, StepResult, Trial, Best, Cost, Evidence, Finding, Figure, RemedyOutcome)
NEWER = [
    (record, field.name)
    for record in RECORDS
    for field in fields(record)
    if field.name != "folder"
    and (field.default is not MISSING or field.default_factory is not MISSING)
]


def without(value, record, name):
    """A result as JSON has it, in which no `record` has the key `name`."""
    if is_dataclass(value):
        kept = [f.name for f in fields(value) if (type(value), f.name) != (record, name)]
        return {key: without(getattr(value, key), record, name) for key in kept}
    if isinstance(value, dict):
        return {key: without(inner, record, name) for key, inner in value.items()}
    return [without(v, record, name) for v in value] if isinstance(value, tuple | list) else value


@pytest.mark.parametrize(("record", "name"), NEWER)
def test_a_result_from_before_a_key_existed_is_read(record, name):
    result = full_result()
    old = without(result, record, name)
    old.pop("folder")
    again = RunResult.from_json(json.loads(json.dumps({"schema": 1, "verdict": "fail"} | old)))
    assert without(again, record, name) == without(result, record, name)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"steps": [{"name": "a"}]}, TypeError, "title"),
        ({"steps": None}, TypeError, "NoneType"),
        ({"trials": [{"status": "odd"}]}, ValueError, "'odd' is none of finished, stopped"),
    ],
)
def test_what_is_no_result_is_refused(change, kind, said):
    with pytest.raises(kind, match=said):
        RunResult.from_json(full_result().to_json() | change)


def test_something_else_than_an_object_is_refused():
    with pytest.raises(TypeError, match="holds a list"):
        RunResult.from_json([])


@pytest.mark.parametrize("schema", [None, 0, 2, "1"])
def test_another_schema_is_refused(schema):
    data = full_result().to_json() | {"schema": schema}
    with pytest.raises(ValueError, match=rf"schema is {schema!r}, expected 1"):
        RunResult.from_json(data)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_non_finite_numbers_become_none_everywhere(bad):
    evidence = Evidence({"x": bad, "y": 1.0}, {"c": [1, bad, None]})
    assert evidence.scalars == {"x": None, "y": 1.0}
    assert evidence.curve("c") == (1.0, None, None)
    assert evidence.number("x") is None
    trial = Trial("k", "s", 1, 0, {}, 0, "diverged", 0, 1, 0.0, val_score=bad, val_loss=bad,
                  curves={"c": (bad, 2.0)})  # fmt: skip
    assert (trial.val_score, trial.val_loss, trial.curves["c"]) == (None, None, (None, 2.0))
    best = Best({}, bad, bad)
    assert (best.val_score, best.val_loss) == (None, None)
    outcome = RemedyOutcome("r", False, "m", bad, 0.5)
    assert (outcome.before, outcome.after) == (None, 0.5)
    assert finite(bad) is None
    json.dumps(RunResult("r", trials=(trial,), best=best).to_json(), allow_nan=False)


def test_finite_values_stay():
    assert (finite(0), finite(0.0), finite(None)) == (0.0, 0.0, None)
    assert curve([1, 2.5, None]) == (1.0, 2.5, None)


@pytest.mark.parametrize("value", [[1], {"a": 1}, (1.0,), object()])
def test_evidence_refuses_other_scalars(value):
    with pytest.raises(TypeError, match=type(value).__name__):
        Evidence({"x": value})


def test_evidence_reads_by_kind():
    evidence = Evidence({"n": 0, "yes": True, "one": 1, "word": "w"})
    assert (evidence.number("n"), evidence.number("word"), evidence.number("gone")) == (
        0,
        None,
        None,
    )
    assert (evidence.flag("yes"), evidence.flag("one"), evidence.flag("gone")) == (
        True,
        False,
        False,
    )
    assert (evidence.text("word"), evidence.text("n")) == ("w", None)
    assert evidence.curve("gone") == ()


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([], "fail"),
        (["skip"], "fail"),
        (["pass"], "pass"),
        (["pass", "skip"], "pass"),
        (["pass", "warn"], "warn"),
        (["warn"], "warn"),
        (["pass", "warn", "fail"], "fail"),
        (["pass", "error"], "fail"),
        (["skip", "error"], "fail"),
    ],
)
def test_verdict_of_a_mix(statuses, verdict):
    steps = tuple(step(f"s{i}", status) for i, status in enumerate(statuses))
    assert RunResult("r", steps=steps).verdict == verdict


def test_an_interrupted_run_fails():
    assert RunResult("r", steps=(step("s"),), interrupted=True).verdict == "fail"


def test_only_the_last_round_bears_on_the_verdict_and_the_findings():
    steps = (
        step("grid", "fail", 1, finding("old", "fail")),
        step("look", "warn", 1, finding("look")),
        step("grid", "pass", 2),
    )
    result = RunResult("r", steps=steps, diagnosis=("look",))
    assert result.verdict == "warn"
    assert [f.rule for f in result.findings] == ["look"]
    assert [(s.name, s.round) for s in latest(steps)] == [("grid", 2), ("look", 1)]
    assert result.step("grid").round == 2
    with pytest.raises(KeyError, match="gone"):
        result.step("gone")


def test_findings_follow_the_diagnosis_and_leave_out_what_does_not_count():
    steps = (
        step("one", "fail", 1, finding("late", because="root"), finding("note", "note")),
        step("two", "fail", 1, finding("second"), finding("mine", ignored="ok")),
        step("three", "fail", 1, finding("root", "fail")),
    )
    result = RunResult("r", steps=steps, diagnosis=("root", "second"))
    assert [f.rule for f in result.findings] == ["root", "second", "late"]


def test_notebook_shows_the_report_with_its_plots(tmp_path):
    result = RunResult("r", steps=(step("s"),), folder=tmp_path)
    assert result._repr_markdown_() == "**r: pass**"
    (tmp_path / "report.md").write_text("![x](plots/a.png)", "utf-8")
    assert result._repr_markdown_() == "![x](plots/a.png)"  # not drawn
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "a.png").write_bytes(b"PNG")
    assert result._repr_markdown_() == "![x](data:image/png;base64,UE5H)"


def test_what_a_later_version_added_is_passed_over():
    written = RunResult("digits").to_json()
    more = {**written, "surprise": 1, "cost": {**written["cost"], "watts": 3.0}}
    assert RunResult.from_json(more) == RunResult.from_json(written)


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        (["stopped", "stopped"], "pass"),  # a budget ended them before they had a score
        (["stopped", "diverged"], "fail"),
        (["failed"], "fail"),
        (["diverged"], "fail"),
    ],
)
def test_trials_without_a_score(statuses, verdict):
    trials = tuple(
        Trial(f"k{i}", "coarse_grid", 1, i, {}, 0, status, 0, 3, 1.0)
        for i, status in enumerate(statuses)
    )
    assert RunResult("r", steps=(step("s"),), trials=trials).verdict == verdict
