"""`recipe.run`: one run from an experiment to its folder, for scripts, notebooks and the CLI."""

import os
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from recipe.core.budget import Meter
from recipe.core.errors import FAILED, INTERRUPTED, USAGE, UsageError
from recipe.core.events import Event, Message, Progress, RunFinished, RunStarted, TrialFinished
from recipe.core.files import make_folder, to_json, write_bytes, write_text
from recipe.core.results import RunResult, Scalar, Trial
from recipe.core.settings import BY_NAME, Settings, resolve
from recipe.core.version import VERSION
from recipe.data.datasets import Splits, StreamData, load_splits
from recipe.engine.against import Earlier, stored, train_declared
from recipe.engine.decisions import Gate
from recipe.engine.engine import Engine, assemble
from recipe.engine.hidden_faults import proved
from recipe.experiment import Experiment
from recipe.machine.device import pick_device
from recipe.machine.memory import earlier_objects_frozen, keep_freed_pages
from recipe.notebook import run_folder
from recipe.notebook.journal import Journal
from recipe.plugin import registry
from recipe.plugin.context import PACE, Context
from recipe.search.runner import Runner
from recipe.speed.choice import choose
from recipe.training.execution_mode import PLAIN, Way
from recipe.training.fingerprint import configuration, fingerprint
from recipe.training.plan import iterations_per_epoch
from recipe.training.preparation import suited

Observer = Callable[[Event], None]
SHAPING = (
    *BY_NAME,
    "seed",
    "device",
    "budget",
    "epochs",
    "search",
    "ensemble",
    "again",
    "exact",
    "until",
    "only",
    "skip",
    "mend",
    "keep_going",
)
"""Settings that two invocations must share to count as the same run."""
USUAL_TRAININGS = 5.0
"""What a run without a budget costs, in full trainings."""
STARTS = "starts"
"""In the run folder: weights that trainings begin with."""
WAY = "way"
"""In the journal: how an experiment is trained, by its fingerprint."""
RANDOM_ITEMS = (
    "items are random, so they are read anew in every epoch; move random transforms to augment= "
    "and the data is decoded once."
)


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
        observe: called with every event.
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
    return execute(experiment, resolve(given), observe=observe, gate=gate and _of_failures(gate))


def _of_failures(gate: Gate) -> Gate:
    return lambda result: True if result.status == "warn" else gate(result)


@dataclass
class _Started:
    """What a run needs before its folder exists: nothing is written until all of it is sound."""

    experiment: Experiment
    data: Splits
    plugins: tuple[registry.Plugin, ...]
    device: torch.device
    fingerprint: str
    until: str | None = None
    """The last step to run."""
    earlier: Earlier | None = None
    """The stored run of `--against`."""


@earlier_objects_frozen()
def execute(
    experiment: Experiment,
    settings: Settings,
    *,
    target: str | None = None,
    observe: Observer | None = None,
    gate: Gate | None = None,
    folder: Path | None = None,
) -> RunResult:
    """Run with resolved settings.

    Args:
        experiment: what to train.
        settings: resolved options.
        target: how the command line names the experiment, for the record.
        observe: called with every event.
        gate: see `run`; asked after warnings too.
        folder: a run folder to go on with, instead of a new one.

    Raises:
        UsageError: see `run`.

    """
    emit = observe or (lambda _: None)
    started = _start(experiment, settings, emit)
    name = re.sub(r"[^\w.-]+", "-", experiment.name or _target_name(target) or "experiment")
    named = {"target": target} if settings.data is None else {}
    record = {**named, **replace(settings, fresh=False).to_dict()}
    identity = {
        "target": target,
        "fingerprint": started.fingerprint,
        "configuration": configuration(started.experiment),
        "settings": {key: record.get(key) for key in SHAPING},
    }
    journal = _journal(settings, name, identity, folder)
    with journal:
        folder = journal.path.parent
        resumed = journal.get(run_folder.RUN, "identity") is not None
        journal.put(run_folder.RUN, "identity", identity)
        write_text(folder / "recipe.toml", run_folder.to_toml(record))
        if started.experiment.inputs is not None:
            started.experiment.inputs.write(folder, experiment.model)
        steps = tuple((p.step.name, p.step.title) for p in started.plugins)
        emit(RunStarted(name, folder, steps, resumed))
        engine = _engine(started, settings, journal, emit, gate)
        interrupted = False
        try:
            engine.run()
            if started.earlier is not None:
                train_declared(engine)
            engine.results = proved(engine)
        except KeyboardInterrupt:
            interrupted = True
        way = journal.get(WAY, engine.ctx.runner.fingerprint)  # also when all was reused
        machine = environment(started.device) | {"way": str(Way(**way)) if way else str(PLAIN)}
        record |= replace(engine.decisions.taken(), fresh=False).to_dict()
        write_text(folder / "recipe.toml", run_folder.to_toml(record))
        result = assemble(engine, name, machine, record, interrupted=interrupted)
        if started.earlier is not None and not interrupted:
            ctx = engine.ctx
            items = ctx.val_answers(ctx.val_targets)
            against = started.earlier.compare(result, ctx.experiment, items)
            result = replace(result, against=against)
        result = _write(result, engine, folder, settings)
        if not interrupted:
            journal.put(run_folder.FINISHED, "run", result.verdict)
        emit(RunFinished(result))
    if engine.usage_error is not None and not interrupted:
        raise engine.usage_error
    return result


def _start(experiment: Experiment, settings: Settings, emit: Observer) -> _Started:
    if not isinstance(experiment, Experiment):
        raise UsageError(f"recipe.run got {type(experiment).__name__}: pass a recipe.Experiment.")
    plugins = registry.load()
    _check_names(settings, plugins)
    earlier = None if settings.against is None else stored(settings.against)
    device = pick_device(settings.device)
    make_folder(settings.out)
    resolved = experiment.resolved(settings.epochs)
    keep_freed_pages()

    def progress(done: float, total: float, what: str) -> None:
        emit(Progress(done, total, what))

    data = load_splits(resolved, device, settings.seed, progress)
    for split, part in (("train", data.train), ("val", data.val)):
        if isinstance(part, StreamData):
            emit(Message(f"{split}: {RANDOM_ITEMS}"))
    name = fingerprint(resolved, data)
    plugins, until = registry.for_experiment(plugins, resolved, settings.until, settings.only)
    suitable, data = suited(resolved, data)
    started = _Started(suitable, data, plugins, device, name, until, earlier)
    if earlier is not None:
        steps = [plugin.step for plugin in plugins]
        earlier.check(started.experiment, steps, replace(settings, until=until))
    return started


def _check_names(settings: Settings, plugins: tuple[registry.Plugin, ...]) -> None:
    names = [plugin.step.name for plugin in plugins]
    until = [settings.until] if settings.until else []
    registry.check_names("step", [*until, *settings.only, *settings.skip], names)
    registry.check_names("rule", [*settings.ignore, *settings.mend], registry.all_rules(plugins))


def _target_name(target: str | None) -> str | None:
    if target is None:
        return None
    path, _, name = target.partition(":")
    stem = Path(path).stem if path.endswith(".py") else path
    return stem if name in ("", "experiment") else f"{stem}-{name}"


def _journal(
    settings: Settings, name: str, identity: Mapping[str, Any], folder: Path | None
) -> Journal:
    if folder is not None:
        return Journal(folder)
    if not settings.fresh:
        earlier = run_folder.unfinished(settings.out, name, identity)
        journal = earlier and run_folder.journal_if_free(earlier)
        if journal:
            return journal
    return Journal(run_folder.create(settings.out, name))


def _engine(
    started: _Started,
    settings: Settings,
    journal: Journal,
    emit: Observer,
    gate: Gate | None,
) -> Engine:
    meter = Meter(settings.budget)

    def around(experiment: Experiment, data: Splits, name: str) -> Context:
        """The mended experiment in place of the declared one."""
        mended = replace(started, experiment=experiment, data=data, fingerprint=name)
        return _context(mended, settings, journal, emit, meter)

    ctx = _context(started, settings, journal, emit, meter)
    return Engine(started.plugins, ctx, journal, gate, around)


def _context(
    started: _Started, settings: Settings, journal: Journal, emit: Observer, meter: Meter
) -> Context:
    def told(trial: Trial, reused: bool) -> None:
        emit(TrialFinished(trial, reused))

    runner = Runner(
        journal=journal,
        folder=journal.path.parent,
        data=started.data,
        device=started.device,
        seed=settings.seed,
        fingerprint=started.fingerprint,
        meter=meter,
        whole=started.experiment.epochs or 1,
        exact=settings.exact,
        told=told,
        progress=lambda *how_far: emit(Progress(*how_far)),
        say=lambda text: emit(Message(text)),
        tune=lambda: _tune(started, settings, journal, emit),
    )
    return Context(
        experiment=replace(started.experiment, starts=journal.path.parent / STARTS),
        data=started.data,
        device=started.device,
        settings=replace(settings, until=started.until),
        runner=runner,
        meter=meter,
        emit=emit,
    )


def _tune(started: _Started, settings: Settings, journal: Journal, emit: Observer) -> Way:
    """The way to run trainings, once and for all for this run folder."""
    if settings.exact:
        return PLAIN
    known = journal.get(WAY, started.fingerprint)
    if known is not None:
        return Way(**known)
    experiment, budget = started.experiment, settings.budget
    epochs = USUAL_TRAININGS * (experiment.epochs or 1)
    if budget is not None and budget.unit == "epochs":
        epochs = min(epochs, budget.amount)
    per_epoch = iterations_per_epoch(started.data.train, experiment.batch_size)
    choice = choose(
        experiment, started.data, started.device, settings.seed, planned=epochs * per_epoch
    )
    journal.put(WAY, started.fingerprint, asdict(choice.way))
    journal.put(PACE, started.fingerprint, choice.iteration)
    emit(Message(str(choice)))
    return choice.way


def environment(device: torch.device) -> dict[str, Scalar]:
    """What the run ran on."""
    chip = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "recipe": VERSION,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": f"{device.type} ({chip})",
        "system": platform.system(),
        "processors": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
    }


def _write(result: RunResult, engine: Engine, folder: Path, settings: Settings) -> RunResult:
    from recipe.report.write import write_report

    best = engine.ctx.best_trial
    if best is not None and result.best is not None and not result.interrupted:
        trained = engine.ctx.experiment_of(best)
        write_bytes(folder / "best.safetensors", engine.ctx.runner.weights(best, trained))
        chosen = replace(result.best, checkpoint="best.safetensors")
        result = replace(result, best=chosen)
        how = {
            **asdict(chosen),
            "metric": result.metric,
            "model_args": dict(trained.model_args),
            "load": "model = experiment.model(**model_args); "
            "model.load_state_dict(safetensors.torch.load_file('best.safetensors'))",
        }
        write_text(folder / "best.json", to_json(how, indent=1) + "\n")
    result = replace(result, folder=folder)
    run_folder.write_result(result, folder)
    write_report(result, folder, junit=settings.ci, html=settings.html)
    return result


def exit_code(result: RunResult, *, strict: bool = False) -> int:
    """0 passed, 1 a gate failed, 2 an experiment that cannot be used, 130 interrupted."""
    if result.interrupted:
        return INTERRUPTED
    if any(f.blocks and f.severity == "fail" for f in result.findings):
        return USAGE
    passed = result.verdict == "pass" or (result.verdict == "warn" and not strict)
    return 0 if passed else FAILED
