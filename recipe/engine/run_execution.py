"""One run from an experiment to its folder."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from recipe.border.call_limit import limited_calls
from recipe.border.faults import as_stop, usage_error
from recipe.border.silence import silence_told
from recipe.border.surroundings import folder_kept, warnings_shown
from recipe.core.budget import Budget
from recipe.core.clock import working_until
from recipe.core.errors import DeviceLostError, UsageError
from recipe.core.events import Message, Observer, RunFinished, RunStarted
from recipe.core.files import CannotWriteError, of_the_machine, write_text
from recipe.core.option_definitions import BY_NAME
from recipe.core.results import RunResult
from recipe.core.settings import Settings
from recipe.engine.decisions import Gate
from recipe.engine.engine import Engine
from recipe.engine.hidden_faults import proved
from recipe.engine.placing import placing
from recipe.engine.reopening import moved_to, reopened
from recipe.engine.run_result import assemble
from recipe.engine.run_setup import Started, start
from recipe.engine.run_wiring import WAY, drawn_beside, make_engine, way_key
from recipe.engine.run_writing import environment, write_run
from recipe.engine.stored_run import train_declared
from recipe.experiment import Experiment
from recipe.loggers.following import following
from recipe.machine.exactness import exactly
from recipe.machine.memory import earlier_objects_frozen
from recipe.machine.out_of_memory import told_of_parts
from recipe.machine.threads import fitting_threads
from recipe.notebook import run_folder
from recipe.notebook.journal import Journal
from recipe.notebook.origin import sign
from recipe.training.execution_mode import PLAIN, mode_from_json, thread_count
from recipe.training.fingerprint import configuration

SHAPING = (
    *BY_NAME,
    "seed",
    "device",
    "budget",
    "epochs",
    "search",
    "ensemble",
    "all_data",
    "again",
    "exact",
    "until",
    "only",
    "skip",
    "mend",
    "fix",
    "keep_going",
)
"""Settings that two invocations must share to count as the same run."""


def execute(
    experiment: Experiment,
    settings: Settings,
    *,
    observe: Observer | None = None,
    gate: Gate | None = None,
    base: Path | None = None,
    began: float | None = None,
    **given: Any,
) -> RunResult:
    """Run with resolved settings. Whatever the user's code raises is one sentence, and what it
    changes in this process is put back.

    Args:
        experiment: what to train.
        settings: resolved options.
        observe: called with every event.
        gate: see `recipe.run`; asked after warnings too.
        base: where relative paths of options begin; by default the working directory.
        began: when a budget of time began, by `time.monotonic`; by default now.
        given: see `_execute`.

    Raises:
        UsageError: see `recipe.run`; or code of the user's failed.

    """
    began = time.monotonic() if began is None else began
    emit = as_stop(observe or (lambda _: None))
    limit, stall = (
        each if isinstance(each, Budget) else None for each in (settings.call_limit, settings.stall)
    )
    with (
        silence_told(stall, emit, lambda text: emit(Message(text))) as emit,
        folder_kept() as folder,
        warnings_shown(),
        torch.enable_grad(),  # somebody may have switched gradients off for good
        told_of_parts(lambda text: emit(Message(text))),
        limited_calls(limit, execute.__code__, lambda text: emit(Message(text))),
    ):
        try:
            base = (base or folder).absolute()
            asked = gate and as_stop(gate)
            given = {**given, "emit": emit, "gate": asked, "began": began}
            return _execute(experiment, settings, base, **given)
        except BaseException as error:
            if (fault := _told(error, experiment)) is None or fault is error:
                raise
            raise fault from error


def _told(error: BaseException, experiment: Experiment) -> UsageError | None:
    """What is said of an error that is the user's or the machine's; None for one of ours."""
    if isinstance(error, CannotWriteError | DeviceLostError):
        return UsageError(error.sentence)
    fault = usage_error(error, getattr(experiment, "model", None))
    if fault is None and (said := of_the_machine(error)):
        return UsageError(said)
    return fault


@earlier_objects_frozen()
def _execute(
    experiment: Experiment,
    settings: Settings,
    base: Path,
    *,
    emit: Observer,
    target: str | None = None,
    gate: Gate | None = None,
    folder: Path | None = None,
    began: float,
) -> RunResult:
    """Run, wherever the user's code moves the working directory to.

    Args:
        experiment: what to train.
        settings: resolved options.
        base: where their relative paths begin.
        target: how the command line names the experiment, for the record.
        emit: called with every event.
        gate: see `recipe.run`; asked after warnings too.
        folder: a run folder to go on with, instead of a new one.
        began: when a budget of time began.

    Raises:
        UsageError: see `recipe.run`.

    """
    placed = settings.below(base)
    emit = following(placed.log, emit)
    started = start(experiment, placed, emit)
    name = _name(experiment, target)
    record = ({"target": target} if settings.data is None else {}) | _kept(settings)
    identity = _identity(started, target, record)
    with (
        closing(placing(started, placed, target, base)) as places,
        _journal(placed, name, identity, folder and base / folder) as journal,
    ):
        called = folder or settings.out / journal.path.parent.name
        resumed = _open(journal, identity, record, started.data_names)
        for note in _notes(journal, started, resumed=resumed):
            emit(Message(note))
        sign(journal.path.parent, record.get("target"), base)
        if started.experiment.inputs is not None:
            started.experiment.inputs.write(journal.path.parent, experiment.model)
        emit(RunStarted(name, called, _steps(started), resumed))
        with closing(drawn_beside(started, settings, journal)) as beside:
            told = beside.watching(emit)
            engine = make_engine(started, settings, journal, told, gate, began, places)
            with thread_count(_threads(journal, settings, emit)), _digits(started, settings):
                interrupted = _interrupted(engine, started)
            record |= _kept(engine.decisions.taken())
            write_text(journal.path.parent / run_folder.SETTINGS, run_folder.to_toml(record))
            result = _result(engine, started, name, record, interrupted=interrupted)
            result = write_run(result, engine, settings, called, beside)
        if not interrupted and _is_complete(result):
            journal.put(run_folder.FINISHED, "run", result.verdict)
        emit(RunFinished(result))
    if engine.usage_error is not None and not interrupted:
        raise engine.usage_error
    return result


def _notes(journal: Journal, started: Started, *, resumed: bool) -> Iterator[str]:
    """What is to be said of a journal before its run begins or goes on."""
    if resumed:
        yield from reopened(journal)
    if moved := moved_to(journal, started.device):
        yield moved


def _digits(started: Started, settings: Settings) -> AbstractContextManager[None]:
    return exactly(started.device) if settings.exact else nullcontext()


def _steps(started: Started) -> tuple[tuple[str, str], ...]:
    return tuple((p.step.name, p.step.title) for p in started.plugins)


def _is_complete(result: RunResult) -> bool:
    """Whether the same command has nothing to do again: a step that crashed, or trials that all
    failed, may have met a fault that passes.
    """
    failed = bool(result.trials) and all(trial.status == "failed" for trial in result.trials)
    return not failed and all(step.status != "error" for step in result.latest_steps)


def _threads(journal: Journal, settings: Settings, emit: Observer) -> int | None:
    """How many threads to compute with: as many again in a resumed run, since sums hang on it."""
    if settings.exact:
        return None
    known: int | None = journal.get("decision", "threads")
    if known is None:
        known = fitting_threads()
        journal.put("decision", "threads", known)
        if known < torch.get_num_threads():
            less = f"{known} thread{'s' if known > 1 else ''} instead of {torch.get_num_threads()}"
            emit(Message(f"The processor is busy with other work: training with {less}."))
    return known


def _name(experiment: Experiment, target: str | None) -> str:
    """What the run is called, and its folder begins with."""
    given = experiment.name or (None if target is None else _target_name(target))
    return re.sub(r"[^\w.-]+", "-", given or "experiment")


def _target_name(target: str) -> str:
    path, _, name = target.partition(":")
    stem = Path(path).stem if path.endswith(".py") else path
    return stem if name in ("", "experiment") else f"{stem}-{name}"


def _kept(settings: Settings) -> dict[str, Any]:
    """The settings that recipe.toml and result.json hold."""
    return replace(settings, fresh=False).to_dict()


def _identity(started: Started, target: str | None, record: Mapping[str, Any]) -> dict[str, Any]:
    """By what an unfinished run is known to be the same one."""
    return {
        "target": target,
        "fingerprint": started.fingerprint,
        "configuration": configuration(started.experiment),
        "settings": {key: record.get(key) for key in SHAPING},
    }


def _journal(
    settings: Settings, name: str, identity: Mapping[str, Any], folder: Path | None
) -> Journal:
    """That of the named folder, of an unfinished run with this identity, or of a new folder."""
    if folder is not None:
        return Journal(folder)
    if not settings.fresh:
        earlier = run_folder.unfinished(settings.out, name, identity)
        journal = earlier and run_folder.journal_if_free(earlier)
        if journal:
            return journal
    return Journal(run_folder.create(settings.out, name))


def _open(
    journal: Journal, identity: Mapping[str, Any], record: Mapping[str, Any],
    data_names: Mapping[str, str],
) -> bool:  # fmt: skip
    """Write down what is run; whether it had begun before."""
    resumed = journal.get(run_folder.RUN, "identity") is not None
    journal.put(run_folder.RUN, "identity", identity)
    journal.put(run_folder.RUN, run_folder.DATA, data_names)
    write_text(journal.path.parent / run_folder.SETTINGS, run_folder.to_toml(record))
    return resumed


def _interrupted(engine: Engine, started: Started) -> bool:
    """Run the steps and prove what they advise; whether somebody pressed Ctrl-C meanwhile."""
    try:
        engine.run()
        with working_until(engine.ctx.meter.deadline):
            if started.earlier is not None:
                train_declared(engine)
            engine.results = proved(engine)
    except KeyboardInterrupt as error:
        if usage_error(error) is not None:  # the user's code raised it, and nobody pressed a key
            raise
        return True
    return False


def _result(
    engine: Engine, started: Started, name: str, record: Mapping[str, Any], *, interrupted: bool
) -> RunResult:
    known = engine.journal.get(
        WAY, way_key(engine.ctx.runner.fingerprint, started.device)
    )  # also when all was reused
    mode = mode_from_json(known) if known else PLAIN
    machine = environment(started.device) | {"way": str(mode)}
    result = assemble(engine, name, machine, record, interrupted=interrupted)
    if started.earlier is None or interrupted:
        return result
    ctx = engine.ctx
    items = ctx.val_answers(ctx.val_targets)
    return replace(result, against=started.earlier.compare(result, ctx.experiment, items))
