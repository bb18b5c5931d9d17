"""The fastest way to train this model on this machine, remembered per model, shape and machine."""

import json
import math
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from recipe.core.cache_folder import cache_folder
from recipe.core.files import read_plain, write_text
from recipe.core.keys_and_seeds import key
from recipe.data.datasets import Splits, TensorData
from recipe.data.item_data import ItemData
from recipe.data.trees import Tree, Values, every_tensor, shape_of
from recipe.experiment import Experiment
from recipe.machine.device import CPU, chip
from recipe.machine.processes import cores
from recipe.models.building import build_model
from recipe.speed.fused_width import fused_width
from recipe.speed.mode_search import ModeChoice, ModeSearch
from recipe.training.execution_mode import PLAIN, mode_from_json

SAMPLE = 4
"""Items that tell the form of all."""
MUCH_LONGER = 2.0
"""Times as long a run has to be to look further than one before it did."""


def choose(
    experiment: Experiment,
    data: Splits,
    device: torch.device,
    seed: int,
    *,
    planned: float,
    most: float = math.inf,
) -> ModeChoice:
    """The fastest mode whose losses follow the plain one's.

    Args:
        experiment: resolved; its learning rate does not matter.
        data: what will be trained on.
        device: where.
        seed: of the weights and batches of the measurement.
        planned: iterations that the whole run is going to train; the search ends when it has
            cost `SHARE` of what they would take in the plain way.
        most: seconds that it may cost in any case.

    """
    if not isinstance(data.train, TensorData | ItemData):
        return ModeChoice(PLAIN, 1.0, 0.0)
    some = data.train
    if isinstance(some, ItemData):
        some = some.sample(SAMPLE, torch.Generator().manual_seed(0))
    if isinstance(some.y, Tree) or experiment.resolved_task.takes_trees:
        return ModeChoice(PLAIN, 1.0, 0.0)
    where = some.x.device if isinstance(data.train, TensorData) else CPU
    name = _machine_and_model(experiment, some.x, device, where)
    path = cache_folder() / "speed" / f"{name}.json"
    known = _recall(path, planned)
    if known is not None:
        return _narrowed(known, experiment, data, device)
    search = ModeSearch(experiment, data, device, seed, planned, most)
    choice = search.run()
    found = {"way": asdict(choice.mode), "gain": choice.gain, "iteration": choice.iteration,
             "planned": None if search.complete else search.planned}  # fmt: skip
    if choice.iteration is None or any(each.no_memory for each in choice.tried):
        return choice  # what failed now may not fail in the next run
    with suppress(OSError):  # not being able to remember costs a second the next time
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(found))
    return choice


def _narrowed(
    known: ModeChoice, experiment: Experiment, data: Splits, device: torch.device
) -> ModeChoice:
    """What is remembered, in the width that fits into what is free now."""
    if known.mode.sharing != "fused":
        return known
    try:
        model = build_model(experiment, 0, device)
        width = fused_width(model, experiment, data, device, larger=1)
    except Exception:  # noqa: BLE001 - training it says why
        return known
    mode = replace(known.mode, width=min(known.mode.width, width))
    return replace(known, mode=mode if width > 1 else mode.single)


def _precision() -> list[Any]:
    """What else decides how fast products of matrices are."""
    return [
        torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32,
        torch.are_deterministic_algorithms_enabled(),
    ]  # fmt: skip


def _machine_and_model(
    experiment: Experiment, x: Values, device: torch.device, data_device: torch.device
) -> str:
    model = build_model(experiment, 0, torch.device("cpu"))
    return key(
        "speed 4", *chip(device), device.type, _precision(), data_device.type, cores(),
        torch.get_num_threads(), torch.__version__,
        repr(model), [list(p.shape) for p in model.parameters()],
        *_kind_of(x), experiment.batch_size,
        experiment.params["optimizer"], experiment.resolved_task.name, experiment.augment is None,
        experiment.parallel is None,
        getattr(experiment.loss, "__qualname__", type(experiment.loss).__qualname__),
    )  # fmt: skip


def _kind_of(x: Values) -> tuple[Any, str]:
    if isinstance(x, Tree):
        return shape_of(x), str({str(tensor.dtype) for tensor in every_tensor(x)})
    return list(x.shape[1:]), str(x.dtype)


def _recall(path: Path, planned: float) -> ModeChoice | None:
    """What was found earlier; a search that a shorter run ended early is taken up again."""
    try:
        known = json.loads(read_plain(path))
        if known["planned"] is not None and planned > MUCH_LONGER * known["planned"]:
            return None
        return ModeChoice(
            mode_from_json(known["way"]), float(known["gain"]), 0.0, remembered=True,
            iteration=known["iteration"],
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
