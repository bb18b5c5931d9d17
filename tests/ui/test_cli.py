"""The command line: exit codes, messages, files; run in this process, as a user would type it."""

import json
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from recipe.notebook.journal import Journal

pytestmark = pytest.mark.usefixtures("without_plots", "here")

GOOD = """
from tiny import blobs, network
from recipe import Experiment
import torch
experiment = Experiment(model=network, train=blobs(), batch_size=32, epochs=6)
"""

SOFT = GOOD.replace(
    "model=network", "model=lambda: torch.nn.Sequential(network(), SOFTMAX)"
).replace("import torch", "import torch\nSOFTMAX = torch.nn.Softmax(1)")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def write(text, name="bad.py"):
    Path(name).write_text(textwrap.dedent(text))
    return name


def declared(**changes):
    """A target file whose experiment differs from the good one in some arguments."""
    arguments = {"model": "network", "train": "blobs()", "batch_size": "32", "epochs": "6"}
    body = ", ".join(f"{k}={v}" for k, v in {**arguments, **changes}.items())
    return GOOD[: GOOD.index("experiment =")] + f"experiment = Experiment({body})\n"


def one_sentence(err):
    lines = [line for line in err.splitlines() if line]
    assert len(lines) == 1, err
    assert lines[0].startswith("Error: ")
    assert "Traceback" not in err
    return lines[0]


BAD_TARGETS = {
    "no such file": (None, ["missing.py"], ["missing.py", "digits"]),
    "no such target": (None, ["nothing"], ["nothing", "digits"]),
    "without experiment": ("x = 1", ["bad.py"], ["bad.py", "experiment"]),
    "no experiment": ("experiment = 3", ["bad.py"], ["int", "Experiment"]),
    "does not load": ("import nowhere_to_be_found", ["bad.py"], ["nowhere_to_be_found", "bad.py:1"]),
    "syntax": ("x = (", ["bad.py"], ["SyntaxError", "bad.py"]),
    "unknown argument": (declared(lerning_rate="1"), ["bad.py"], ["lerning_rate", "bad.py:5"]),
    "unknown optimizer": (declared(optimizer="'adm'"), ["bad.py"], ["adm", "'adam'"]),
    "factory raises": (declared(model="lambda: 1 / 0"), ["bad.py"], ["ZeroDivisionError", "bad.py:5"]),
    "factory of no module": (declared(model="lambda: 3"), ["bad.py"], ["int", "torch.nn.Module"]),
    "a module": (declared(model="network()"), ["bad.py"], ["lambda: MyNet()"]),
    "no items": (declared(train="blobs(0)"), ["bad.py"], ["train has no items"]),
    "lengths": (declared(train="(blobs()[0], blobs()[1][:7])"), ["bad.py"], ["240", "7"]),
    "labels too large": (
        declared(train="(blobs()[0], blobs()[1] + 1)"), ["bad.py"], ["1 to 3", "0..2"],
    ),
    "labels negative": (
        declared(train="(blobs()[0], blobs()[1] - 1)"), ["bad.py"], ["-1 to 1", "0..2"],
    ),
    "float labels": (
        declared(train="(blobs()[0], blobs()[1] + 0.5)"), ["bad.py"], ["float32", "int64"],
    ),
    "inputs with NaN": (
        declared(train="(blobs()[0].log(), blobs()[1])"), ["bad.py"], ["NaN", "columns 0, 1"],
    ),
    "shapes do not fit": (
        declared(train="(torch.zeros(64, 5), torch.arange(64) % 3)"), ["bad.py"],
        ["[4, 5]", "first layer"],
    ),
    "more classes than outputs": (
        declared(train="(torch.randn(60, 2), torch.arange(60) % 6)"), ["bad.py"], ["6 classes", "3"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "args", "parts"), BAD_TARGETS.values(), ids=BAD_TARGETS)
def test_an_unusable_experiment_is_one_sentence_and_code_2(recipe, source, args, parts):
    if source is not None:
        write(source)
    code, _, err = recipe("run", *args, "--no-input")
    assert code == 2, err
    said = one_sentence(err)
    for part in parts:
        assert part in said


BAD_OPTIONS = {
    "device": (["--device", "tpu"], ["--device", "tpu", "cuda"]),
    "absent device": (["--device", "mps"], ["mps", "--device cpu"]),
    "budget": (["--budget", "soon"], ["--budget", "soon", "40epochs"]),
    "epochs": (["--epochs", "0"], ["--epochs", "0"]),
    "seed": (["--seed", "one"], ["--seed", "one"]),
    "search": (["--search", "gird"], ["gird", "random"]),
    "step": (["--until", "lr_rang"], ["lr_rang", "lr_range"]),
    "skipped step": (["--skip", "everything"], ["everything", "inspect"]),
    "rule": (["--ignore", "over-fitting=known"], ["over-fitting", "overfitting"]),
    "reason": (["--ignore", "overfitting"], ["overfitting", "RULE=REASON"]),
    "option": (["--nope"], ["--nope"]),
}


@pytest.mark.parametrize(("args", "parts"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_a_bad_option_is_one_sentence_code_2_and_leaves_no_run(recipe, args, parts):
    code, _, err = recipe("run", write(GOOD, "good.py"), *args)
    assert code == 2
    said = one_sentence(err)
    for part in parts:
        assert part in said
    assert not list(Path.cwd().glob("reports/*"))


BROKEN_CONFIGS = {
    "no toml": ("recipe.toml", "seed = = 3", ["recipe.toml", "TOML"]),
    "unknown key": ("recipe.toml", "sed = 3", ["recipe.toml", "'sed'", "'seed'"]),
    "bad value": ("recipe.toml", "epochs = 'many'", ["recipe.toml", "'epochs'", "many"]),
    "pyproject": ("pyproject.toml", "[tool.recipe]\nstrict = 1", ["pyproject.toml", "'strict'"]),
}


@pytest.mark.parametrize(("name", "text", "parts"), BROKEN_CONFIGS.values(), ids=BROKEN_CONFIGS)
def test_a_broken_config_names_file_and_key(recipe, name, text, parts):
    Path(name).write_text(text)
    code, _, err = recipe("run", write(GOOD, "good.py"))
    assert code == 2
    for part in parts:
        assert part in one_sentence(err)


def test_an_output_folder_that_cannot_be_written(recipe):
    Path("taken").write_text("a file")
    code, _, err = recipe("run", write(GOOD, "good.py"), "--out", "taken/below")
    assert code == 2
    assert "taken/below" in one_sentence(err)
    assert Path("taken").read_text() == "a file"


def test_no_target(recipe):
    code, _, err = recipe("run")
    assert code == 2
    assert "digits" in one_sentence(err)


def run_folder(out="reports"):
    (folder,) = Path(out).iterdir()
    return folder


def test_check_ends_after_step_3_and_writes_the_run_folder(recipe):
    code, out, err = recipe("check", write(GOOD, "good.py"), "--no-input")
    assert code == 0, err
    result = json.loads((run_folder() / "result.json").read_text())
    statuses = {step["name"]: step["status"] for step in result["steps"]}
    assert list(statuses.values())[:4] == ["pass"] * 4
    assert statuses["coarse_grid"] == statuses["learning_curves"] == "skip"
    assert result["schema"] == 1
    assert result["verdict"] == "pass"
    assert "Verdict: pass" in out
    for name in ("report.md", "journal.jsonl", "recipe.toml"):
        assert (run_folder() / name).stat().st_size
    assert not (run_folder() / "junit.xml").exists()


@pytest.mark.parametrize(
    ("flags", "toml", "expected"),
    [
        ([], "", "2m"),
        (["--budget", "5m"], "", "5m"),
        ([], 'budget = "3m"\n', "3m"),
        (["--budget", "40epochs"], "", "40epochs"),
    ],
)
def test_a_check_has_two_minutes_unless_something_else_is_said(recipe, flags, toml, expected):
    Path("recipe.toml").write_text(toml)
    code, _, err = recipe("check", write(GOOD, "good.py"), "--until", "inspect", *flags)
    assert code == 0, err
    result = json.loads((run_folder() / "result.json").read_text())
    assert result["settings"]["budget"] == expected
    assert result["left_out"] == []


PROBABILITIES = declared(
    model="lambda: torch.nn.Sequential(network(), torch.nn.Softmax(1))", name="'soft'"
)


def test_a_failed_gate_is_code_1_and_stops_there(recipe):
    code, out, _ = recipe("run", write(PROBABILITIES), "--no-input")
    assert code == 1
    result = json.loads((run_folder() / "result.json").read_text())
    assert result["diagnosis"][0] == "softmax-before-loss"
    assert result["verdict"] == "fail"
    assert "return logits" in out
    assert {s["status"] for s in result["steps"][2:]} == {"skip"}
    assert "initial_loss" in result["steps"][2]["reason"]


def test_an_ignored_rule_does_not_count_but_is_kept_with_its_reason(recipe):
    reason = "softmax-before-loss=wanted here"
    recipe("check", write(PROBABILITIES), "--until", "initial_loss", "--ignore", reason)
    result = json.loads((run_folder() / "result.json").read_text())
    (finding,) = result["steps"][1]["findings"]
    assert finding["ignored"] == "wanted here"
    assert result["diagnosis"] == []
    assert result["verdict"] == "pass"


def test_strict_fails_on_a_warning(recipe):
    few = "torch.cat([blobs()[{0}][:3], blobs(400)[{0}][303:]])"
    target = write(declared(val=f"({few.format(0)}, {few.format(1)})"))
    code, out, _ = recipe("check", target, "--until", "inspect")
    assert code == 0, out
    assert "Verdict: warn" in out
    strict, _, _ = recipe("check", target, "--until", "inspect", "--strict", "--out", "third")
    assert strict == 1


def test_json_goes_to_standard_output_and_all_else_to_standard_error(recipe):
    code, out, err = recipe("check", write(GOOD, "good.py"), "--json", "--until", "initial_loss")
    assert code == 0
    result = json.loads(out)
    assert result == json.loads((run_folder() / "result.json").read_text())
    assert "Check the initial loss" in err


def test_ci_writes_junit_and_github_annotations(recipe, monkeypatch, here):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here / "summary.md"))
    code, out, _ = recipe("check", write(PROBABILITIES), "--ci")
    assert code == 1
    assert "::error title=softmax-before-loss::" in out
    assert "softmax-before-loss" in (here / "summary.md").read_text()
    suites = ET.parse(run_folder() / "junit.xml").getroot()
    assert len(list(suites.iter("failure"))) >= 1
    assert {case.get("name") for case in suites.iter("testcase")} >= {"inspect", "initial_loss"}


def test_options_come_from_recipe_toml_and_a_flag_wins(recipe):
    write(GOOD, "good.py")
    Path("recipe.toml").write_text('target = "good.py"\nuntil = "inspect"\nseed = 4\n')
    code, _, err = recipe("run", "--seed", "5")
    assert code == 0, err
    result = json.loads((run_folder() / "result.json").read_text())
    assert result["settings"]["seed"] == 5
    assert [s["status"] for s in result["steps"]][:2] == ["pass", "skip"]


def test_a_run_writes_its_report_as_html_where_asked(recipe):
    code, out, _ = recipe("check", write(GOOD, "good.py"), "--html", "--until", "inspect")
    assert code == 0
    assert f"Report: {run_folder() / 'report.html'}" in out
    page = (run_folder() / "report.html").read_text()
    assert "recipe run good.py --budget 2m --until inspect" in page
    assert "--html" in page


def test_report_renders_an_old_run_again_and_complains_about_others(recipe, here):
    recipe("check", write(GOOD, "good.py"), "--until", "initial_loss")
    report = run_folder() / "report.md"
    before = report.read_text()
    report.unlink()
    code, out, _ = recipe("report", run_folder())
    assert code == 0
    assert out.strip() == str(report)
    assert report.read_text() == before
    page = report.with_suffix(".html")
    for flags in (["--html"], []):  # once there, it is kept as new as the report
        code, out, _ = recipe("report", run_folder(), *flags)
        assert (code, out.split()) == (0, [str(report), str(page)])
    assert "<title>good: passed</title>" in page.read_text()
    code, _, err = recipe("report", here)
    assert code == 2
    assert "result.json" in one_sentence(err)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no run folder"),
        ("", "cannot be read as a result"),
        ('{"schema": 1, "name"', "cannot be read as a result"),
        ("[]", "it holds a list"),
        ('{"schema": 2}', "its schema is 2, expected 1"),
        ('{"schema": 1, "name": "x", "steps": [{"status": "odd"}]}', "'odd' is none of pass"),
        ('{"schema": 1, "name": "x", "steps": 3}', "not iterable"),
        ('{"schema": 1}', "name"),
    ],
)
def test_report_of_what_is_no_run_changes_nothing(recipe, here, content, said):
    folder = here / "old"
    folder.mkdir()
    (folder / "report.md").write_text("as it was")
    if content is not None:
        (folder / "result.json").write_text(content)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    code, out, err = recipe("report", "old", "--html")
    assert (code, out) == (2, "")
    assert said in one_sentence(err)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_report_of_a_file_or_of_nothing(recipe, here):
    (here / "notes.txt").write_text("")
    for name, said in (("notes.txt", "is a file"), ("gone", "There is no folder 'gone'")):
        code, _, err = recipe("report", name)
        assert code == 2
        assert said in one_sentence(err)


def test_report_of_a_run_that_did_not_finish_says_how_to_go_on(recipe, here):
    (here / "journal.jsonl").write_text("")
    code, _, err = recipe("report", here)
    assert code == 2
    assert f"finish the run with 'recipe resume {here}'" in one_sentence(err)


def test_compare_and_export_read_finished_runs(recipe, here):
    write(GOOD, "good.py")
    for seed in (1, 2):
        recipe("check", "good.py", "--seed", seed, "--no-input")
    one, two = sorted((here / "reports").iterdir())
    code, out, _ = recipe("compare", one, two)
    assert code == 0
    assert out.startswith(" ")
    assert f"{one.name} has no score" in out
    assert recipe("export", one, "--csv", "trials.csv") == (0, "trials.csv\n", "")
    assert recipe("export", one, "--csv", "-")[1] == Path("trials.csv").read_text("utf-8")
    code, out, _ = recipe("export", one, "--optuna", "sqlite:///runs.db")
    assert (code, out) == (0, f"study '{one.name}' in sqlite:///runs.db\n")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["compare", "one"], "two or more"),
        (["compare", "one", "two"], "no folder"),
        (["export", "one", "--csv", "-"], "no folder"),
        (["export", "one"], "--csv FILE"),
    ],
)
def test_compare_and_export_complain_in_one_sentence(recipe, args, says):
    code, _, err = recipe(*args)
    assert code == 2
    assert says in one_sentence(err)


def test_export_overwrites_no_file(recipe, here):
    write(GOOD, "good.py")
    recipe("run", "good.py", "--until", "inspect", "--no-input")
    (run,) = (here / "reports").iterdir()
    write("mine", "trials.csv")
    code, _, err = recipe("export", run, "--csv", "trials.csv")
    assert (code, Path("trials.csv").read_text()) == (2, "mine")
    assert "there already" in one_sentence(err)
    code, _, err = recipe("export", run, "--csv", "missing/trials.csv")
    assert code == 2
    assert "'missing/trials.csv' cannot be written" in one_sentence(err)


def test_a_watched_training_is_not_resumed(recipe, here):
    folder = here / "reports" / "loop-1"
    folder.mkdir(parents=True)
    with Journal(folder) as journal:
        journal.put("run", "identity", {"watch": "loop"})
    code, _, err = recipe("resume", folder)
    assert code == 2
    assert "only that loop can go on with it" in one_sentence(err)


def test_resume_refuses_a_folder_in_use_and_one_that_is_no_run(recipe, here):
    recipe("check", write(GOOD, "good.py"), "--until", "inspect")
    journal = run_folder() / "journal.jsonl"
    *lines, last = journal.read_text("utf-8").splitlines(keepends=True)
    assert "finished" in last
    journal.write_text("".join(lines), "utf-8")
    with Journal(run_folder()):
        code, _, err = recipe("resume", run_folder())
    assert code == 2
    assert "in use" in one_sentence(err)
    code, said, _ = recipe("resume", run_folder())
    assert code == 0
    assert "known from an earlier run" in said
    code, _, err = recipe("resume", here)
    assert code == 2
    assert "recipe.toml" in one_sentence(err)


@pytest.mark.parametrize(("file", "expected"), [(GOOD, 0), (SOFT, 1)])
def test_a_finished_run_stays_as_it_is(recipe, file, expected):
    code, _, _ = recipe("check", write(file, "it.py"), "--until", "initial_loss", "--no-input")
    assert code == expected
    before = {path: path.read_bytes() for path in run_folder().rglob("*") if path.is_file()}
    for _ in range(2):
        code, said, _ = recipe("resume", run_folder())
        assert code == expected
        assert "is finished, and stays as it is" in said
        assert "Verdict: " in said
    after = {path: path.read_bytes() for path in run_folder().rglob("*") if path.is_file()}
    assert after == before


def test_a_finished_run_whose_result_was_lost_writes_it_again(recipe):
    recipe("check", write(GOOD, "good.py"), "--until", "inspect")
    (run_folder() / "result.json").unlink()
    code, said, _ = recipe("resume", run_folder())
    assert code == 0
    assert "known from an earlier run" in said
    assert (run_folder() / "result.json").is_file()


@pytest.mark.parametrize("name", ["recipe.toml", "pyproject.toml"])
def test_a_run_says_which_options_a_file_gave_it(recipe, name):
    table = "[tool.recipe]\n" if name == "pyproject.toml" else ""
    write(f'{table}target = "other.py"\nepochs = 3\nmend = ["a-rule"]\nuntil = "inspect"\n', name)
    options = ["--epochs", "4", "--mend", "softmax-before-loss"]
    code, said, _ = recipe("check", write(GOOD, "good.py"), *options, "--until", "inspect")
    assert code == 0
    assert f"From {name}" not in said  # all of it was typed otherwise
    write(f"{table}epochs = 3\nkeep_going = true\nskip = ['lr_range']\n", name)
    code, said, _ = recipe("check", "good.py", "--until", "inspect")
    assert f"From {name}: epochs = 3, keep-going, skip = lr_range." in said


@pytest.mark.parametrize(
    ("command", "options", "expected"),
    [("check", ["--ci"], 1), ("check", ["--no-input"], 0), ("run", ["--ci"], 0)],
)
def test_a_repaired_fault_fails_the_check_of_ci(recipe, command, options, expected):
    write('mend = ["softmax-before-loss"]\n', "recipe.toml")
    only = ["--only", "inspect", "--only", "initial_loss"]
    code, said, _ = recipe(command, write(SOFT, "soft.py"), *options, *only)
    assert code == expected, said
    assert ("was fixed in this run alone" in said) == bool(expected)


def test_a_bug_of_ours_is_code_3_with_a_log(recipe, monkeypatch):
    monkeypatch.setattr("recipe.sources.targets._from_file", None)
    code, _, err = recipe("run", write(GOOD, "good.py"))
    assert code == 3
    log = Path(one_sentence(err).split()[-1].rstrip("."))
    assert "TypeError: 'NoneType' object is not callable" in log.read_text()
    log.unlink()


def test_bare_recipe_shows_help(recipe):
    code, out, _ = recipe()
    assert code == 0
    assert "Usage: recipe" in out
