"""Step plugins: find them (importing nothing), load them, verify their shape, order them."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from recipe.border.faults import add_plugin
from recipe.core.errors import StepError, UsageError
from recipe.core.names import unknown
from recipe.plugin.rules import Rule
from recipe.plugin.step import GROUP, Step, applies_to

if TYPE_CHECKING:
    from recipe.experiment import Experiment

_ATTRIBUTES: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "title": str,
    "version": int,
    "requires": (set, frozenset),
    "rules": tuple,
}


@dataclass(frozen=True)
class Plugin:
    """A loaded step and the package it comes from."""

    step: Step
    package: str


def find() -> tuple[EntryPoint, ...]:
    """The registered entry points, sorted by name; no plugin is imported."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda entry: entry.name))


def package_of(entry: EntryPoint) -> str:
    """The distribution that registers an entry point."""
    return entry.dist.name if entry.dist is not None else entry.value.split(":")[0]


def load(entries: Iterable[EntryPoint] | None = None) -> tuple[Plugin, ...]:
    """Import the plugins, verify them, and bring them in an order that honours `requires`.

    Raises:
        StepError: a plugin does not import or has not the shape of a step; names its package.

    """
    plugins = [_load_one(entry) for entry in (find() if entries is None else entries)]
    return in_order(plugins)


def _load_one(entry: EntryPoint) -> Plugin:
    package = package_of(entry)
    try:
        made = entry.load()
        step = made() if isinstance(made, type) else made
    except Exception as error:
        raise StepError(
            f"Step {entry.name!r} of package {package!r} does not load "
            f"({type(error).__name__}: {error}): fix or uninstall {package!r}."
        ) from error
    problem = verify(step)
    if problem is None and step.name != entry.name:
        problem = f"its name is {step.name!r}, but it is registered as {entry.name!r}"
    if problem:
        raise StepError(
            f"Step {entry.name!r} of package {package!r} is no step: {problem}; "
            f"fix or uninstall {package!r}."
        )
    if entry.dist is not None:
        _count_as_ours(step)
    return Plugin(step, package)


def _count_as_ours(step: Step) -> None:
    """The code of an installed step is none of the user's."""
    module = sys.modules[type(step).__module__.partition(".")[0]]
    for path in getattr(module, "__path__", [module.__file__]):
        add_plugin(str(path))


def verify(step: Any) -> str | None:
    """What is wrong with the shape of a step, or None."""
    for name, kind in _ATTRIBUTES.items():
        if not hasattr(step, name):
            return f"it has no {name!r}"
        if not isinstance(getattr(step, name), kind):
            return f"its {name!r} is a {type(getattr(step, name)).__name__}"
    if not callable(getattr(step, "measure", None)):
        return "it has no method 'measure(ctx)'"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", step.name):
        return f"its name {step.name!r} is not in snake_case"
    wrong = [rule for rule in step.rules if not isinstance(rule, Rule)]
    if wrong:
        return f"{wrong[0]!r} in its rules is no Rule: decorate the function with @rule(...)"
    return None


def in_order(plugins: Sequence[Plugin]) -> tuple[Plugin, ...]:
    """Each step after those it requires; where that leaves a choice, by name."""
    by_name = {plugin.step.name: plugin for plugin in plugins}
    for plugin in plugins:
        missing = plugin.step.requires - by_name.keys()
        if missing:
            raise StepError(
                f"Step {plugin.step.name!r} of package {plugin.package!r} requires "
                f"{min(missing)!r}, which is not installed."
            )
    sorter = TopologicalSorter({name: plugin.step.requires for name, plugin in by_name.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise StepError(f"Steps require each other in a circle: {error.args[1]}.") from error
    ordered: list[Plugin] = []
    waiting: list[str] = []
    while sorter.is_active():
        waiting = sorted([*waiting, *sorter.get_ready()])
        name = waiting.pop(0)
        ordered.append(by_name[name])
        sorter.done(name)
    return tuple(ordered)


def for_experiment(
    plugins: Sequence[Plugin], experiment: "Experiment", until: str | None, only: Sequence[str]
) -> tuple[tuple[Plugin, ...], str | None]:
    """The steps that apply to an experiment, and the last one of them up to `until`.

    Raises:
        UsageError: of those in `only`, one does not apply.

    """
    kept = tuple(plugin for plugin in plugins if applies_to(plugin.step, experiment))
    names = [plugin.step.name for plugin in kept]
    for name in only:
        if name not in names:
            raise UsageError(
                f"Step {name!r} is none for this experiment: name one of {', '.join(names)}."
            )
    if until is None or until in names:
        return kept, until
    every = [plugin.step.name for plugin in plugins]
    before = [name for name in every[: every.index(until)] if name in names]
    if not before:
        raise UsageError(f"No step up to {until!r} is one for this experiment: leave out --until.")
    return kept, before[-1]


def all_rules(plugins: Iterable[Plugin]) -> dict[str, Rule]:
    """Every rule by name."""
    return {rule.name: rule for plugin in plugins for rule in plugin.step.rules}


def check_names(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """UsageError with the nearest known name for the first unknown one."""
    known = list(known)
    for name in names:
        if name not in known:
            raise UsageError(unknown(kind, name, known))
