"""How to repeat a run and how to load what it left: the command and the Python snippet."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from recipe.results import RunResult
from recipe.settings import BY_NAME

TRAINING_PARAMS = frozenset(
    (
        "lr",
        "weight_decay",
        "momentum",
        "batch_size",
        "epochs",
        "schedule",
        "warmup",
        "clip_norm",
        "optimizer",
        "freeze",
        "begin_from",
    )
)
"""Parameters of training; every other name is an argument of the model factory.

The same as `recipe.experiment.SEARCHABLE`, which cannot be imported without torch.
"""
CHECKPOINT = "best.safetensors"


def command(settings: Mapping[str, Any]) -> str:
    """The command line that repeats a run without questions."""
    by_name = settings.get("data") is not None  # `target` is then an option, the column
    words = ["recipe", "run", *([] if by_name else [str(settings.get("target") or "TARGET")])]
    for name, value in settings.items():
        if by_name or name != "target":
            words += _flags("--" + name.replace("_", "-"), value)
    return shlex.join(words)


def _flags(flag: str, value: Any) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [word for key, each in value.items() for word in (flag, f"{key}={each}")]
    if isinstance(value, list | tuple):
        return [word for each in value for word in (flag, str(each))]
    return [flag, str(value)]


def loading_code(result: RunResult) -> str:
    """Python that rebuilds the best model and loads its weights, to be run where the run was.

    An experiment that came from Python cannot be named: there the snippet expects the variable
    `experiment`.

    Raises:
        ValueError: the run has no best setting.

    """
    best = result.best
    if best is None:
        raise ValueError("A run without a best setting left no weights.")
    arguments = ", ".join(
        f"{name}={value!r}" for name, value in best.params.items() if name not in TRAINING_PARAMS
    )
    weights = best.checkpoint or CHECKPOINT
    if result.folder is not None:
        weights = (result.folder / weights).as_posix()
    source, experiment = _experiment(result.settings)
    return "\n".join(
        (
            *source,
            "from safetensors.torch import load_file",
            "",
            *experiment,
            f"model = experiment.model({arguments})",
            f"model.load_state_dict(load_file({json.dumps(weights, ensure_ascii=False)}))",
            "model.eval()",
        )
    )


def _experiment(settings: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The import that names the experiment of a run, and the line that makes it."""
    if settings.get("data"):
        named = {name: settings[name] for name in BY_NAME if settings.get(name)}
        given = ", ".join(f"{name}={value!r}" for name, value in named.items())
        return (
            ["from recipe.sources.named import experiment_by_name"],
            [f"experiment, _ = experiment_by_name({given})"],
        )
    if target := settings.get("target"):
        return (
            ["from recipe.target import load_target"],
            [f"experiment = load_target({json.dumps(target, ensure_ascii=False)})"],
        )
    return [], ["# experiment is the one that recipe.run was given"]
