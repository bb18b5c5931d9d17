"""`recipe runs`: the runs in a folder, newest first."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from recipe.core.errors import UsageError
from recipe.core.plain_text import shown

HERE = Path("reports")
COLUMNS = ("run", "verdict", "score", "first cause", "when", "took")


@dataclass(frozen=True)
class Run:
    """What is shown of a run folder."""

    folder: Path
    when: datetime
    verdict: str
    score: str = "-"
    cause: str = "-"
    took: str = "-"

    @property
    def cells(self) -> tuple[str, ...]:
        """By column."""
        when = f"{self.when:%Y-%m-%d %H:%M}"
        return (self.folder.name, self.verdict, self.score, self.cause, when, self.took)


@click.command()
@click.argument("folder", default=HERE, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--delete", "name", metavar="RUN", help="Delete this run, after asking you.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
def runs(folder: Path, name: str | None, *, as_json: bool, yes: bool) -> int:
    """List the runs below FOLDER (reports/), newest first."""
    if not folder.is_dir():
        raise UsageError(f"There is no folder {str(folder)!r}: name the one that your runs lie in.")
    if name is not None:
        return _delete(folder / Path(name).name, yes=yes)
    found = sorted(runs_in(folder), key=lambda run: run.when, reverse=True)
    if as_json:
        click.echo(json.dumps([dict(zip(COLUMNS, run.cells, strict=True)) for run in found]))
    elif not found:
        click.echo(f"No runs in {folder}. Begin one with 'recipe run'.")
    else:
        from recipe.report.compare import table_lines

        click.echo("\n".join(shown(table_lines([COLUMNS, *(run.cells for run in found)]))))
        last = found[0].folder
        click.echo(f"\nThe report of the newest: {last / 'report.md'}")
        if len(found) > 1:
            click.echo(f"Side by side: recipe compare {found[1].folder} {last}")
    return 0


def runs_in(folder: Path) -> Iterator[Run]:
    """The runs that lie directly in a folder; one that cannot be read is shown as such."""
    from recipe.notebook.journal import FILE
    from recipe.notebook.run_folder import RESULT, load
    from recipe.report.wording import duration

    for journal in folder.glob(f"*/{FILE}"):
        own = journal.parent
        when = datetime.fromtimestamp(journal.stat().st_mtime).astimezone()
        if not (own / RESULT).is_file():
            yield Run(own, when, "unfinished")
            continue
        try:
            result = load(own / RESULT)
        except ValueError:
            yield Run(own, when, "unreadable")
            continue
        best = result.best
        score = "-"
        if best is not None and best.val_score is not None:
            score = f"{result.metric or 'score'} {best.val_score:.4g}"
        verdict = f"{result.verdict}, interrupted" if result.interrupted else result.verdict
        cause = result.diagnosis[0] if result.diagnosis else "-"
        yield Run(own, when, verdict, score, cause, duration(result.cost.seconds, places=0))


def _delete(run: Path, *, yes: bool) -> int:
    from recipe.notebook.journal import FILE
    from recipe.notebook.run_folder import journal_if_free

    if run.is_symlink() or not (run / FILE).is_file():
        raise UsageError(f"{str(run)!r} is no run folder: 'recipe runs {run.parent}' lists them.")
    held = journal_if_free(run)
    if held is None:
        raise UsageError(f"{str(run)!r} is in use by another process: wait for it to end.")
    held.close()
    if not yes and not click.confirm(f"Delete {run} and all that is in it?", err=True):
        click.echo("Nothing was deleted.")
        return 0
    shutil.rmtree(run)
    click.echo(f"Deleted {run}.")
    return 0
