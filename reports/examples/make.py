"""Writes the committed example reports: `make examples`, with CIFAR10 naming the image folder."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from recipe.core.settings import Settings
from recipe.engine.run_execution import execute
from recipe.sources.targets import load_target
from recipe.ui.plain import Plain

HERE = Path(__file__).parent
KEPT = ("report.md", "result.json", "plots")


def make(name: str, target: str) -> None:
    """Run a target and keep what a reader wants to see of its run folder."""
    os.chdir(HERE.parents[1])
    with tempfile.TemporaryDirectory() as out:
        result = execute(
            load_target(target), Settings(out=Path(out)), target=target, observe=Plain(sys.stdout)
        )
        if result.folder is None:
            raise SystemExit(f"{target} left no run folder.")
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for kept in KEPT:
            source = result.folder / kept
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / kept)
        for text in (folder / "report.md", folder / "result.json"):
            text.write_text(text.read_text("utf-8").replace(out, "reports"), "utf-8")


make("digits", "digits")
if os.environ.get("CIFAR10"):
    make("cifar10", "examples/cifar10.py")
