"""Options of a run as flags of a command."""

from collections.abc import Callable
from typing import Any

import click

from recipe.core.option_definitions import OPTIONS, Option


def flag(option: Option) -> Callable[[Any], Any]:
    """A click option; its text is parsed later, together with what stands in recipe.toml."""
    if option.metavar is None:
        return click.option(option.flag, option.name, is_flag=True, default=None, help=option.help)
    return click.option(
        option.flag, option.name, metavar=option.metavar, multiple=option.multiple,
        help=option.help, default=None,
    )  # fmt: skip


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add every option of a run."""
    for option in reversed(OPTIONS):
        command = flag(option)(command)
    return command


TRUST = click.option(
    "--trust", is_flag=True, help="Run the code that RUN names, even if no run of yours made it."
)
"""Of commands that load the experiment of a run folder."""
