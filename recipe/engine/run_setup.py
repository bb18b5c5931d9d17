"""What a run needs before its folder exists: nothing is written until all of it is sound."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch

from recipe.core.errors import UsageError
from recipe.core.events import Message, Observer, Progress
from recipe.core.files import make_folder
from recipe.core.settings import Settings
from recipe.data.datasets import Splits
from recipe.data.disk_cache import read_by_several
from recipe.data.item_data import StreamData
from recipe.data.placing import splits_on
from recipe.data.splitting import load_splits
from recipe.engine.stored_run import Earlier, stored
from recipe.experiment import Experiment
from recipe.machine.device import CPU
from recipe.machine.memory import keep_freed_pages
from recipe.machine.places import Chosen, Place, device_of, find_places
from recipe.plugin import registry
from recipe.speed.batch_size import fitting_batch
from recipe.training.fingerprint import fingerprint, names_of
from recipe.training.host_faults import fault_on_host
from recipe.training.preparation import prepare
from recipe.training.rank_devices import together

RANDOM_ITEMS = (
    "items are random, so they are read again in every epoch; move random transforms to augment= "
    "and the data is decoded once."
)


@dataclass
class Started:
    """A run that can begin."""

    experiment: Experiment
    data: Splits
    plugins: tuple[registry.Plugin, ...]
    device: torch.device
    fingerprint: str
    until: str | None = None
    """The last step to run."""
    earlier: Earlier | None = None
    """The stored run of `--against`."""
    places: tuple[Place, ...] = ()
    """Where its trials are trained, if not by this process."""
    idle: str = ""
    """What is left of the machine, in a sentence."""
    data_names: Mapping[str, str] = field(default_factory=dict)
    """By which the declared training and validation data are known again."""


def start(experiment: Experiment, settings: Settings, emit: Observer) -> Started:
    """Load steps and data, and see whether they fit the experiment and the settings.

    Raises:
        UsageError: an experiment or option that cannot be used.

    """
    if not isinstance(experiment, Experiment):
        raise UsageError(f"recipe.run got {type(experiment).__name__}: pass a recipe.Experiment.")
    if torch.get_default_device().type == "meta":
        raise UsageError(
            "The experiment's code calls torch.set_default_device('meta'), where tensors have no "
            "values: leave it out."
        )
    plugins = registry.load()
    _check_names(settings, plugins)
    earlier = None if settings.against is None else stored(settings.against)
    device, chosen = _devices(settings, lambda text: emit(Message(text)))
    make_folder(settings.out)
    resolved = _resolved(experiment, settings)
    if problem := resolved.resolved_task.loss_problem():
        raise UsageError(problem)
    keep_freed_pages()

    def say(text: str) -> None:
        emit(Message(text))

    for note in resolved.notes:
        say(note)
    with read_by_several(bool(chosen.places) or settings.ray is not None):
        data = load_splits(resolved, device, settings.seed, _progress(emit), say)
    for split, part in (("train", data.train), ("val", data.val)):
        if isinstance(part, StreamData) and not part.deterministic:
            emit(Message(f"{split}: {RANDOM_ITEMS}"))
    resolved = replace(resolved, classes=data.classes or resolved.classes)
    name = fingerprint(resolved, data, data_names := names_of(data))
    plugins, until = registry.for_experiment(plugins, resolved, settings.until, settings.only)
    suitable, data = prepare(resolved, data, say)
    device, data = _without_asserts(suitable, data, device, say)
    suitable = together(suitable, device, say)
    if suitable.fits_batch:
        fitting = fitting_batch(suitable, data, device)
        say(str(fitting))
        suitable = replace(suitable, batch_size=fitting.size, fits_batch=False)
    started = Started(
        suitable,
        data,
        plugins,
        device,
        name,
        until,
        earlier,
        chosen.places,
        chosen.idle,
        data_names,
    )
    if earlier is not None:
        steps = [plugin.step for plugin in plugins]
        earlier.check(started.experiment, steps, replace(settings, until=until))
    return started


def _resolved(experiment: Experiment, settings: Settings) -> Experiment:
    """With defaults filled in, and with what options say beside it."""
    return replace(
        experiment.resolved(settings.epochs),
        parallel=settings.parallel or experiment.parallel,
        processes=settings.processes or experiment.processes,
    )


def _without_asserts(
    experiment: Experiment, data: Splits, device: torch.device, say: Callable[[str], None]
) -> tuple[torch.device, Splits]:
    """The processor, where a fault shows on it that would end every use of the device."""
    fault = None if device.type == "cpu" else fault_on_host(experiment, data)
    if fault is None:
        return device, data
    say(
        f"{fault[:200]}: on a GPU this ends its use by a process, so the run looks for the cause "
        "on the processor. Run again on the GPU once that is repaired."
    )
    return CPU, splits_on(data, CPU)


def _progress(emit: Observer) -> Callable[[float, float, str], None]:
    return lambda done, total, what: emit(Progress(done, total, what))


def _devices(settings: Settings, say: Callable[[str], None]) -> tuple[torch.device, Chosen]:
    """Where this process computes, and the other places of this machine."""
    if settings.gpu_share is not None and settings.ray is None and settings.devices is None:
        raise UsageError(
            "--gpu-share goes with --devices or --ray: name one of them, or leave it out."
        )
    if settings.ray is not None:
        return device_of(None, settings.device, say), Chosen()
    device = device_of(settings.devices, settings.device, say)
    return device, find_places(settings.devices, device, settings.gpu_share or 1.0)


def _check_names(settings: Settings, plugins: tuple[registry.Plugin, ...]) -> None:
    names = [plugin.step.name for plugin in plugins]
    until = [settings.until] if settings.until else []
    registry.check_names("step", [*until, *settings.only, *settings.skip], names)
    if settings.only and set(settings.only) <= set(settings.skip):
        raise UsageError(
            f"--only {' '.join(settings.only)} and --skip {' '.join(settings.skip)} leave no step "
            "to run: take one of them away."
        )
    registry.check_names("rule", [*settings.ignore, *settings.mend], registry.all_rules(plugins))
