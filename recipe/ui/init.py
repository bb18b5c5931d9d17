"""`recipe init`: an experiment.py and a recipe.toml to start from."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recipe.core.errors import UsageError
from recipe.core.files import write_text
from recipe.core.option_definitions import BY_NAME, OPTIONS
from recipe.core.settings import parse
from recipe.ui.click_flags import flag
from recipe.ui.terminal import has_user

if TYPE_CHECKING:
    from recipe.ui.questions import Answers

EXPERIMENT, TOML = "experiment.py", "recipe.toml"
WRITTEN = ("data", "target", "task", "group", "time", "column", "model", "image_size", "augment")
"""Options of a run by name that a file written out takes over."""


def _flags(command: Any) -> Any:
    for option in reversed([option for option in OPTIONS if option.name in WRITTEN]):
        command = flag(option)(command)
    return command


@click.command()
@click.option("--own", is_flag=True, help="Code of my own, with handwritten digits to begin with.")
@_flags
def init(own: bool, **given: Any) -> int:
    """Write experiment.py and recipe.toml, asking what they are about."""
    _check_free()
    flags = parse({name: value for name, value in given.items() if value not in (None, ())})
    if own and flags:
        raise UsageError(f"--own and --{next(iter(flags))} exclude each other: name one of them.")
    if own:
        answers: Answers = {"kind": "own"}
    elif "data" in flags:
        answers = _from_flags(flags)
    elif flags:
        raise UsageError(f"--{next(iter(flags))} goes with --data: name the data too.")
    else:
        answers = _asked()
    write_files(answers)
    return 0


def write_files(answers: "Answers") -> None:
    """Write both for these answers.

    Raises:
        UsageError: one of them is there already.

    """
    from recipe.starters import experiment_file, options_file

    _check_free()
    write_text(Path(EXPERIMENT), experiment_file(answers["kind"], answers))
    write_text(Path(TOML), options_file(EXPERIMENT))
    click.echo(f"Wrote {EXPERIMENT} and {TOML}. Next:  recipe check, or recipe run")


def _check_free() -> None:
    for name in (EXPERIMENT, TOML):
        if Path(name).exists():
            raise UsageError(f"{name!r} is there already: move it, or go to another folder.")


def _from_flags(flags: "Answers") -> "Answers":
    """The flags, checked as a run would check them, and the kind of data that they name."""
    from recipe.sources.by_name import check_options, kind_of
    from recipe.sources.hub import is_hub
    from recipe.sources.models_by_name import USUAL, check_model, is_for_text
    from recipe.ui.data_questions import kind_of_table

    kind = kind_of(flags["data"])
    model = flags.get("model") or USUAL[kind]
    if kind == "table":
        check_model(model, "texts" if is_for_text(model) else kind, pretrained=False)
        kind = kind_of_table(flags)
        model = flags.get("model") or USUAL[kind]
    check_model(model, kind, pretrained=False)
    if kind in ("segmentation", "detection") or is_hub(model) or is_hub(flags["data"]):
        raise UsageError(
            "recipe init writes experiment.py for image folders, tables, texts and torchvision's "
            "data sets, with models of ours or of torchvision: recipe run --data needs no file."
        )
    kind = "table" if kind == "texts" else kind
    named = {name: flags.get(name) for name in BY_NAME}
    check_options(
        flags["data"], kind, **{n: named[n] for n in WRITTEN if n not in ("data", "model")}
    )
    if kind == "table":
        from recipe.sources.table_files import read_table
        from recipe.sources.table_targets import target_columns

        path = Path(flags["data"])
        named["target"] = ",".join(target_columns(read_table(path), named["target"], path))
    downloaded = kind == "images" and not Path(flags["data"]).is_dir()
    return _sized({**named, "model": model, "kind": "torchvision" if downloaded else kind})


def _sized(answers: "Answers") -> "Answers":
    """Images as large as the model needs them."""
    from recipe.sources.image_format import USUAL_SIDE
    from recipe.sources.models_by_name import image_format_of

    if answers["kind"] not in ("images", "torchvision"):
        return answers
    look = image_format_of(answers["model"], answers.get("image_size"), pretrained=False)
    if look is None or look.size is not None or look.least <= USUAL_SIDE:
        return answers
    return {**answers, "image_size": look.least}


def _asked() -> "Answers":
    if not has_user(sys.stdout):
        raise UsageError(
            "There is nobody to ask: name --data (and --target for a table), or --own."
        )
    from recipe.starters import KINDS
    from recipe.ui.data_questions import likely_kind, questions_of_data
    from recipe.ui.questions import Item, Question, ask_all, asker

    here = Path.cwd()
    kind = Question(
        "kind", "What is the experiment about?",
        items=lambda _: [Item(text, name) for name, text in KINDS.items()],
        default=lambda _: likely_kind(here),
    )  # fmt: skip
    answers = ask_all([kind, *questions_of_data(here)], asker(), {})
    return answers if answers["kind"] in ("own", "text") else _sized(answers)
