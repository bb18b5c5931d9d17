"""For authors of steps: judge made-up evidence, and measure on a small experiment.

    findings = judge_scalars(MyStep(), {"loss": 12.0, "expected": 2.3})
    evidence = measure(MyStep(), Experiment(model=..., train=..., lr=0.1), tmp_path)

Judging needs no torch, so a table of cases runs in milliseconds.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recipe.core.evidence import Evidence, Scalar
from recipe.core.findings import Finding
from recipe.plugin.rules import judge
from recipe.plugin.step import Step

if TYPE_CHECKING:
    from recipe.experiment import Experiment
    from recipe.plugin.context import Context


def judge_scalars(
    step: Step,
    scalars: Mapping[str, Scalar],
    curves: Mapping[str, Iterable[float | None]] | None = None,
) -> tuple[Finding, ...]:
    """What the step's rules say of this evidence; NaN stands for a value that was not finite."""
    made = {name: tuple(values) for name, values in (curves or {}).items()}
    return judge(step.rules, Evidence(scalars, made))


@contextmanager
def open_context(
    step: Step, experiment: "Experiment", out: Path, **settings: Any
) -> "Iterator[Context]":
    """The context in which a run would measure this step, with a run folder of its own in `out`.

    Nothing came before: put what earlier steps measured into `ctx.measured`.

    Args:
        step: what is going to measure.
        experiment: as declared.
        out: where the run folder is made, such as pytest's `tmp_path`.
        settings: options by the names of `recipe.run`; the device is the CPU unless given.

    Raises:
        UsageError: an experiment or option that cannot be used.

    """
    from recipe.engine.opened import open_engine

    with open_engine(step.name, experiment, out, **settings) as engine:
        engine.ctx.step = step.name
        yield engine.ctx


def measure(step: Step, experiment: "Experiment", out: Path, **settings: Any) -> Evidence:
    """What the step alone measures on an experiment; see `open_context`."""
    with open_context(step, experiment, out, **settings) as ctx:
        return step.measure(ctx)
