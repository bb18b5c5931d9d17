"""`recipe fix`: a run that repairs what a program can, and a patch of the user's file."""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recipe.core.errors import UsageError
from recipe.core.exit_codes import INTERRUPTED, USAGE
from recipe.core.files import write_text
from recipe.ui.click_flags import with_options
from recipe.ui.target_choice import CHECKS, Choice, choose
from recipe.ui.terminal_lines import PASSING

if TYPE_CHECKING:
    from recipe.engine.patching import Patch
    from recipe.ui.run_command import Ran


@click.command()
@click.argument("what", metavar="[TARGET]", required=False)
@with_options
@click.option("--diff", is_flag=True,
              help="Only print the patch, and write nothing.")  # fmt: skip
@click.option("--apply", "write", is_flag=True, help="Also change your file.")
def fix(what: str | None, *, diff: bool, write: bool, **given: Any) -> int:
    """Repair what a program can repair in TARGET, train, and write a patch for your file.

    Your file stays as it is unless you give --apply. The exit code is that of your experiment
    before the repairs: 0 only if nothing had to be repaired.
    """
    if diff and write:
        raise UsageError("--diff writes nothing and --apply writes the file: name one of them.")
    choice = choose(what, {**given, "fix": True}, Path.cwd())
    if not diff:
        return run_and_patch(choice, write=write)
    with tempfile.TemporaryDirectory(prefix=PASSING) as folder:
        settings = replace(choice.settings, out=Path(folder), until=choice.settings.until or CHECKS)
        out, sys.stdout = sys.stdout, sys.stderr  # the patch alone is for standard output
        try:
            ran, patch = _run(replace(choice, settings=settings))
        finally:
            sys.stdout = out
    if patch is not None:
        click.echo(patch.diff, nl=False)
    _say(_left(patch))
    return ran.code


def run_and_patch(choice: Choice, *, write: bool = False) -> int:
    """Run what was chosen with its faults repaired; say and keep the patch. The exit code."""
    err = choice.settings.json
    ran, patch = _run(choice)
    folder = ran.result.folder
    if patch is not None and patch.diff and folder is not None:
        from recipe.engine.patching import write_patch
        from recipe.patches.diff import PATCH

        write_patch(patch, folder)
        path = folder / PATCH
        click.echo(f"Patch: {path} (fixes {', '.join(patch.mended)})", err=err)
        click.echo(patch.diff, nl=False, err=err)
        file = _file(choice)
        if write and file is not None:
            for each, text in patch.after.items():
                write_text(each, text)
                click.echo(f"{each} is patched.", err=err)
        else:
            click.echo(f"Your file is unchanged. To apply the patch: git apply {path}", err=err)
    for line in _left(patch):
        click.echo(line, err=err)
    if ran.code not in (0, USAGE, INTERRUPTED):
        rules = ", ".join(ran.result.repaired) or ", ".join(ran.result.diagnosis)
        click.echo(f"Exit code {ran.code}: as declared, the experiment has {rules}.", err=err)
    return ran.code


def _run(choice: Choice) -> "tuple[Ran, Patch | None]":
    from recipe.ui.run_command import execute

    ran = execute(choice, None)
    file = _file(choice)
    if ran.complaint:
        click.echo(f"Error: {ran.complaint}", err=True)
    if file is None or ran.code == INTERRUPTED or ran.result.interrupted:
        return ran, None
    from recipe.engine.patching import make_patch

    name = (choice.target or "").partition(":")[2] or "experiment"
    return ran, make_patch(file, name, ran.result, choice.settings, lambda text: _say([text]))


def _file(choice: Choice) -> Path | None:
    path = (choice.target or "").partition(":")[0]
    return Path(path) if choice.settings.data is None and path.endswith(".py") else None


def _left(patch: "Patch | None") -> list[str]:
    """What the patch does not mend, with what to do by hand."""
    left = () if patch is None else patch.left
    if patch is not None and not patch.diff and not left:
        return ["No patch: nothing was found that has to be repaired."]
    return [f"Not in the patch, so fix it by hand: {f.rule}: {f.advice}" for f in left]


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(line, err=True)
