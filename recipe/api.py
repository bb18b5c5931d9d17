"""`recipe.run`: the recipe for scripts and notebooks."""

from pathlib import Path
from typing import Any

from recipe.core.errors import UsageError
from recipe.core.events import Observer
from recipe.core.option_definitions import BY_NAME
from recipe.core.results import RunResult
from recipe.core.settings import resolve
from recipe.engine.decisions import Gate
from recipe.engine.notebook_display import display_here
from recipe.engine.run_execution import execute
from recipe.experiment import Experiment


def run(  # noqa: PLR0917 - the order is part of the interface
    experiment: Experiment,
    until: str | None = None,
    budget: str | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    observe: Observer | None = None,
    gate: Gate | None = None,
    **options: Any,
) -> RunResult:
    """Run the recipe on an experiment and write the run folder.

    Args:
        experiment: what to train.
        until: last step to run.
        budget: such as "15m" or "40epochs".
        out: folder for run folders (default reports/).
        seed: of everything random.
        observe: called with every event; in a notebook, without it, the output of the cell shows
            how far the run is.
        gate: asked after a failed step whether to go on; without it the run stops there. It may
            also answer with the name of a rule that was found: its remedy is then applied first.
        options: any other option of the command line, such as epochs=5.

    Returns:
        What result.json holds; its `folder` is the run folder.

    Raises:
        UsageError: an experiment or option that cannot be used.

    """
    for name in BY_NAME:
        if options.get(name) is not None:
            raise UsageError(
                f"recipe.run got {name}={options[name]!r} beside an experiment: data and model are "
                "the experiment's own; recipe.sources makes one by name."
            )
    given = {"until": until, "budget": budget, "out": out, "seed": seed, **options}
    observe = observe or display_here()
    return execute(experiment, resolve(given), observe=observe, gate=gate and _of_failures(gate))


def _of_failures(gate: Gate) -> Gate:
    return lambda result: True if result.status == "warn" else gate(result)
