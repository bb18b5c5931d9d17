"""What a run that goes on does not take over from its folder: damaged lines and weights, and what
failed, since the cause may have passed.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from recipe.core.checksums import read_sealed
from recipe.engine.run_wiring import STARTS
from recipe.models.pretrained import SCRATCH, start_file
from recipe.notebook.journal import Journal


def reopened(journal: Journal) -> Iterator[str]:
    """Forget what has to be done again; sentences about what is told of it."""
    if journal.damaged:
        one = journal.damaged == 1
        yield (
            f"{journal.damaged} line{'' if one else 's'} of {journal.path.name} "
            f"{'is' if one else 'are'} not what was written and passed over: that work is done "
            "again."
        )
    if lost := _lost_starts(journal):
        yield f"Weights that trainings begin with are not what was written: {', '.join(lost)}."
    failed = _failed(journal)
    if failed:
        yield f"What failed before is tried again: {', '.join(failed)}."


def _lost_starts(journal: Journal) -> list[str]:
    """Weights to begin with that are gone or damaged: the steps that kept them run again."""
    folder = journal.path.parent / STARTS
    named = {(trial.get("params") or {}).get("begin_from") for trial in _records(journal, "trial")}
    lost = sorted(
        name
        for name in named - {None, SCRATCH}
        if isinstance(name, str) and read_sealed(start_file(folder, name)) is None
    )
    for name in lost:
        with suppress(OSError):
            start_file(folder, name).unlink(missing_ok=True)
    if lost:
        _forget(journal, "step", lambda _: True)
    return lost


def _failed(journal: Journal) -> list[str]:
    """Trials and proofs whose training raised, and the steps that these trials belong to."""
    trials = _forget(journal, "trial", _is_failed)
    _forget(journal, "step", lambda step: any(map(_is_failed, step.get("trials") or ())))
    proofs = _forget(journal, "proof", lambda proof: proof.get("failed") is True)
    found = ((trials, "trial"), (proofs, "proof"))
    return [f"{number} {what}{'' if number == 1 else 's'}" for number, what in found if number]


def _is_failed(trial: Any) -> bool:
    return isinstance(trial, dict) and trial.get("status") == "failed"


def _records(journal: Journal, kind: str) -> list[dict[str, Any]]:
    return [value for value in journal.values(kind) if isinstance(value, dict)]


def _forget(journal: Journal, kind: str, which: Any) -> int:
    gone = [
        key
        for (of, key), value in journal.entries.items()
        if of == kind and isinstance(value, dict) and which(value)
    ]
    for key in gone:
        journal.forget(kind, key)
    return len(gone)
