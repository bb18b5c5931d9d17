"""What a run that goes on does not take over from its folder: damaged lines and weights, lines that
cannot be read, and what failed, since the cause may have passed.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import torch

from recipe.core.budget import LeftOut
from recipe.core.checksums import read_sealed
from recipe.core.chosen_model import chosen_from_json
from recipe.core.json_fields import record
from recipe.core.results import step_from_json
from recipe.core.trials import trial_from_json
from recipe.engine import decisions
from recipe.engine.proof_training import CUT_OFF
from recipe.engine.run_wiring import STARTS, WAY
from recipe.machine.device import chip
from recipe.models.pretrained import SCRATCH, start_file
from recipe.notebook.journal import Journal
from recipe.plugin.allowance import PACE
from recipe.training.execution_mode import mode_from_json

DEVICE = "device"
"""In the journal: where trials were trained, if not on a processor."""


def reopened(journal: Journal) -> Iterator[str]:
    """Forget what has to be done again; sentences about what is told of it."""
    if journal.damaged:
        one = journal.damaged == 1
        yield (
            f"{journal.damaged} line{'' if one else 's'} of {journal.path.name} "
            f"{'is' if one else 'are'} not what was written and passed over: that work is done "
            "again."
        )
    if unread := _unread(journal):
        yield (
            f"Another version of recipe wrote lines that this one cannot read "
            f"({', '.join(unread)}): that work is done again."
        )
    if lost := _lost_starts(journal):
        yield f"Weights that trainings begin with are not what was written: {', '.join(lost)}."
    failed = _failed(journal)
    if failed:
        yield f"What failed before is tried again: {', '.join(failed)}."


def moved_to(journal: Journal, device: torch.device) -> str | None:
    """What is said where trials of the run were trained on another kind of device than those that
    come: their scores are compared, and differ in the last digits. Known from then on.
    """
    here = "the processor" if device.type == "cpu" else f"{device.type} ({chip(device)[0]})"
    before = journal.get(DEVICE, DEVICE) or "the processor"
    if before == here:
        return None
    journal.put(DEVICE, DEVICE, here)
    if not _records(journal, "trial"):
        return None
    return (
        f"The trials of this run so far were trained on {before}, those that come are on {here}: "
        "scores of the two differ by rounding. --fresh begins anew."
    )


def _step(value: Any) -> dict[str, Any]:
    step_from_json(value["result"])
    trials = [vars(trial_from_json(trial)) for trial in value["trials"]]
    left_out = [vars(record(LeftOut, said)) for said in value.get("left_out") or ()]
    chosen_from_json(value.get("chosen"))
    return {**value, "epochs": _number(value["epochs"]), "trials": trials, "left_out": left_out}


def _proof(value: Any) -> dict[str, Any]:
    if value != CUT_OFF:
        float(value["epochs"])
        assert {"score", "loss"} <= value.keys()  # noqa: S101 - which is caught
    return dict(value)


def _final(value: Any) -> dict[str, Any]:
    names = ("seed", "epochs", "scores", "files")
    return {name: value[name] for name in names}


def _number(value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError
    return value


READERS: dict[str, Callable[[Any], Any]] = {
    "trial": lambda value: vars(trial_from_json(value)),
    "step": _step,
    "proof": _proof,
    "final": _final,
    "decision": _number,
    WAY: lambda value: vars(mode_from_json(value)),
    PACE: _number,
    decisions.KIND: lambda value: {name: value[name] for name in ("answer", "failed")},
}
"""How a line is read, by its kind: what none of them knows is left alone."""


def _unread(journal: Journal) -> list[str]:
    """Forget lines that cannot be read; their kinds."""
    kinds = set()
    for (kind, key), value in list(journal.entries.items()):
        try:
            journal.entries[kind, key] = READERS.get(kind, lambda known: known)(value)
        except (TypeError, ValueError, LookupError, AttributeError, AssertionError):
            journal.forget(kind, key)
            kinds.add(kind)
    return sorted(kinds)


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


def _forget(journal: Journal, kind: str, which: Callable[[dict[str, Any]], bool]) -> int:
    gone = [
        key
        for (of, key), value in journal.entries.items()
        if of == kind and isinstance(value, dict) and which(value)
    ]
    for key in gone:
        journal.forget(kind, key)
    return len(gone)
