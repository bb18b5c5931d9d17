"""`recipe predict`: a table of answers."""

import csv
import io
import sys
from pathlib import Path

import click

from recipe.core.errors import UsageError
from recipe.core.files import write_text
from recipe.core.option_definitions import DEVICES


@click.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("data", metavar="DATA", nargs=-1, required=True)
@click.option("--out", "file", metavar="FILE", help="Where to write them; default: the terminal.")
@click.option("--device", type=click.Choice(DEVICES), default="cpu", help="Where to compute.")
@click.option("--skip-unreadable", is_flag=True, help="Leave out images that cannot be read.")
def predict(
    run_folder: Path, data: tuple[str, ...], file: str | None, device: str, *, skip_unreadable: bool
) -> int:
    """Answer for DATA with the model of the run folder RUN, as a table (CSV).

    DATA is a folder of images or images, a table (of texts too), a text (the answer is the
    character that comes next), an array of inputs (.npy, .safetensors), or train, val or test. The
    probability is that of the answer; amounts have none.
    """
    from recipe.trained.prediction import predict as answers

    if file is not None and Path(file).exists():
        raise UsageError(f"{file!r} is there already: name another file.")
    found = answers(
        run_folder, data, device=device, skip_unreadable=skip_unreadable,
        say=lambda note: click.echo(note, err=True),
    )  # fmt: skip
    text = io.StringIO()
    table = csv.writer(text if file else sys.stdout, lineterminator="\n")
    table.writerow(("item", "answer", "probability"))
    for each in found:
        share = "" if each.probability is None else f"{each.probability:.4f}"
        table.writerow((each.item, each.answer, share))
    if file is not None:
        try:
            write_text(Path(file), text.getvalue())
        except OSError as error:
            raise UsageError(f"{file!r} cannot be written ({error.strerror}).") from error
        click.echo(file)
    return 0
