"""What an experiment is, as a hash: the same model, data and code give the same fingerprint.

Comments and layout of the user's code do not count, its statements do: sources are hashed as
syntax trees, of every user module that the factory, the loss and the layers come from.
"""

import ast
import hashlib
import inspect
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import UninitializedParameter, is_lazy

from recipe.core.keys_and_seeds import key
from recipe.data.datasets import Data, Splits, TensorData
from recipe.data.item_data import ItemData, StreamData
from recipe.data.streams import IterableData
from recipe.data.trees import Values, every_tensor
from recipe.experiment import Experiment
from recipe.models.blocks import in_head
from recipe.models.building import build_model

HASHED = 4096
"""Of items that differ in shape the first ones."""
SAMPLED_BYTES = 1 << 24
"""Of a larger tensor an evenly spaced selection of items is hashed."""


def fingerprint(
    experiment: Experiment, data: Splits, names: Mapping[str, str] | None = None
) -> str:
    """Hash of model, data and code, without the hyperparameters that a search sets.

    Args:
        experiment: as declared.
        data: what it trains on.
        names: `names_of` the data, where they are known: hashing takes a while.

    """
    model = build_model(experiment, 0, torch.device("cpu"))
    shapes = {
        name: None if isinstance(p, UninitializedParameter) else list(p.shape)
        for name, p in model.named_parameters()
    }
    callables = [experiment.model, experiment.loss, experiment.metric, experiment.augment,
                 experiment.update, experiment.schedule, experiment.optimizer,
                 experiment.task]  # fmt: skip
    return key(
        repr(model),
        shapes,
        [_describe(value) for value in callables],
        sorted(_source(module) for module in user_modules([*callables, *model.modules()])),
        list((names or names_of(data)).values()),
        torch.__version__,
        *_begun(experiment, model),
    )


def names_of(data: Splits) -> dict[str, str]:
    """By which the parts of the data are known again."""
    return {"train": data_fingerprint(data.train), "val": data_fingerprint(data.val)}


def identity(experiment: Experiment, data: Splits, seed: int) -> dict[str, str]:
    """By what two processes know that they train the same, each part by itself.

    Args:
        experiment: made ready for a run.
        data: what it trains on.
        seed: of the run.

    """
    model = build_model(experiment, seed, torch.device("cpu"))
    weights = {
        name: _tensor(value.reshape(-1) if value.ndim == 0 else value)
        for name, value in model.state_dict().items()
        if isinstance(value, Tensor) and not is_lazy(value)
    }
    return {
        "data": key(list(names_of(data).values())),
        "model": key(weights),
        "settings": key(configuration(experiment)),
    }


def _begun(experiment: Experiment, model: torch.nn.Module) -> list[Any]:
    """What a transferred model begins with: its code does not say which weights these are."""
    if experiment.head is None and experiment.weights is None:
        return []
    kept = {
        name: _tensor(value.reshape(-1) if value.ndim == 0 else value)
        for name, value in model.state_dict().items()
        if not in_head(name, experiment.head)
        and isinstance(value, Tensor) and not is_lazy(value)
    }  # fmt: skip
    return [experiment.head, kept]


def configuration(experiment: Experiment) -> dict[str, Any]:
    """The hyperparameters as plain values, for keys."""
    return {
        **experiment.params,
        "clip_norm": experiment.clip_norm,
        "shuffle": experiment.shuffle,
        "augment": experiment.augment is not None,
        **({} if experiment.accumulate == 1 else {"accumulate": experiment.accumulate}),
        **(
            {}
            if experiment.parallel is None
            else {"parallel": experiment.parallel, "processes": experiment.processes}
        ),
    }


def _describe(value: Any) -> Any:
    """Name, bytecode and captured plain values of a callable."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    described = [getattr(value, "__qualname__", type(value).__qualname__)]
    code = getattr(value, "__code__", None)
    if code is not None:
        described += [code.co_code.hex(), repr(_constants(code)), repr(code.co_names)]
        described.append(repr(getattr(value, "__defaults__", None)))
        cells = [_cell(cell) for cell in getattr(value, "__closure__", None) or ()]
        described += [repr(c) for c in cells if isinstance(c, str | int | float | bool | tuple)]
    elif isinstance(value, torch.nn.Module):
        described.append(repr(value))
    return described


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _constants(code: Any) -> list[Any]:
    """Constants of a function, without the addresses that nested code objects print."""
    return [
        [c.co_code.hex(), _constants(c)] if hasattr(c, "co_code") else c for c in code.co_consts
    ]


def user_modules(values: list[Any]) -> set[ModuleType]:
    """Modules of the user's that these objects come from."""
    library = {sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")}
    found = set()
    for value in values:
        owner = value if hasattr(value, "__qualname__") else type(value)
        module = sys.modules.get(getattr(owner, "__module__", None) or "")
        file = getattr(module, "__file__", None)
        if module is None or file is None or module.__name__.split(".")[0] == "recipe":
            continue
        if not any(Path(file).is_relative_to(folder) for folder in library):
            found.add(module)
    return found


def _source(module: ModuleType) -> str:
    try:
        return hashlib.sha256(ast.dump(ast.parse(inspect.getsource(module))).encode()).hexdigest()
    except (OSError, TypeError, SyntaxError):
        return module.__name__


def data_fingerprint(data: Data) -> str:
    """Hash of all inputs and targets; of a stream, its kind and length."""
    if isinstance(data, ItemData):
        x, y = data.collate(data.kept[:HASHED], data.name)
        return f"{len(data)} items, the first {_parts(x)}/{_parts(y)}"
    if isinstance(data, IterableData):
        return f"stream of {len(data)} items"
    if isinstance(data, StreamData):
        return f"stream of {len(data)} {type(data.dataset).__name__}"
    if not isinstance(data, TensorData):
        raise TypeError(f"{type(data).__name__} is no data that has a fingerprint.")
    return f"{_parts(data.x)}/{_parts(data.y)}"


def _parts(values: Values) -> str:
    if isinstance(values, Tensor):
        return _tensor(values)
    return key(
        [[name, _tensor(tensor)] for name, tensor in values.tensors().items()],
        [_tensor(tensor.reshape(-1)) for tensor in every_tensor(values)],
    )


def _tensor(tensor: Tensor) -> str:
    size = tensor.numel() * tensor.element_size()
    every = max(1, -(-size // SAMPLED_BYTES))
    # Not `contiguous`, which leaves an axis of length one the stride that it has.
    content = tensor[::every].detach().cpu().clone(memory_format=torch.contiguous_format)
    digest = hashlib.blake2b(content.view(torch.uint8).numpy().tobytes() if content.ndim else b"",
                             digest_size=10)  # fmt: skip
    return f"{list(tensor.shape)} {tensor.dtype} {digest.hexdigest()}"
