"""`recipe diagnose`: learning curves that others wrote."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recipe.core.errors import UsageError
from recipe.core.exit_codes import FAILED, INTERRUPTED
from recipe.core.plain_text import shown
from recipe.ui.terminal import is_true

if TYPE_CHECKING:
    from recipe.logs.log import Log
    from recipe.report.log_diagnosis import Diagnosed

    Ask = Callable[[Path], Log]
    """How a file is read: with which columns, of which run."""

STDIN = "-"


@click.command()
@click.argument("logs", metavar="LOG...", nargs=-1, required=True,
                type=click.Path(path_type=Path))  # fmt: skip
@click.option("--columns", metavar="CURVE=COLUMN,...", multiple=True,
              help="Which column is train_loss, val_loss, train_score, val_score, lr. A name with "
                   "a comma in quotes; may be given several times.")  # fmt: skip
@click.option("--run", metavar="NAME", default="",
              help="Which run in a file or folder is read; by default the last.")  # fmt: skip
@click.option("--list", "lists", is_flag=True,
              help="Show all curves instead: name, values, first and last.")  # fmt: skip
@click.option("--follow", is_flag=True, help="Watch LOG grow, and speak as soon as it can.")
@click.option("--idle", metavar="SECONDS", type=click.FloatRange(min=0), default=3600.0,
              show_default=True,
              help="With --follow: so long without growth, and it has ended.")  # fmt: skip
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Write the findings with their plots as one HTML file.")  # fmt: skip
@click.option("--report", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Write them as Markdown, the plots beside it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.option("--ci", is_flag=True, help="Plain lines, and annotations for GitHub.")
@click.option("--strict", is_flag=True, help="Treat warnings as failures.")
def diagnose(
    logs: tuple[Path, ...], columns: tuple[str, ...], run: str, *, lists: bool, **given: Any
) -> int:
    """Read the learning curves in a log and say what they show.

    LOG is a file or folder that a training left behind: plain text, CSV, JSON, YAML, a notebook,
    event files of TensorBoard, runs of MLflow, W&B, Lightning, Hugging Face or Ultralytics; or -
    for standard input. If you name several, they are compared.
    """
    from recipe.logs.asked import named_columns
    from recipe.logs.listing import list_lines
    from recipe.logs.reading import read

    if given["follow"] and len(logs) > 1:
        raise UsageError("--follow watches one log; name one.")
    if len(logs) != len({*logs}):
        raise UsageError("A log is named twice; name each once.")
    ask = partial(read, columns=named_columns(columns), run=run)
    with ExitStack() as kept:
        if lists:
            for path in logs:
                click.echo("\n".join(shown(list_lines(_file(path, kept)))))
            return 0
        code = 0
        if given["follow"]:
            log, code = _followed(logs[0], ask, given, kept)
            found = [log] if log else []
        else:
            found = [_read(path, ask, kept) for path in logs]
        if found:
            _tell(found, given)
    failed = any(d.failed or (given["strict"] and d.warned) for d in found)
    return code or FAILED * failed


def _file(path: Path, kept: ExitStack) -> Path:
    """The file itself, or one that holds standard input."""
    if str(path) != STDIN:
        return path
    from recipe.ui.growing_log import standard_input

    path = standard_input(lambda text: click.echo(text, err=True))
    kept.callback(shutil.rmtree, path.parent, ignore_errors=True)
    return path


def _read(path: Path, ask: "Ask", kept: ExitStack) -> "Diagnosed":
    from recipe.report.log_diagnosis import diagnosed

    file = _file(path, kept)
    return diagnosed(str(path) if file is path else file.name, ask(file))


def _followed(
    path: Path, ask: "Ask", given: Mapping[str, Any], kept: ExitStack
) -> "tuple[Diagnosed | None, int]":
    """Speak of a growing log as soon as something is certain; then all that its end shows."""
    from recipe.report.log_diagnosis import diagnosed
    from recipe.ui.growing_log import Growing

    piped = str(path) == STDIN
    name = "standard input" if piped else str(path)
    growing = Growing(None if piped else path, given["idle"])
    kept.callback(growing.close)
    said: set[str] = set()
    problem: UsageError | None = None
    code = 0
    try:
        for part in growing.snapshots():
            try:
                found = diagnosed(name, ask(part), growing=True)
            except UsageError as error:
                problem = error  # nothing yet, or half of a line: it may come
                continue
            _speak(found, said, given)
    except KeyboardInterrupt:
        code = INTERRUPTED
    try:
        return diagnosed(name, ask(growing.whole())), code
    except UsageError as error:
        if code:
            return None, code
        raise problem or error from error


def _speak(found: "Diagnosed", said: set[str], given: Mapping[str, Any]) -> None:
    """Findings that are new, each once, at once."""
    for _, finding in found.findings:
        if finding.rule in said:
            continue
        said.add(finding.rule)
        text = f"{finding.severity}: {finding.rule}: {finding.message} -> {finding.advice}"
        out = sys.stderr if given["as_json"] else sys.stdout
        print(*shown([text]), file=out, flush=True)


def _tell(found: "Sequence[Diagnosed]", given: Mapping[str, Any]) -> None:
    """Print, annotate and write what was found."""
    if given["as_json"]:
        from recipe.core.files import to_json
        from recipe.ui.log_json import as_json

        click.echo(to_json(as_json(found), indent=1))
    else:
        _print(found, plain=given["ci"])
    if given["ci"] and is_true("GITHUB_ACTIONS"):
        from recipe.ui.github import of_file

        lines = [of_file(f, d.name, strict=given["strict"]) for d in found for _, f in d.findings]
        click.echo("\n".join(lines), err=given["as_json"])
    _write(found, given)


def _print(found: "Sequence[Diagnosed]", *, plain: bool) -> None:
    from recipe.ui.log_lines import lines_of, show_log

    for log in found:
        if plain:
            click.echo("\n".join(shown(lines_of(log))))
        else:
            show_log(log)
    if len(found) > 1:
        from recipe.report.compare import table_lines
        from recipe.report.log_comparison import comparison, verdict

        click.echo("\n".join(shown(["", *table_lines(comparison(found)), verdict(found)])))


def _write(found: "Sequence[Diagnosed]", given: Mapping[str, Any]) -> None:
    if given["html"] is None and given["report"] is None:
        return
    from recipe.core.files import make_folder
    from recipe.report.log_page import write_html, write_page

    for path, write in ((given["html"], write_html), (given["report"], write_page)):
        if path is not None:
            make_folder(path.parent)
            write(found, path)
            click.echo(shown([f"Written: {path}"])[0], err=given["as_json"])
