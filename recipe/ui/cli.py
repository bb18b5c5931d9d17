"""The command line: options, exit codes, and the one broad `except` at the edge."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from recipe.border.faults import usage_error
from recipe.border.surroundings import leave
from recipe.core.budget import Budget
from recipe.core.errors import RecipeError, UsageError, raised
from recipe.core.exit_codes import BUG, FAILED, INTERRUPTED, USAGE
from recipe.core.files import of_the_machine, why
from recipe.core.plain_text import in_one_line, shown, visible
from recipe.core.settings import Settings
from recipe.core.version import VERSION
from recipe.notebook import origin
from recipe.notebook.run_folder import is_watched
from recipe.ui import rule_commands, run_commands
from recipe.ui.busy import busy
from recipe.ui.click_flags import TRUST, with_options
from recipe.ui.cluster_commands import cluster
from recipe.ui.config import read_table
from recipe.ui.diagnose_command import diagnose
from recipe.ui.fix_command import fix, run_and_patch
from recipe.ui.init import init
from recipe.ui.machine_commands import cache, completion, doctor, version_line
from recipe.ui.parent import can_supervise, supervised
from recipe.ui.predict_command import predict
from recipe.ui.runs_command import runs
from recipe.ui.streams import flushed, usable_streams
from recipe.ui.target_choice import CHECK_BUDGET, CHECKS, Choice, choose
from recipe.ui.terminal import has_user

SPIN_COUNT = "10000"
"""How long OpenMP threads spin for work before they sleep. Its default, milliseconds, makes small
models many times slower as soon as anything else runs on the machine."""


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="recipe", message=version_line())
@click.pass_context
def cli(ctx: click.Context) -> int | None:
    """A guided training recipe for PyTorch.

    Without a command, it asks you what to do. TARGET names your experiment: file.py[:name],
    package.module:name, or digits for the built-in example.
    """
    if ctx.invoked_subcommand is not None:
        return None
    if has_user(sys.stdout):
        from recipe.ui.wizard import wizard

        code, complaint = wizard(Path.cwd())
        if complaint:
            _complain(complaint)
        return code
    click.echo(ctx.get_help())
    return 0


@cli.command()
@click.argument("what", metavar="[TARGET]", required=False)
@with_options
def run(what: str | None, **given: Any) -> int:
    """Run the whole recipe on TARGET or on --data: check, search, train, report."""
    return _run(what, given)


@cli.command()
@click.argument("what", metavar="[TARGET]", required=False)
@with_options
def check(what: str | None, **given: Any) -> int:
    """Check TARGET or --data without training it: steps 1 to 3. Made for pull requests; takes two
    minutes at most unless you give a --budget.
    """
    return _run(what, {**given, "until": given["until"] or CHECKS}, CHECK_BUDGET)


@cli.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@TRUST
def resume(run_folder: Path, *, trust: bool) -> int:
    """Continue the interrupted run in the folder RUN."""
    if not (run_folder / "recipe.toml").is_file():
        if is_watched(run_folder):
            raise UsageError(
                f"{str(run_folder)!r} holds a training of your own loop: only that loop can go on "
                f"with it; 'recipe report {run_folder}' shows what was found."
            )
        raise UsageError(
            f"{str(run_folder)!r} is no run folder (it has no recipe.toml): name one below "
            "reports/."
        )
    if (code := _ended(run_folder)) is not None:
        return code
    config = read_table(run_folder / "recipe.toml")
    settings = Settings(**config.options)
    if config.target is None and settings.data is None:
        raise UsageError(
            f"{str(run_folder)!r} was started from Python: call recipe.run again with the same "
            "arguments, and it resumes."
        )
    if config.target is not None:
        origin.check(run_folder, config.target, Path.cwd(), trust=trust)
    return _execute(Choice(config.target, settings), run_folder)


def _ended(run_folder: Path) -> int | None:
    """Say that a run is finished, and with which code; None where there is something left to do, if
    only to write its result again.
    """
    from recipe.core.exit_codes import exit_code
    from recipe.notebook.run_folder import finished_result
    from recipe.ui.terminal_lines import verdict_lines

    result = finished_result(run_folder)
    if result is None:
        return None
    called = visible(run_folder)
    click.echo(
        f"{called} is finished, and stays as it is ('recipe report {called}' writes its report "
        "again; --fresh starts another run)."
    )
    click.echo("\n".join(shown(verdict_lines(result))))
    return exit_code(result, strict=bool(result.settings.get("strict")))


@cli.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--html", is_flag=True, help="Also write it as a single HTML file.")
def report(run_folder: Path, *, html: bool) -> int:
    """Write the report of the run folder RUN again, with all plots."""
    from recipe.notebook.run_folder import read_result
    from recipe.report.write import HTML, write_report

    result = read_result(run_folder)
    html = html or (run_folder / HTML).exists()  # an old one beside a new report would mislead
    with busy("drawing plots and writing the report"):
        written = write_report(result, run_folder, html=html)
    click.echo(visible(written))
    if html:
        click.echo(visible(run_folder / HTML))
    return 0


cli.add_command(diagnose)
cli.add_command(run_commands.compare)
cli.add_command(runs)
cli.add_command(doctor)
cli.add_command(cluster)
cli.add_command(cache)
cli.add_command(completion)
cli.add_command(run_commands.export)
cli.add_command(run_commands.card)
cli.add_command(predict)
cli.add_command(fix)
cli.add_command(init)
cli.add_command(rule_commands.steps)
cli.add_command(rule_commands.rules)
cli.add_command(rule_commands.explain)
cli.add_command(rule_commands.schema)


def _run(target: str | None, given: dict[str, Any], budget: Budget | None = None) -> int:
    choice = choose(target, given, Path.cwd())
    if budget is not None:
        choice = choice.within(budget)
    return run_and_patch(choice) if choice.settings.fix else _execute(choice, None)


def _execute(choice: Choice, folder: Path | None) -> int:
    began = time.monotonic()  # importing PyTorch is part of a budget of time
    from recipe.ui.run_command import execute

    ran = execute(choice, folder, began=began)
    if ran.complaint:
        _complain(ran.complaint)
    return ran.code


def _complain(message: str) -> None:
    with suppress(OSError, ValueError):  # there is no other place to say it
        click.echo(f"Error: {in_one_line(message)}", err=True)


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    usable_streams()
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # read when torch is imported
    if args is None and can_supervise():
        code = supervised(lambda: _code(None), leave, _complain, USAGE)
    else:
        code = _code(args)
    leave(code)
    sys.exit(code)


def _code(args: list[str] | None) -> int:
    """Run it; its exit code."""
    try:
        code = cli.main(args, prog_name="recipe", standalone_mode=False) or 0
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        _complain(error.format_message())
        code = USAGE
    except click.Abort:
        code = INTERRUPTED
    except BrokenPipeError:
        code = FAILED
    except BaseException as error:  # noqa: BLE001 - wrong usage, the user's code, or a bug of ours
        code = FAILED if _pipe_closed(error) else _broken(error, args)
    refused = flushed()
    if refused is not None and not code and not isinstance(refused, BrokenPipeError):
        _complain(f"Standard output cannot be written ({why(refused)}): see to it and run again.")
        return USAGE
    return code if refused is None else code or FAILED


def _pipe_closed(error: BaseException) -> bool:
    """Whether click leaves because nobody reads on: it has put a quiet stream in place then (whose
    name has an underscore or not, by the version).
    """
    quiet = type(sys.stdout).__name__.endswith("PacifyFlushWrapper")
    return isinstance(error, SystemExit) and quiet


def _broken(error: BaseException, args: list[str] | None) -> int:
    """What is said of an error, and the exit code."""
    fault = error if isinstance(error, RecipeError) else usage_error(error)
    if fault is None and (said := of_the_machine(error)):
        fault = UsageError(said)
    if fault is not None:
        _complain(str(fault))
        return USAGE
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    import tempfile
    import traceback

    try:
        handle, log = tempfile.mkstemp(prefix="recipe-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"recipe {VERSION}, arguments {args or sys.argv[1:]}\n")
            traceback.print_exception(error, file=file)
    except OSError:
        _complain(f"This is a bug of recipe; please report it: {raised(error)}.")
        return BUG
    _complain(f"This is a bug of recipe; please report it with the log {log}.")
    return BUG
