"""Sets experiment.py and recipe.toml from templates."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recipe.core.option_definitions import BY_NAME, OPTIONS

if TYPE_CHECKING:
    from jinja2 import Environment

Kind = Literal["images", "table", "text", "torchvision", "own"]
KINDS: Mapping[Kind, str] = {
    "images": "images in folders, one per class",
    "table": "a table with a column to predict",
    "torchvision": "one of torchvision's data sets",
    "text": "a text, for a language model",
    "own": "my own code",
}
"""What an experiment may be about."""
TEMPLATES = {"torchvision": "images.py.j2"}
"""Where a kind has none of its own name."""
SHOWN = ("budget", "epochs", "seed", "device", "out", "search", "strict")
"""Options that recipe.toml shows, commented out."""
EXAMPLES = {"budget": "15m", "epochs": 20}
"""Values to show for options without a default."""


def experiment_file(kind: Kind, answers: Mapping[str, Any]) -> str:
    """The text of experiment.py.

    Args:
        kind: see KINDS.
        answers: by the names of options: `data` and `model`, and of a table `target`.

    """
    environment = _environment()
    given = {name: answers.get(name) for name in BY_NAME}
    given["augment"] = given["augment"] or "none"
    template = environment.get_template(TEMPLATES.get(kind, f"{kind}.py.j2"))
    shown = {"title": KINDS[kind], "name": _name(given["data"])}
    return template.render(**given, **shown, downloaded=kind == "torchvision")


def _literal(value: Any) -> str:
    """Python source of a value; text in double quotes, as a formatter writes it."""
    text = repr(str(value) if isinstance(value, Path) else value)
    if text.startswith("'") and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


def _name(data: str | None) -> str | None:
    """For the docstring, where quotes and backslashes would mean something."""
    return None if data is None else re.sub(r"[^\w. -]+", "-", Path(data).resolve().stem)


def options_file(target: str) -> str:
    """The text of recipe.toml: the target, and the usual options as comments."""
    lines = [
        "# What `recipe run` does in this folder; every option of the command line can stand here.",
        f'target = "{target}"',
    ]
    known = {option.name: option for option in OPTIONS}
    for name in SHOWN:
        option = known[name]
        value = EXAMPLES.get(name, option.default)
        shown = str(value).lower() if isinstance(value, bool | int) else f'"{value}"'
        lines += ["", f"# {option.help}", f"# {name} = {shown}"]
    return "\n".join(lines) + "\n"


def slurm_script(**values: Any) -> str:
    """The text of a job script for SLURM.

    Args:
        values: `name` of the job; `nodes`, and of each `cpus` and `gpus`; `time` and `partition`;
            lines of `setup`; the `command` as a shell takes it.

    """
    return _environment().get_template("slurm.sh.j2").render(**values)


def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("recipe.starters"),
        autoescape=False,  # noqa: S701  # Python, not HTML: `py` writes literals
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters["py"] = _literal
    return environment
