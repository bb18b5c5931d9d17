"""An engine around a run that has started: its journal, its trainings and its context."""

import math
import time
from dataclasses import asdict, replace

import torch

from recipe.core.budget import Meter
from recipe.core.events import Message, Observer, Progress, TrialFinished
from recipe.core.keys_and_seeds import key
from recipe.core.settings import Settings
from recipe.engine.decisions import Gate
from recipe.engine.drawing import DrawnBeside
from recipe.engine.engine import Engine
from recipe.engine.placing import Placing
from recipe.engine.repair import Repaired
from recipe.engine.run_setup import Started
from recipe.notebook.journal import Journal
from recipe.plugin.allowance import PACE
from recipe.plugin.context import Context
from recipe.search.checkpoints import Checkpoints
from recipe.search.runner import Runner
from recipe.speed.mode_choice import choose
from recipe.speed.mode_search import SHARE
from recipe.training.execution_mode import PLAIN, ExecutionMode, mode_from_json
from recipe.training.plan import iterations_per_epoch

USUAL_TRAININGS = 5.0
"""What a run without a budget costs, in full trainings."""
STARTS = "starts"
"""In the run folder: weights that trainings begin with."""
WAY = "way"
"""In the journal: how an experiment is trained, by its fingerprint."""


def make_engine(  # noqa: PLR0917 - all that a run consists of
    started: Started,
    settings: Settings,
    journal: Journal,
    emit: Observer,
    gate: Gate | None,
    began: float | None = None,
    places: Placing | None = None,
) -> Engine:
    """The engine of a run; it can be given another experiment where a fault is repaired.

    Args:
        started: experiment and data.
        settings: resolved options.
        journal: of the run folder.
        emit: told of every event.
        gate: asked after warnings and failures.
        began: when the budget of time began, by `time.monotonic`; None for now.
        places: where trials are trained; None for this process.

    """
    began = time.monotonic() if began is None else began
    meter = Meter(settings.budget, started=began)
    meter.keep_for_report()

    placing = places or Placing()

    def around(before: str, found: Repaired) -> Context | None:
        """The repaired experiment in place of the one before it."""
        if found.experiment is None or found.data is None:
            return None
        name = found.fingerprint
        placing.repaired(before, name, found.how)
        mended = replace(started, experiment=found.experiment, data=found.data, fingerprint=name)
        return _context(mended, settings, journal, emit, meter, placing=placing)

    ctx = _context(started, settings, journal, emit, meter, placing=placing)
    return Engine(started.plugins, ctx, journal, gate, around)


def _context(
    started: Started,
    settings: Settings,
    journal: Journal,
    emit: Observer,
    meter: Meter,
    *,
    placing: Placing,
) -> Context:
    folder = journal.path.parent
    runner = Runner(
        journal=journal,
        folder=folder,
        checkpoints=Checkpoints(journal, folder, started.experiment.epochs or 1),
        data=started.data,
        device=started.device,
        seed=settings.seed,
        fingerprint=started.fingerprint,
        meter=meter,
        exact=settings.exact,
        on_trial=lambda trial, reused: emit(TrialFinished(trial, reused)),
        progress=lambda *how_far: emit(Progress(*how_far)),
        say=lambda text: emit(Message(text)),
        idle=started.idle,
        tune=lambda: PLAIN if placing.elsewhere else _tune(started, settings, journal, emit, meter),
        places=placing.places(started.experiment, started.data, started.fingerprint),
    )
    return Context(
        experiment=replace(started.experiment, starts=folder / STARTS),
        data=started.data,
        device=started.device,
        settings=replace(settings, until=started.until),
        runner=runner,
        meter=meter,
        emit=emit,
    )


def drawn_beside(started: Started, settings: Settings, journal: Journal) -> DrawnBeside:
    """What draws plots beside the run: not before the way to train was found, since that is found
    by its time.
    """

    def quiet() -> bool:
        return (
            settings.exact
            or journal.get(WAY, way_key(started.fingerprint, started.device)) is not None
        )

    return DrawnBeside(journal.path.parent, started.device, quiet, brief=settings.until is not None)


def way_key(fingerprint: str, device: torch.device) -> str:
    """By what the way to train is known in the journal: what is fast on a processor may not even
    run on a GPU, where a run may be taken up again.
    """
    if device.type == "cpu":
        return fingerprint
    chip = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return key(fingerprint, device.type, chip)


def _tune(
    started: Started, settings: Settings, journal: Journal, emit: Observer, meter: Meter
) -> ExecutionMode:
    """The way to run trainings, once and for all for this run folder."""
    if settings.exact:
        return PLAIN
    known = journal.get(WAY, way_key(started.fingerprint, started.device))
    if known is not None:
        return mode_from_json(known)
    experiment, budget = started.experiment, settings.budget
    epochs = USUAL_TRAININGS * (experiment.epochs or 1)
    if budget is not None and budget.unit == "epochs":
        epochs = min(epochs, budget.amount)
    per_epoch = iterations_per_epoch(started.data.train, experiment.batch_size)
    most = SHARE * (meter.left or 0.0) if meter.limits_time else math.inf
    choice = choose(
        experiment, started.data, started.device, settings.seed,
        planned=epochs * per_epoch, most=most,
    )  # fmt: skip
    journal.put(WAY, way_key(started.fingerprint, started.device), asdict(choice.mode))
    journal.put(PACE, started.fingerprint, choice.iteration)
    emit(Message(str(choice)))
    return choice.mode
