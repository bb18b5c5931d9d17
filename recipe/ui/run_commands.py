"""Commands about finished runs: beside each other, and as data for other tools."""

import sys
from pathlib import Path

import click

from recipe.core.errors import UsageError
from recipe.core.files import write_text
from recipe.core.plain_text import shown, visible
from recipe.ui.busy import busy
from recipe.ui.click_flags import TRUST

TWO = 2


@click.command()
@click.argument("folders", metavar="RUN RUN...", nargs=-1, type=click.Path(path_type=Path))
def compare(folders: tuple[Path, ...]) -> int:
    """Show runs side by side, and say whether their scores differ by more than luck."""
    from recipe.notebook.run_folder import read_result
    from recipe.report.compare import comparison, table_lines, verdict

    if len(folders) < TWO:
        raise UsageError("Name two or more run folders to compare, such as those below reports/.")
    results = [read_result(folder) for folder in folders]
    from shutil import get_terminal_size

    width = get_terminal_size().columns if sys.stdout.isatty() else None
    with busy("comparing"):
        lines = table_lines(comparison(results), width)
        lines += ["", *(verdict(results[0], other) for other in results[1:])]
    click.echo("\n".join(shown(lines)))
    return 0


@click.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--csv", "table", metavar="FILE", help="Write one line per trial; - for standard output."
)
@click.option("--optuna", "storage", metavar="URL",
              help="Write a study to this storage, such as sqlite:///runs.db.")  # fmt: skip
@click.option("--model", "model", metavar="FILE",
              help="Write the trained model: FILE.pt2 (torch.export) or FILE.onnx.")  # fmt: skip
@click.option("--code", "code", metavar="FILE",
              help="Write a plain PyTorch script, FILE.py, that trains the winner again without "
              "recipe, and its data beside it.")  # fmt: skip
@TRUST
def export(
    run_folder: Path, table: str | None, storage: str | None, model: str | None,
    code: str | None, *, trust: bool,
) -> int:  # fmt: skip
    """Hand the run in the folder RUN to other tools: its trials, its model, or plain code."""
    from recipe.notebook.run_folder import read_result
    from recipe.report.trial_export import as_csv, to_optuna

    if not any((table, storage, model, code)):
        raise UsageError(
            "Say what to write: --model FILE.pt2 or FILE.onnx, --code FILE.py, --csv FILE, or "
            "--optuna sqlite:///runs.db."
        )
    result = read_result(run_folder)
    if table == "-":
        text = as_csv(result)
        click.echo(visible(text) if sys.stdout.isatty() else text, nl=False)
    elif table is not None:
        _write_new(table, as_csv(result))
    if storage is not None:
        name = to_optuna(result, storage)
        click.echo(f"study {name!r} in {storage}", err=table == "-")
    if model is not None:
        click.echo(_export_model(run_folder, model, trust=trust), err=table == "-")
    if code is not None:
        for line in _export_code(run_folder, code, trust=trust):
            click.echo(line, err=table == "-")
    return 0


@click.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--write",
    "file",
    metavar="FILE",
    help="Where to write it, such as README.md (default: the terminal).",
)
def card(run_folder: Path, file: str | None) -> int:
    """Write a model card, as model hubs show it, for the model of the run in the folder RUN."""
    import json

    from recipe.core.files import read_plain
    from recipe.notebook.run_folder import read_result
    from recipe.report.model_card import model_card

    result, inputs = read_result(run_folder), run_folder / "inputs.json"
    try:
        known = json.loads(read_plain(inputs)) if inputs.exists() else {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(inputs)!r} cannot be read ({error}).") from error
    text = model_card(result, known if isinstance(known, dict) else {})
    if file is None:
        click.echo(text, nl=False)
        return 0
    _write_new(file, text)
    return 0


def _write_new(file: str, text: str) -> None:
    """Write a file that is not there yet, and say its name."""
    if Path(file).exists():
        raise UsageError(f"{file!r} is there already: name another file.")
    try:
        write_text(Path(file), text)
    except OSError as error:
        raise UsageError(f"{file!r} cannot be written ({error.strerror}).") from error
    click.echo(file)


def _export_model(run_folder: Path, file: str, *, trust: bool) -> str:
    """Write it; what was written, in a sentence."""
    with busy("writing the model and checking what was written"):
        from recipe.trained.model_export import export_model

        written = export_model(run_folder, file, trust=trust)
    same = (
        "the same outputs to the last digit"
        if written.difference == 0
        else f"outputs that differ by {written.difference:.1g} at most"
    )
    one = "" if written.any_batch else "; it takes one item at a time"
    return f"{written.file}: {same}, on {written.items} items{one}"


def _export_code(run_folder: Path, file: str, *, trust: bool) -> list[str]:
    """Write it; what was written, and what it leaves out."""
    with busy("writing the script and its data"):
        from recipe.trained.code_export import export_code

        written = export_code(run_folder, file, trust=trust)
    return [
        f"{visible(written.file)}: python {visible(written.file)} trains the winner again",
        f"{visible(written.data)}: its data",
        *(f"Note: {note}" for note in written.notes),
    ]
