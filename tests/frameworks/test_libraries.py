"""Objects of libraries are known by the names of their classes, without an import."""

import subprocess
import sys

from recipe.frameworks.libraries import is_a, overrides


class Trainer:
    __module__ = "transformers.trainer"

    def compute_loss(self):
        return 1


class Mine(Trainer):
    def compute_loss(self):
        return 2


def test_an_object_is_known_by_its_classes():
    assert is_a(Mine(), ("transformers",), "Trainer")
    assert is_a(Mine, ("transformers",), "Trainer")
    assert not is_a(Mine(), ("lightning",), "Trainer")
    assert not is_a(3, ("transformers",), "Trainer")
    assert overrides(Mine(), Trainer, "compute_loss")
    assert not overrides(Trainer(), Trainer, "compute_loss")


def test_nothing_is_imported_before_an_object_is_given():
    code = (
        "import sys, torch, recipe.sources.targets as t\n"
        "import recipe.frameworks.lightning, recipe.frameworks.transformers\n"
        "import recipe.frameworks.keras, recipe.sources.from_timm\n"
        "found = {'lightning', 'transformers', 'timm', 'keras'} & set(sys.modules)\n"
        "assert not found, found\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
