"""What the page about CI shows works as it stands there, and so does the code of README.md."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

import recipe
from recipe.core.settings import parse
from recipe.plugin.registry import verify
from recipe.testing import judge_scalars, measure
from recipe.ui.cli import cli
from tiny import experiment

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SECTION = (ROOT / "docs" / "ci.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", SECTION, flags=re.DOTALL)
    return found


def steps() -> list[dict]:
    (job,) = yaml.safe_load(block("yaml"))["jobs"].values()
    return job["steps"]


def known(words: list[str]) -> dict:
    """The options of a command line; click complains of a command or flag that it does not know."""
    name, *rest = words
    command = cli.commands[name]
    return command.make_context(name, rest).params


def test_the_workflow_has_the_shape_of_one():
    workflow = yaml.safe_load(block("yaml"))
    assert workflow["name"]
    assert workflow[True] == "pull_request"  # YAML 1.1 reads the key `on` as a truth value
    (job,) = workflow["jobs"].values()
    assert job["runs-on"] == "ubuntu-latest"
    for step in steps():
        assert ("uses" in step) != ("run" in step)
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/checkout@v1"))
    version = steps()[1]["with"]["python-version"]
    assert isinstance(version, str)
    assert tuple(map(int, version.split("."))) >= (3, 11)


def test_its_commands_and_flags_are_real():
    runs = [shlex.split(step["run"], comments=True) for step in steps() if "run" in step]
    (check,) = (words[1:] for words in runs if words[0] == "recipe")
    assert check[0] == "check"
    params = known(check)
    given = {name: value for name, value in params.items() if value not in (None, ())}
    assert given.pop("what") == "experiment.py"
    assert set(parse(given)) == {"ci", "strict", "against"}


@pytest.mark.parametrize("words", [["chek"], ["check", "x.py", "--strickt"], ["run", "--seed"]])
def test_made_up_ones_are_noticed(words):
    with pytest.raises((KeyError, click.UsageError)):
        known(words)


def test_the_report_is_kept_also_of_a_failed_run():
    upload = steps()[-1]
    assert upload["if"] == "always()"
    assert upload["with"]["path"] == "reports"


def test_commands_in_the_text_are_real():
    named = re.findall(r"`recipe ([a-z]+[^`]*)`", SECTION)
    assert len(named) >= 2
    for line in named:
        known(shlex.split(line))


def test_the_line_of_a_test_suite_is_real():
    from tiny import experiment

    names: dict = {"experiment": experiment}
    exec(compile(block("python"), "ci.md", "exec"), names)  # noqa: S102 - it is our own text
    names["test_it_can_learn"]()


def test_the_step_of_ones_own_measures_and_judges(tmp_path):
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(from recipe\.plugin.*?)```", page, flags=re.DOTALL)
    imported = {
        line.split()[1] for line in code.splitlines() if line.startswith(("from", "import"))
    }
    assert imported == {"recipe.plugin"}
    made = {}
    exec(code, made)  # noqa: S102 - as the reader would
    step = made["Count"]()
    assert verify(step) is None
    assert measure(step, experiment, tmp_path).number("items") == 192
    (found,) = judge_scalars(step, {"items": 99})
    assert (found.rule, found.message) == ("few-items", "99 items")
    assert not judge_scalars(step, {"items": 100})


def test_the_experiment_of_the_readme_runs_as_it_stands(tmp_path):
    (code,) = re.findall(r"```python\n(# experiment\.py.*?)```", README, flags=re.DOTALL)
    (tmp_path / "experiment.py").write_text(code, "utf-8")
    made: dict = {}
    exec(compile(code, "experiment.py", "exec"), made)  # noqa: S102 - as the reader would
    result = recipe.run(made["experiment"], until="overfit_sample", out=tmp_path, device="cpu")
    assert (result.verdict, result.diagnosis) == ("pass", ())


def test_it_is_short_and_its_links_lead_somewhere():
    assert len(README.splitlines()) <= 150
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text("utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists() or link.startswith("rules/"), (page.name, link)


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("material", reason="the site's extra is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-d", str(tmp_path / "site")],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "site" / "rules" / "softmax-before-loss.html").exists()
