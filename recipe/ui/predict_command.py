"""`recipe predict`: a table of answers."""

import csv
import io
import sys
from pathlib import Path

import click

from recipe.core.errors import UsageError
from recipe.core.files import write_text
from recipe.core.option_definitions import DEVICES
from recipe.core.plain_text import in_one_line, shown
from recipe.ui.busy import busy
from recipe.ui.click_flags import TRUST


@click.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("data", metavar="DATA", nargs=-1, required=True)
@click.option(
    "--out", "file", metavar="FILE", help="Where to write the table (default: the terminal)."
)
@click.option(
    "--device", type=click.Choice(DEVICES), default="cpu", help="Which device to compute on."
)
@TRUST
@click.option("--skip-unreadable", is_flag=True, help="Leave out images that cannot be read.")
def predict(
    run_folder: Path, data: tuple[str, ...], file: str | None, device: str, *, trust: bool,
    skip_unreadable: bool,
) -> int:  # fmt: skip
    """Predict for DATA with the model of the run in the folder RUN. The result is a table (CSV).

    DATA can be images or a folder of them, a table, a text file (the answer is then the character
    that comes next), an array of inputs (.npy, .safetensors), or train, val or test. You can name
    several. Each row has the answer and, for classes, how probable it is; then the columns that
    identify the row, the true answer where the data hold it, the probability of every class, and
    anything odd about the row.
    """
    if file is not None and Path(file).exists():
        raise UsageError(f"{file!r} is there already: name another file.")
    with busy("reading the data and asking the model"):
        from recipe.trained.answer_table import as_table, in_short
        from recipe.trained.prediction import predict as answers

        notes: list[str] = []
        answered = list(answers(
            run_folder, data, device=device, skip_unreadable=skip_unreadable, trust=trust,
            say=notes.append,
        ))  # fmt: skip
    for note in notes:
        click.echo(shown([note])[0], err=True)
    text = io.StringIO()
    on_screen = file is None and sys.stdout.isatty()
    table = csv.writer(text if file else sys.stdout, lineterminator="\n")
    head, rows = as_table(answered)
    table.writerow(head)
    for row in rows:
        table.writerow(map(in_one_line, row) if on_screen else row)
    for line in in_short(answered):
        click.echo(shown([line])[0], err=True)
    if file is not None:
        try:
            write_text(Path(file), text.getvalue())
        except OSError as error:
            raise UsageError(f"{file!r} cannot be written ({error.strerror}).") from error
        click.echo(file)
    return 0
