"""How to repeat a run and how to load what it left: the command and the Python snippet."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from recipe.core.plain_text import visible
from recipe.core.results import RunResult


def command(settings: Mapping[str, Any]) -> str:
    """The command line that repeats a run without questions."""
    by_name = settings.get("data") is not None  # `target` is then an option, the column
    words = ["recipe", "run", *([] if by_name else [str(settings.get("target") or "TARGET")])]
    for name, value in settings.items():
        if by_name or name != "target":
            words += _flags("--" + name.replace("_", "-"), value)
    return visible(shlex.join(words))


def _flags(flag: str, value: Any) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [word for key, each in value.items() for word in (flag, f"{key}={each}")]
    if isinstance(value, list | tuple):
        return [word for each in value for word in (flag, str(each))]
    return [flag, str(value)]


def loading_code(result: RunResult) -> str:
    """Python that gives the model that a run chose, to be run where the run was.

    An experiment that came from Python cannot be named: there the snippet expects the variable
    `experiment`.

    Raises:
        ValueError: the run has no best setting.

    """
    if result.best is None:
        raise ValueError("A run without a best setting left no weights.")
    folder = "RUN" if result.folder is None else result.folder.as_posix()
    named = result.settings.get("data") or result.settings.get("target")
    call = f"recipe.load({json.dumps(folder, ensure_ascii=False)}"
    lines = [f"model = {call})"] if named else [f"model = {call}, experiment)"]
    comment = [] if named else ["# experiment is the one that recipe.run was given"]
    return visible("\n".join(("import recipe", "", *comment, *lines)))
