"""Curves of a log as the evidence that rules read."""

import math
from collections.abc import Mapping, Sequence

from recipe.core.evidence import Evidence, Scalar
from recipe.logs.log import Log


def as_evidence(
    curves: Mapping[str, Sequence[float]],
    *,
    at: Mapping[str, Sequence[float]] | None = None,
    end: float | None = None,
    unit: str = "",
    means: bool = True,
    kind: str = "",
    planned: float | None = None,
    growing: bool = False,
) -> Evidence:
    """The evidence that rules about curves read, of one run called `best`.

    It diverged where the training loss is not finite somewhere, or the validation loss to its end.

    Args:
        curves: by our names; a value that is not finite is one that was meant.
        at: of each curve the epoch, step or row of its points, where they are known. Without them
            point k of one curve and of another are taken to be of the same epoch.
        end: the epoch, step or row up to which the log goes.
        unit: what `at` counts: `epoch`, `step`, or empty where nobody knows.
        means: points are means of whole epochs, or measured on a fixed set; else of minibatches.
        kind: of training, where its losses do not mean what they mean elsewhere; see `Log.kind`.
        planned: the epoch or step where training was to end.
        growing: more may follow, so that the last point need not be where the run stays.

    """
    train, val = curves.get("train_loss", ()), curves.get("val_loss", ())
    losses = train or val
    diverged = any(not math.isfinite(loss) for loss in (*losses, *val[-1:]))
    scalars: dict[str, Scalar] = {
        "best_label": "Here",
        "best_status": "diverged" if diverged else "finished",
        "best_epochs": len(losses),
        "log": True,
        "log_unit": unit,
        "log_end": end,
        "log_means": means,
        "log_kind": kind,
        "log_planned": planned,
        "log_growing": growing,
    }
    given = {f"best_{name}": tuple(values) for name, values in curves.items()}
    places = {f"best_{name}_at": tuple(places) for name, places in (at or {}).items()}
    return Evidence(scalars, given | places)


def evidence_of(log: Log, *, growing: bool = False) -> dict[str, Evidence]:
    """What rules are to look at, each by itself: "" for the whole, or parts of a loss by name."""
    found = {}
    for part, curves in log.judged.items():
        at = {name: places for name in curves if (places := places_of(log, part, name))}
        found[part] = as_evidence(
            curves, at=at, end=log.end if len(at) == len(curves) else None, unit=log.unit,
            means=log.points_are != "steps", kind=log.kind, planned=log.planned, growing=growing,
        )  # fmt: skip
    return found


def places_of(log: Log, part: str, name: str) -> list[float]:
    """The place of every point of a curve, or of one of a part of the loss; none where the log does
    not say.
    """
    values = log.judged[part][name]
    known = (log.at.get(f"{part}/{name}", []), log.at.get(name, []))
    return next((places for places in known if len(places) == len(values)), [])
