"""`recipe cluster`: job scripts that run the recipe on a cluster."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from recipe.core.errors import UsageError

COMMANDS = ("run", "check", "fix")
"""What a job may run."""
FOREIGN = {"ignore_unknown_options": True, "allow_interspersed_args": False}
"""Options behind the command are its own."""


def _number(flag: str, default: int, what: str) -> Callable[[Any], Any]:
    least = click.IntRange(min(default, 1))
    return click.option(flag, default=default, show_default=True, type=least, help=what)


@click.group()
def cluster() -> None:
    """Run the recipe on a cluster."""


@cluster.command(context_settings=FOREIGN)
@_number("--nodes", 2, "Machines.")
@_number("--cpus", 8, "Processors of each machine.")
@_number("--gpus", 0, "GPUs of each machine.")
@click.option("--time", default="04:00:00", show_default=True, help="Limit of the job.")
@click.option("--partition", default="", help="Where the job is queued.")
@click.option(
    "--setup", multiple=True, metavar="LINE", help="A line of shell that comes first (repeatable)."
)
@click.argument("command", metavar="run [TARGET] [OPTION]...", nargs=-1, required=True)
def slurm(*, command: tuple[str, ...], **given: Any) -> int:
    """Print a job script for SLURM that starts Ray on its nodes and runs a command of the recipe.

    For example: recipe cluster slurm --nodes 4 --gpus 4 run experiment.py > job.sh
    """
    from recipe.starters import slurm_script

    if command[0] not in COMMANDS:
        raise UsageError(
            f"A job runs 'recipe run', 'check' or 'fix', not {command[0]!r}: write, for example, "
            "recipe cluster slurm run experiment.py."
        )
    if any(each.split("=")[0] == "--ray" for each in command):
        raise UsageError("The job script sets --ray itself: leave it out.")
    for line in (given["time"], given["partition"], *given["setup"]):
        if len(line.splitlines()) > 1:
            raise UsageError(f"{line!r} has a line break in it: write one line.")
    quiet = () if "--no-input" in command else ("--no-input",)
    script = slurm_script(
        name=_name(command), command=shlex.join(["recipe", *command, *quiet]), **given
    )
    click.echo(script, nl=False)
    return 0


def _name(command: tuple[str, ...]) -> str:
    """What the job is called: a word that no shell and no scheduler reads anything into."""
    what = next((each for each in command[1:] if not each.startswith("-")), "recipe")
    return re.sub(r"[^\w.-]+", "-", Path(what.split(":")[0]).stem) or "recipe"
