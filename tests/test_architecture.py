"""What no import contract holds: the core names no step, the start is light, the door is whole."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import recipe
import recipe_steps
from recipe import plugin
from recipe.plugin import registry

ROOT = Path(recipe.__file__).parent
HEAVY = {"torch", "torchvision", "matplotlib", "optuna", "sklearn", "rich", "questionary"}


def strings(path):
    """Texts in the code of a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_core_names_no_step():
    names = {entry.name for entry in registry.find()}
    for path in sorted(ROOT.rglob("*.py")):
        if "ui" not in path.parts:
            assert not names & set(strings(path)), path


@pytest.mark.parametrize(
    "command", [["--help"], ["rules"], ["steps"], ["explain", "overfitting"], ["schema"]]
)
def test_a_cold_start_imports_nothing_heavy(command):
    code = (
        "import sys\nfrom recipe.ui.cli import main\n"
        f"try:\n    main({command!r})\nexcept SystemExit as stop:\n    assert not stop.code\n"
        f"loaded = {HEAVY!r} & set(sys.modules)\nassert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def typed_homes():
    """What a type checker reads of the door: names and the modules that they come from."""
    tree = ast.parse(Path(plugin.__file__).read_text("utf-8"))
    (guarded,) = (
        node for node in tree.body
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    )  # fmt: skip
    return {alias.name: found.module for found in guarded.body for alias in found.names}


def test_the_plugin_authors_door_gives_what_it_lists():
    for name, module in typed_homes().items():
        assert getattr(plugin, name) is getattr(importlib.import_module(module), name)
    assert set(plugin.__all__) == set(typed_homes())
    assert len(plugin.__all__) == len(set(plugin.__all__))
    with pytest.raises(AttributeError, match="no attribute 'Contxt'"):
        plugin.Contxt  # noqa: B018


def test_the_door_lists_nothing_that_only_the_tests_of_the_product_use():
    used = set()
    for path in Path(recipe_steps.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "recipe.plugin":
                used |= {alias.name for alias in node.names}
    for_others = {"Step", "Rule", "TargetKind", "counts_items", "Reader", "Source"}
    for_others |= {"SummedMetric", "LanguageModel"}  # what a task is made of
    assert set(plugin.__all__) - used <= for_others


def test_the_picture_of_the_wings_is_that_of_the_code():
    from tools.picture import BLOCK, PAGE, picture

    assert BLOCK.search(PAGE.read_text("utf-8")).group() == picture()


def test_files_and_functions_stay_within_the_limits():
    from tools.sizes import MOST_IN_A_FUNCTION, MOST_LINES, files, functions

    folders = ["recipe", "steps"]
    assert max(files(folders))[0] <= MOST_LINES
    assert max(functions(folders))[0] <= MOST_IN_A_FUNCTION


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_files_that_a_page_names_are_there(page):
    top = ROOT.parent
    named = set(re.findall(r"`([\w/.]+\.(?:py|md|json))\b", (top / page).read_text("utf-8")))
    assert len(named) > 3
    for name in named - {"measure.py", "remedies.py", "examples.json", "rules.py", "result.json"}:
        places = [top / name, top / "recipe" / name, top / "recipe" / "logs" / name]
        assert any(place.exists() for place in places), name
