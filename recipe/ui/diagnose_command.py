"""`recipe diagnose`: learning curves that others wrote."""

from pathlib import Path

import click

from recipe.core.plain_text import shown


@click.command()
@click.argument("logs", metavar="LOG...", nargs=-1, required=True,
                type=click.Path(path_type=Path))  # fmt: skip
@click.option("--columns", metavar="CURVE=COLUMN,...",
              help="Which column is train_loss, val_loss, train_score, val_score, lr.")  # fmt: skip
def diagnose(logs: tuple[Path, ...], columns: str | None) -> int:
    """Read learning curves from CSV or JSON files and say what they show."""
    from recipe.logs.reading import as_evidence, read
    from recipe.plugin import registry
    from recipe.plugin.rules import judge
    from recipe.ui.terminal_lines import log_lines

    named = dict(pair.partition("=")[::2] for pair in columns.split(",")) if columns else {}
    readers = [p.step for p in registry.load() if getattr(p.step, "reads_logs", False)]
    worst = 0
    for path in logs:
        log = read(path, named)
        evidence = as_evidence(log.curves, at=log.at, end=log.end, unit=log.unit)
        findings = [f for step in readers for f in judge(step.rules, evidence)]
        lines = log_lines(str(path), log.curves, findings, log.notes)
        click.echo("\n".join(shown(lines)))
        worst = max(worst, int(any(f.severity == "fail" for f in findings)))
    return worst
