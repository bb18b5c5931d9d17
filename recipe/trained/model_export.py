"""The model of a run as one file for other programs, checked against the model itself."""

import io
import json
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.core.files import write_bytes
from recipe.data.splitting import load_splits
from recipe.data.trees import Tree, Values
from recipe.experiment import Experiment
from recipe.machine.device import CPU
from recipe.notebook.run_folder import read_result
from recipe.tasks.by_loss import ByLoss
from recipe.trained.answers import class_names
from recipe.trained.loading import (
    as_given_in_training,
    as_trained,
    chosen_model,
    experiment_of,
)
from recipe.trained.prediction import in_precision_of

FORMATS = (".pt2", ".onnx")
"""Of `torch.export`, and of ONNX."""
CHECKED = 64
"""Items on which both have to give the same."""
TOLERANCE = 1e-4
"""Of the largest output: another program adds float32 numbers in another order."""
INSTALL = "pip install 'training-recipe[onnx]'"
MEANS = {
    "class index": "a score per class; softmax makes probabilities of them",
    "zero or one": "the logarithm of the odds of yes; sigmoid makes probabilities of them",
    "real": "amounts",
}
"""What outputs are, by the kind of targets."""
READS = {
    "images": "RGB (or grey) values in 0..1, [channels, height, width]; less mean, by std",
    "table": "inputs in this order; a number less its mean, by its std, a blank one its median "
    "first; `missing` 1 or 0, scaled by its own mean and std; 1 for the word of the cell, else 0",
    "text": "the number of each character in the alphabet",
}
"""How inputs are made of what the reader describes."""
METADATA = "recipe.json"
Model = Callable[..., Tensor]
"""Of one tensor for each input."""


@dataclass(frozen=True)
class Written:
    """What was written and compared."""

    file: Path
    items: int
    difference: float
    """The largest one between two outputs."""
    any_batch: bool
    """Whether it takes any number of items at once, or one only."""


def export_model(
    run: str | Path,
    file: str | Path,
    experiment: Experiment | None = None,
    *,
    trust: bool = False,
) -> Written:
    """Write the model that a run chose, with its outputs checked: those of the file, read again,
    have to be the model's.

    What the model takes and what its outputs mean stands in the file as JSON, under `recipe.json`:
    for data by name also how a file becomes an input.

    Args:
        run: the run folder.
        file: `.pt2` for `torch.export`, `.onnx` for ONNX.
        experiment: as of `recipe.load`.
        trust: as of `recipe.load`.

    Raises:
        UsageError: no such run, a file that is there already, a model that cannot be exported, or
            one whose outputs differ afterwards.

    """
    file, folder = Path(file), Path(run)
    kind = file.suffix.lower()
    if kind not in FORMATS:
        raise UsageError(f"{str(file)!r}: name a file that ends in {' or '.join(FORMATS)}.")
    if file.exists():
        raise UsageError(f"{str(file)!r} is there already: name another file.")
    if not file.parent.is_dir():
        raise UsageError(f"There is no folder {str(file.parent)!r}: make it, or name another file.")
    result = read_result(folder)
    trained = as_trained(experiment or experiment_of(result, folder, trust=trust), result)
    model = chosen_model(trained, result, folder, CPU)
    given = in_precision_of(_inputs(trained, int(result.settings.get("seed") or 0)), model)
    given = as_given_in_training(trained, result, model, given)
    if isinstance(given, Tree):
        model = _OfTensors(model, given)
    x = _named(given)
    if len(given) == 1:  # one alone would fix the number of items
        x = {name: torch.cat([each, each]) for name, each in x.items()}
    program, any_batch = _program(model, tuple(x.values()))
    about = json.dumps(_about(trained, x))
    content = _pt2(program, about) if kind == ".pt2" else _onnx(program, about, list(x))
    first = tuple(each[:1] for each in x.values())
    parts = (first, tuple(x.values())) if any_batch else (first,)
    found = _outputs(_open_pt2 if kind == ".pt2" else _open_onnx, content, parts)
    difference = _difference(model, parts, found)
    try:
        write_bytes(file, content)
    except OSError as error:
        raise UsageError(f"{str(file)!r} cannot be written ({error.strerror}).") from error
    return Written(file, len(parts[-1][0]), difference, any_batch)


class _OfTensors(nn.Module):
    """A model of several inputs, which takes them one by one in the order of their names."""

    def __init__(self, model: nn.Module, like: Tree) -> None:
        super().__init__()
        self.model, self.like = model, like[:1]

    def forward(self, *given: Tensor) -> Tensor:
        """The outputs."""
        found = dict(zip(self.like.tensors(), given, strict=True))
        outputs: Tensor = self.model(self.like.named(lambda name, _: found[name]))
        return outputs


def _named(x: Values) -> dict[str, Tensor]:
    """Inputs by names that a file may have."""
    if isinstance(x, Tensor):
        return {"x": x}
    return {re.sub(r"\W", "_", f"x{n}" if n[0].isdigit() else n): t for n, t in x.tensors().items()}


def _inputs(experiment: Experiment, seed: int) -> Values:
    """Some inputs: of the validation data, or where these need not be there, drawn at random."""
    kept = experiment.inputs
    if kept is None or experiment.train is not None:
        return load_splits(experiment, CPU, seed).val.sample(CHECKED, _source()).x
    if kept.kind == "text":
        return torch.randint(kept.outputs, (CHECKED, *kept.shape), generator=_source())
    return torch.randn(CHECKED, *kept.shape, generator=_source())


def _source() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _program(model: nn.Module, x: tuple[Tensor, ...]) -> tuple[Any, bool]:
    """The model as a graph for any number of items, or for one where it cannot be otherwise."""
    reason: Exception | None = None
    several = isinstance(model, _OfTensors)
    for any_batch, given in ((True, x), (False, tuple(each[:1] for each in x))):
        each: Any = tuple({0: torch.export.Dim.DYNAMIC} for _ in given)
        shapes = ((each,) if several else each) if any_batch else None  # *given is one argument
        try:
            with torch.no_grad(), _quiet():
                return torch.export.export(model, given, dynamic_shapes=shapes), any_batch
        except Exception as error:  # noqa: BLE001 - it traces the user's code
            reason = reason or error
    raise UsageError(
        f"torch.export cannot trace the model ({type(reason).__name__}: {_first_line(reason)}): "
        "use recipe.load(RUN) in Python."
    ) from reason


def _first_line(error: Exception | None) -> str:
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), "")[:200]


def _pt2(program: Any, about: str) -> bytes:
    content = io.BytesIO()
    with _quiet():
        torch.export.save(program, content, extra_files={METADATA: about})
    return content.getvalue()


def _open_pt2(content: bytes) -> Model:
    with _quiet():
        model: Model = torch.export.load(io.BytesIO(content)).module()
    return model


def _onnx(program: Any, about: str, names: list[str]) -> bytes:
    try:
        import onnxruntime  # noqa: F401 - before the work
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise UsageError(f"ONNX needs the package {error.name!r}: {INSTALL}.") from error
    try:
        with _quiet():
            made = torch.onnx.export(program, (), input_names=names, output_names=["y"],
                                     dynamo=True, verbose=False)  # fmt: skip
            assert made is not None  # noqa: S101 - only where a file is named
            made.model.metadata_props[METADATA] = about
            content: bytes = made.model_proto.SerializeToString()
    except Exception as error:
        raise UsageError(
            f"The model cannot be written as ONNX ({type(error).__name__}: {_first_line(error)}): "
            "export it as .pt2."
        ) from error
    return content


def _open_onnx(content: bytes) -> Model:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def outputs(*given: Tensor) -> Tensor:
        fed = {name: each.numpy() for name, each in zip(names, given, strict=True)}
        return torch.from_numpy(session.run(None, fed)[0])

    return outputs


@torch.no_grad()
def _outputs(
    opened: Callable[[bytes], Model], content: bytes, parts: Sequence[tuple[Tensor, ...]]
) -> list[Tensor]:
    """What the exported model says of these inputs.

    Raises:
        UsageError: it cannot be run.

    """
    try:
        model = opened(content)
        return [model(*(each.clone() for each in part)) for part in parts]  # it may work in place
    except Exception as error:
        raise UsageError(
            f"The exported model cannot be run ({type(error).__name__}: {_first_line(error)}): "
            "nothing was written; export it as .pt2, or use recipe.load(RUN) in Python."
        ) from error


@torch.no_grad()
def _difference(
    model: nn.Module, parts: Sequence[tuple[Tensor, ...]], outputs: Sequence[Tensor]
) -> float:
    """The largest difference between these outputs and those of the model.

    Raises:
        UsageError: it is more than rounding.

    """
    worst = 0.0
    for part, found in zip(parts, outputs, strict=True):
        expected = model(*(each.clone() for each in part))
        if expected.shape != found.shape:
            raise UsageError(
                f"The exported model gives outputs of shape {list(found.shape)}, the model "
                f"{list(expected.shape)}: nothing was written."
            )
        # Equal infinities differ by nothing.
        apart = torch.where(expected == found, 0.0, (expected - found).abs())
        off, largest = float(apart.max()), max(1.0, float(expected.nan_to_num().abs().max()))
        if not math.isfinite(off) or off > TOLERANCE * largest:
            raise UsageError(
                f"The exported model differs from the model by {off:.3g} (outputs up to "
                f"{largest:.3g}): nothing was written."
            )
        worst = max(worst, off)
    return worst


def _about(experiment: Experiment, x: Mapping[str, Tensor]) -> Mapping[str, Any]:
    """What whoever uses the file has to know."""
    task, kept = experiment.resolved_task, experiment.inputs
    means = MEANS[task.target_kind]
    if isinstance(task, ByLoss):
        means = "what the loss of the experiment takes"
    elif getattr(task, "threshold", 0.0):
        means = "probabilities of yes"
    if kept is not None and kept.scale is not None:
        means = "amounts, scaled: times scale[1], plus scale[0]"
    about = {
        "task": task.name, "means": means,
        "shape": list(next(iter(x.values())).shape[1:]) if len(x) == 1
        else {name: list(each.shape[1:]) for name, each in x.items()},
        "classes": class_names(experiment),
    }  # fmt: skip
    if kept is None:
        return about
    names = getattr(kept.reader, "input_names", None)
    return {**asdict(kept), **about, "reads": READS[kept.kind], "inputs": names}


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings and the progress of the libraries."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
