"""For a test suite of one's own: an experiment passes the first steps of the recipe.

def test_it_can_learn():
    assert_recipe(experiment)
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from recipe.core.errors import UsageError
from recipe.core.results import RunResult

if TYPE_CHECKING:
    from recipe.experiment import Experiment


def assert_recipe(
    experiment: "Experiment | Callable[[], Experiment] | str",
    *,
    until: str | None = None,
    ignore: Mapping[str, str] | None = None,
    strict: bool = False,
    seed: int = 0,
    device: str = "cpu",
) -> RunResult:
    """Run the first steps: data and model are sound, a fresh model starts at the loss it should,
    gradients reach every weight, and a small sample can be memorized. Takes seconds.

    Its run folder is a temporary one, and no remedy is tried.

    Args:
        experiment: an Experiment, a function that returns one, or a target such as
            "experiment.py:name".
        until: last step; by default the last of those that train on no more than a small sample.
        ignore: rules that do not count, each with the reason: {"rule": "why"}.
        strict: a warning fails too.
        seed: of everything random.
        device: where: auto, cpu, cuda or mps.

    Returns:
        What was measured and found.

    Raises:
        AssertionError: a step failed, or crashed; says each cause with its advice.
        UsageError: an argument is wrong, or the experiment cannot be loaded, such as where the
            model factory raises; says where.

    """
    __tracebackhide__ = True
    given = {"ignore": ignore, "strict": strict, "seed": seed, "device": device}
    try:
        result, end = _run(_loaded(experiment), until, given)
    except UsageError as error:
        raise UsageError(str(error)) from None  # it says where; frames of ours say nothing
    from recipe.core.exit_codes import exit_code

    if exit_code(result, strict=strict):
        raise AssertionError("\n".join(_message(result, end, seed)))
    return result


def _loaded(experiment: "Experiment | Callable[[], Experiment] | str") -> "Experiment":
    __tracebackhide__ = True
    from recipe.experiment import Experiment
    from recipe.sources.targets import as_experiment, load_target

    if isinstance(experiment, str):
        return load_target(experiment)
    if isinstance(experiment, Experiment) or callable(experiment):
        return as_experiment(experiment, getattr(experiment, "__qualname__", "the experiment"))
    raise UsageError(
        f"assert_recipe got {type(experiment).__name__}: pass an Experiment, a function that "
        "returns one, or a target such as 'experiment.py:name'."
    )


def _run(
    experiment: "Experiment", until: str | None, given: Mapping[str, Any]
) -> tuple[RunResult, str]:
    """The result, and the last step that was asked for."""
    __tracebackhide__ = True
    from recipe.engine.opened import open_engine, small_steps
    from recipe.engine.run_result import assemble
    from recipe.plugin import registry

    end = until or small_steps([plugin.step for plugin in registry.load()])
    if end is None:
        raise UsageError("No short step is installed: name the last step to run with until=.")
    name = experiment.name or "experiment"
    with (
        TemporaryDirectory(prefix="recipe-", ignore_cleanup_errors=True) as folder,
        open_engine("run", experiment, Path(folder), until=end, **given) as engine,
    ):
        engine.run()
        settings = engine.ctx.settings.to_dict()
        return assemble(engine, name, {}, settings, interrupted=False), end


def _message(result: RunResult, end: str, seed: int) -> Iterator[str]:
    """What a failed assertion says: each cause with its advice, the most probable one first."""
    from recipe.report.finding_texts import causes

    yield f"{result.name} does not pass the recipe (until {end}, seed {seed}):"
    for step in result.latest_steps:
        if step.status == "error":
            yield f"  {step.title}: {step.reason}"
    found = causes(result)
    for number, each in enumerate(found, 1):
        f = each.finding
        yield f"  {number}. {f.rule} ({f.severity}): {' '.join(f.message.split())}"
        if f.advice.strip():
            yield f"     -> {' '.join(f.advice.split())}"
        if each.consequences:
            yield f"     It explains: {', '.join(e.rule for e in each.consequences)}."
    if found:
        rule = found[0].finding.rule
        yield f"`recipe explain {rule}` says more."
    elif result.without_winner:
        yield "  No trial ended with a score."
