"""A patch of the user's files that mends what a run found: each edit is run before it is offered.

Edited files are held in memory and take the place of the modules for as long as they are tried;
nothing of the user's is written.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from recipe.core.evidence import Evidence
from recipe.core.files import write_text
from recipe.core.findings import Finding
from recipe.core.results import RunResult
from recipe.core.settings import Settings
from recipe.engine.run_execution import execute
from recipe.experiment import Experiment
from recipe.patches.diff import PATCH, root_of, unified
from recipe.patches.edits import candidates
from recipe.patches.own_files import files_of, loaded
from recipe.plugin import registry
from recipe.sources.targets import as_experiment

MOST_TRIED = 12
"""Edits of one fault that are run; what none of them mends is told in words."""


@dataclass(frozen=True)
class Patch:
    """What was made of a user's file."""

    diff: str
    """Unified; empty where nothing could be placed."""
    after: Mapping[Path, str]
    """The patched files, whole."""
    mended: tuple[str, ...] = ()
    """Rules that are silent in the patched file."""
    left: tuple[Finding, ...] = ()
    """What could not be placed in the file, or was not shown to mend."""


def make_patch(
    file: Path, name: str, result: RunResult, settings: Settings, say: Callable[[str], None]
) -> Patch:
    """Edit the file, or one beside it that it imports, fault by fault; an edit stays where the rule
    that fired is silent after it.

    Args:
        file: of the user.
        name: of the experiment in it.
        result: of the run that found the faults.
        settings: of that run.
        say: told what is tried.

    """
    before = files_of(file)
    after = dict(before)
    rules = registry.all_rules(registry.load())
    mended, left = [], []
    for found in result.findings:
        idle = found.remedy is not None and found.remedy.verified is False
        idle = idle and found.severity != "fail" and found.rule not in result.repaired
        if found.because is not None or idle:
            continue
        step, evidence = _first(result, found.rule)
        remedy = rules[found.rule].remedy
        kinds = remedy.edits if remedy is not None else ()
        say(f"Looking for {found.rule} in {', '.join(path.name for path in after)}.")
        tried = islice(_edited(after, kinds, evidence), MOST_TRIED)
        known = {f.rule for each in result.steps for f in each.findings if f.severity == "fail"}
        mends = partial(
            _mends, file, name, step=step, rule=found.rule, known=known, settings=settings
        )
        edit = next(filter(mends, tried), None)
        if edit is None:
            left.append(found)
        else:
            after = edit
            mended.append(found.rule)
    changed = {path: text for path, text in after.items() if text != before[path]}
    root = root_of(file)
    diff = "".join(unified(path, before[path], text, root) for path, text in changed.items())
    return Patch(diff, changed, tuple(mended), tuple(left))


def _edited(
    texts: Mapping[Path, str], kinds: tuple[str, ...], evidence: Evidence
) -> Iterator[dict[Path, str]]:
    """Each with one edit, of the first file first."""
    for path, text in texts.items():
        for edited in candidates(text, kinds, evidence):
            yield {**texts, path: edited}


def _first(result: RunResult, rule: str) -> tuple[str, Evidence]:
    """The step that found it first, in the experiment as it was declared, and what it measured."""
    for step in result.steps:
        if any(f.rule == rule for f in step.findings):
            return step.name, step.evidence
    raise KeyError(rule)


def _mends(
    file: Path, name: str, texts: Mapping[Path, str], *, step: str, rule: str, known: set[str],
    settings: Settings,
) -> bool:  # fmt: skip
    """Whether the edited files load, and the step that fired finds nothing worse than a note of
    this rule in it, and no failure that is not known.
    """
    quick = replace(
        Settings(), seed=settings.seed, device=settings.device, epochs=settings.epochs,
        call_limit=settings.call_limit, ignore=settings.ignore, only=(step,), verify_budget="off",
    )  # fmt: skip
    try:
        with tempfile.TemporaryDirectory() as folder:
            experiment = load_texts(file, name, texts)
            result = execute(experiment, replace(quick, out=Path(folder)))
    except Exception:  # noqa: BLE001 - an edit that does not fit may break anything
        return False
    ran = result.step(step)
    return ran.status in ("pass", "warn", "fail") and all(
        not f.counts or (f.rule != rule and (f.severity != "fail" or f.rule in known))
        for f in ran.findings
    )


def load_text(file: Path, name: str, text: str) -> Experiment:
    """The experiment in a file that holds this text instead of its own."""
    return load_texts(file, name, {file: text})


def load_texts(file: Path, name: str, texts: Mapping[Path, str]) -> Experiment:
    """The same, of a file that imports others."""
    module = loaded(file, texts)
    return as_experiment(getattr(module, name), f"{file}:{name}", vars(module))


def write_patch(patch: Patch, folder: Path) -> None:
    """Put it into the run folder, and into the report there."""
    from recipe.report.write import add_patch

    write_text(folder / PATCH, patch.diff)
    add_patch(folder)
