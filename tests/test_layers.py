"""The architecture: imports run downwards only, and the start stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import recipe

ROOT = Path(recipe.__file__).parent
LAYERS = [
    {"errors", "names", "chosen", "results", "__init__"},
    {
        "cache",
        "events",
        "files",
        "remedy",
        "keys",
        "noise",
        "logfiles",
        "logjson",
        "lognames",
        "ranges",
    },
    {"rules"},
    {"settings", "diagnosis", "step"},
    {"tasks", "budget", "journal", "registry", "catalogue"},
    {"experiment"},
    {"training"},
    {"search", "sources", "target", "builtin", "logs", "logpoints"},
    {"context", "forecast", "runfolder", "gain"},
    {"verify", "decisions"},
    {"mending"},
    {"engine"},
    {"proof"},
    {"report", "starters", "saved"},
    {"predict"},
    {"against", "exported"},
    {"api"},
    {"testing", "ui"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
HEAVY = {"torch", "torchvision", "matplotlib", "optuna", "sklearn", "rich", "questionary"}


def parts(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imports(path: Path) -> set[str]:
    """Modules of the project that a file imports, except for annotations alone."""
    tree = ast.parse(path.read_text("utf-8"))
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "recipe":
                found |= {f"recipe.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downwards_and_never_reach_the_steps(path):
    own = path.relative_to(ROOT).with_suffix("").parts[0]
    for module in imports(path):
        assert not module.startswith("recipe_steps"), module
        if module.startswith("recipe.") and parts(module) in LEVEL and parts(module) != own:
            assert LEVEL[parts(module)] <= LEVEL[own], f"{own} imports {module}"


def test_modules_of_one_layer_do_not_import_each_other_in_a_circle():
    from graphlib import TopologicalSorter

    graph: dict[str, set[str]] = {}
    for path in FILES:
        own = path.relative_to(ROOT).with_suffix("").parts[0]
        used = {parts(m) for m in imports(path) if m.startswith("recipe.")} & LEVEL.keys()
        graph.setdefault(own, set()).update(used - {own, "__init__"})
    assert list(TopologicalSorter(graph).static_order())


def test_the_core_names_no_step():
    names = {entry.name for entry in recipe_steps()}
    core = [p for p in FILES if "ui" not in p.parts]
    for path in core:
        strings = {
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not names & strings, path


def recipe_steps():
    from recipe.plugin import registry

    return registry.find()


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
