"""`recipe diagnose`: learning curves that others wrote."""

from pathlib import Path

import click

from recipe.core.plain_text import shown


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
def diagnose(logs: tuple[Path, ...], columns: tuple[str, ...], run: str, *, lists: bool) -> int:
    """Read learning curves and say what they show. LOG is a file or folder that a training left:
    plain text, CSV, JSON, YAML, a notebook, event files of TensorBoard, runs of MLflow, W&B,
    Lightning, Hugging Face, Ultralytics.
    """
    from recipe.logs.asked import named_columns
    from recipe.logs.listing import list_lines
    from recipe.logs.reading import as_evidence, read
    from recipe.plugin import registry
    from recipe.plugin.rules import judge
    from recipe.ui.terminal_lines import log_lines

    named = named_columns(columns)
    if lists:
        for path in logs:
            click.echo("\n".join(shown(list_lines(path))))
        return 0
    readers = [p.step for p in registry.load() if getattr(p.step, "reads_logs", False)]
    worst = 0
    for path in logs:
        log = read(path, named, run)
        evidence = as_evidence(log.curves, at=log.at, end=log.end, unit=log.unit)
        findings = [f for step in readers for f in judge(step.rules, evidence)]
        lines = log_lines(str(path), log.curves, findings, log.notes)
        click.echo("\n".join(shown(lines)))
        worst = max(worst, int(any(f.severity == "fail" for f in findings)))
    return worst
