"""The wizard: finds the experiment with a few questions, runs the recipe, leaves the answers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from recipe.core.budget import parse_budget
from recipe.core.errors import UsageError
from recipe.core.files import write_text
from recipe.core.option_definitions import ONE_RUN
from recipe.core.plain_text import shown
from recipe.core.settings import Settings, parse
from recipe.core.version import VERSION
from recipe.notebook import origin
from recipe.notebook.run_folder import resumable, to_toml
from recipe.ui.busy import import_ahead
from recipe.ui.config import Config, read_config, read_table
from recipe.ui.data_questions import (
    OF_A_FILE,
    experiments_here,
    likely_kind,
    questions_of_data,
    questions_of_weights,
)
from recipe.ui.init import TOML, write_files
from recipe.ui.questions import Answers, Asker, Item, Question, ask_all, asker
from recipe.ui.run_command import Ran, execute
from recipe.ui.target_choice import CHECKS, Choice, merged

GREETING = f"""recipe {VERSION}: a guided training recipe
It checks model and data, finds the learning rate, searches,
reads the learning curves, and says what to do.
Ctrl-C leaves at any time; what is finished is kept.
"""
LIMIT = "limit"
HOW_FAR = (
    Item("everything: checks, search, learning curves, test", {}),
    Item("everything, and an ensemble of five trainings", {"ensemble": 5}),
    Item("everything, within 15 minutes", {"budget": "15m"}),
    Item("everything, within an hour", {"budget": "1h"}),
    Item("everything, within another limit", {"budget": LIMIT}),
    Item("the checks alone, up to the learning rate", {"until": CHECKS}),
)
MOST_FILES = 5


def wizard(folder: Path) -> tuple[int, str]:
    """Ask, run, and say how to do it again.

    Returns:
        The exit code, and a complaint for the end; empty where there is none.

    Raises:
        UsageError: recipe.toml cannot be used.

    """
    click.echo(GREETING)
    ask, config = asker(), read_config(folder)
    import_ahead()
    ran, fresh = _resumed(Path(config.options.get("out", Settings.out)), ask)
    if ran is None and (config.target or "data" in config.options):
        ran = _configured(config, ask, fresh=fresh)
    answers: Answers = {}
    while ran is None or ran.wish == "change":
        answers = ask_all(questions(folder), ask, {}, answers)
        if answers["kind"] == "own":
            write_files(answers)
            return 0, ""
        ran = _tried(chosen(answers, config, fresh=fresh))
    for line in last_lines(ran, folder, config):
        click.echo(shown([line])[0])
    return ran.code, ran.complaint


def questions(folder: Path) -> list[Question]:
    """What the experiment is, and how far to go."""
    from recipe.starters import KINDS

    files = experiments_here(folder)[:MOST_FILES]
    kinds = [
        *(Item(f"{name} in this folder", name) for name in files),
        *(Item(text, kind) for kind, text in KINDS.items() if kind != "own"),
        Item("the built-in handwritten digits", "digits"),
        Item("my own code: write experiment.py", "own"),
    ]
    likely = files[0] if files else likely_kind(folder)
    return [
        Question("kind", "What do you want to train?", items=lambda _: kinds,
                 default=lambda _: "digits" if likely == "own" else likely),
        *questions_of_data(folder),
        *questions_of_weights(folder),
        Question("how_far", "How much should be done?",
                 items=lambda _: HOW_FAR, default=lambda _: {},
                 when=lambda a: a["kind"] != "own"),
        Question("budget", "How long? As 90s, 20m or 40epochs",
                 default=lambda _: "20m", check=_limit,
                 when=lambda a: a.get("how_far", {}).get("budget") == LIMIT),
    ]  # fmt: skip


def _limit(typed: str, _: Answers) -> str:
    try:
        return str(parse_budget(typed))
    except ValueError as error:
        raise UsageError(f"{error}.") from error


def chosen(answers: Answers, config: Config, *, fresh: bool) -> Choice:
    """What the answers name, above the other options of the configuration."""
    flags: dict[str, Any] = {**answers["how_far"], "fresh": fresh}
    names = ("data", "target", "group", "time", "model", "pretrained", "weights", "budget")
    flags |= {n: answers[n] for n in names if answers.get(n) not in (None, False, OF_A_FILE)}
    kind = answers["kind"]
    target = kind if kind == "digits" or kind.endswith(".py") else None
    return merged(target, parse(flags), config)


def _tried(choice: Choice, folder: Path | None = None) -> Ran | None:
    """A run; None where it could not begin, which is said."""
    try:
        return execute(choice, folder, guided=True)
    except UsageError as error:
        click.echo(f"Error: {' '.join(str(error).split())}\n", err=True)
        return None


def _resumed(out: Path, ask: Asker) -> tuple[Ran | None, bool]:
    """The latest unfinished run, gone on with; and whether the next one is to start anew."""
    for folder in resumable(out):
        config = read_table(folder / TOML)
        if config.target is None and "data" not in config.options:
            continue  # started from Python, where its experiment is
        if config.target is not None and not origin.is_own(folder, config.target, Path.cwd()):
            continue  # somebody else's: `recipe resume` asks for trust
        wanted = ask.choose(
            f"{folder} is not finished. Continue it?",
            [Item("yes, continue it", True), Item("no, start a new run", False)],
            True, back=False,
        )  # fmt: skip
        if not wanted:
            return None, True
        return _tried(Choice(config.target, Settings(**config.options)), folder), False
    return None, False


def _configured(config: Config, ask: Asker, *, fresh: bool) -> Ran | None:
    """What the configuration names, run if that is wanted."""
    what = config.target or config.options["data"]
    wanted = ask.choose(
        f"The configuration here names {what}. Run it?",
        [Item("run it as it is", {}), Item("the checks alone", {"until": CHECKS}),
         Item("answer the questions again", None)],
        {}, back=False,
    )  # fmt: skip
    if wanted is None:
        return None
    choice = merged(None, parse(wanted), config)
    return _tried(replace(choice, settings=replace(choice.settings, fresh=fresh)))


def last_lines(ran: Ran, folder: Path, config: Config) -> list[str]:
    """How to go on, or where the answers are and how to do it again without questions."""
    from recipe.report.reproduce import command

    result = ran.result
    if result.interrupted:
        return [f"Go on:  recipe resume {result.folder}"]
    text = to_toml({n: v for n, v in result.settings.items() if n not in ONE_RUN})
    again = f"Again:  {command(result.settings)} --no-input"
    if (folder / TOML).exists() or config != Config():
        return [f"Saved:  {result.folder}/{TOML} (the configuration here stays as it is)", again]
    write_text(folder / TOML, text)
    return [f"Saved:  {TOML}", again]
