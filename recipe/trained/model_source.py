"""The code of a model without recipe: written out where it consists of PyTorch's own layers, by its
name in torchvision, or taken from the user's own file.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.core.results import RunResult
from recipe.experiment import Experiment

INDENT = "    "
SAME = 1e-5
"""Largest difference of outputs, as a share of the largest one, that is rounding."""


def source_of(
    experiment: Experiment, result: RunResult, model: nn.Module, x: Tensor, script: Path
) -> tuple[str, str]:
    """Code that defines `build()`, which makes the model of an experiment anew, and where it is
    from, for the reader. It was run: with the same weights its outputs are the model's.

    Args:
        experiment: as trained, with the hyperparameters of the winner.
        result: of the run.
        model: in evaluation mode.
        x: a few inputs.
        script: where the code is going to stand.

    Raises:
        UsageError: none of the ways gives this model.

    """
    for code, origin in _ways(experiment, result, model):
        stand_in = declared(result, script) if "DECLARED" in code else ""
        if _gives(f"{stand_in}\n{code}", model, x, script):
            return code, origin
    raise UsageError(
        "The model of this run cannot be written out as code: it is neither made of PyTorch's own "
        "layers, nor torchvision's, nor from a file of yours as it stands there. "
        "'recipe export RUN --model FILE.pt2' writes it as a file that PyTorch alone can run."
    )


def _ways(experiment: Experiment, result: RunResult, model: nn.Module) -> Iterator[tuple[str, str]]:
    if (written := written_out(model)) is not None:
        yield f"def build():\n{INDENT}return {written}\n", "written out layer by layer"
    name = result.settings.get("model")
    if result.settings.get("data") is not None and isinstance(name, str):
        outputs = getattr(experiment.inputs, "outputs", None)
        call = f"models.get_model({name!r}, weights=None, num_classes={outputs})"
        code = f"from torchvision import models\n\n\ndef build():\n{INDENT}return {call}\n"
        yield code, f"torchvision's {name}"
    file, _ = own_file(result)
    if file and all(name.isidentifier() for name in experiment.model_args):
        call = "".join(f"{k}={v!r}, " for k, v in experiment.model_args.items()).rstrip(", ")
        yield f"def build():\n{INDENT}return DECLARED.model({call})\n", f"your own, from {file}"


def own_file(result: RunResult) -> tuple[str, str]:
    """The file of the user's that a run named, and the name of the experiment in it; empty where
    there is none.
    """
    target = result.settings.get("target")
    if result.settings.get("data") is not None or not isinstance(target, str):
        return "", ""
    file, _, name = target.partition(":")
    return (file, name or "experiment") if file.endswith(".py") else ("", "")


STAND_IN = '''import runpy
import sys
import types


class Declared(types.SimpleNamespace):
    """What your file passes to Experiment, as plain attributes: recipe need not be installed."""


def own(path, name):
    """What your file calls by this name."""
    stand_in = types.ModuleType("recipe")
    stand_in.Experiment = Declared
    stand_in.__getattr__ = lambda _: lambda *given, **named: (given, named)
    sys.path.insert(0, str(path.resolve().parent))
    before, sys.modules["recipe"] = sys.modules.get("recipe"), stand_in
    try:
        return runpy.run_path(str(path))[name]
    finally:
        sys.modules.pop("recipe")
        if before is not None:
            sys.modules["recipe"] = before


DECLARED = own(Path(__file__).parent / {file!r}, {name!r})
'''


def declared(result: RunResult, script: Path) -> str:
    """Code that gives what the user's file declares as `DECLARED`; empty where there is no file."""
    file, name = own_file(result)
    if not file:
        return ""
    beside = Path(os.path.relpath(Path(file).resolve(), script.resolve().parent)).as_posix()
    return STAND_IN.format(file=beside, name=name)


def written_out(module: nn.Module, depth: int = 1) -> str | None:
    """A module as an expression; None where it has parts that are not PyTorch's own layers."""
    if type(module) is nn.Sequential:
        parts = [(name, written_out(part, depth + 1)) for name, part in module.named_children()]
        if any(part is None for _, part in parts):
            return None
        inner, outer = INDENT * (depth + 1), INDENT * depth
        lines = "".join(f"{inner}{part},\n" for _, part in parts)
        if [name for name, _ in parts] != [str(number) for number in range(len(parts))]:
            return None
        return f"nn.Sequential(\n{lines}{outer})"
    own = type(module).__module__.startswith("torch.nn.modules.")
    if not own or next(module.children(), None) is not None:
        return None
    return f"nn.{module!r}"


def _gives(code: str, model: nn.Module, x: Tensor, script: Path) -> bool:
    """Whether the code makes a model that with the same weights answers the same."""
    known: dict[str, Any] = {"torch": torch, "nn": nn, "Path": Path, "__file__": str(script)}
    try:
        exec(compile(code, "<exported model>", "exec"), known)  # noqa: S102 - ours, or the user's own
        made = known["build"]()
        made.load_state_dict(model.state_dict())
        with torch.no_grad():
            found, expected = made.eval()(x), model(x)
    except Exception:  # noqa: BLE001 - it is asked whether it works
        return False
    if not isinstance(found, Tensor) or found.shape != expected.shape:
        return False
    largest = max(1.0, float(expected.abs().max()))
    return bool((found - expected).abs().max() <= SAME * largest)


def arguments(values: Mapping[str, Any]) -> str:
    """Keyword arguments as they are written."""
    return ", ".join(f"{name}={value!r}" for name, value in values.items())
