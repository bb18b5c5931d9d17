"""A plain PyTorch script that trains the winner of a run again, without recipe."""

import inspect
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recipe.border.optimizer_calls import call_text
from recipe.core.chosen_model import Chosen, Member
from recipe.core.errors import UsageError
from recipe.core.files import write_bytes, write_text
from recipe.core.results import RunResult
from recipe.data.datasets import Data, Splits
from recipe.data.splitting import load_splits
from recipe.experiment import OPTIMIZERS, Experiment
from recipe.machine.device import CPU
from recipe.models.building import build_model
from recipe.notebook import origin as origin_of
from recipe.notebook.run_folder import read_result
from recipe.sources import augment
from recipe.trained.loading import as_trained, chosen_of, experiment_of
from recipe.trained.model_source import arguments, declared, own_file, source_of
from recipe.training.early_stopping import patience_for
from recipe.training.models_from_weights import model_of
from recipe.training.optimizers import (
    RMSPROP_ALPHA,
    beta2_of,
    epsilon_of,
    momentum_of,
)
from recipe.training.preparation import prepare

LOSSES = {
    "classification": "F.cross_entropy(outputs, targets)",
    "segmentation": "F.cross_entropy(outputs, targets)",
    "language_model": "F.cross_entropy(outputs.flatten(0, -2), targets.flatten())",
    "regression": "F.mse_loss(outputs, targets.reshape(outputs.shape).to(outputs.dtype))",
    "binary": (
        "F.binary_cross_entropy_with_logits(outputs, "
        "targets.reshape(outputs.shape).to(outputs.dtype))"
    ),
}
SCORES = {
    ("classification", "accuracy"): "(outputs.argmax(1) == targets).double().mean()",
    ("language_model", "accuracy"): "(outputs.argmax(-1) == targets).double().mean()",
    ("binary", "accuracy"): "((outputs.flatten() > 0) == targets.flatten()).double().mean()",
    ("regression", "r2"): (
        "1 - (outputs.double().flatten() - targets.double().flatten()).square().sum() "
        "/ (targets.double() - targets.double().mean()).square().sum()"
    ),
}
SCHEDULES = {
    "constant": "1.0",
    "step": "0.1 ** ((progress >= 0.5) + (progress >= 0.75))",
    "cosine": "0.5 * (1 + math.cos(math.pi * progress))",
    "linear": "1 - progress",
    "inverse_sqrt": "1 / math.sqrt(1 + progress * 99)",
}
HORIZON = 0.05
"""Of a training: about how far back the exponential average of the finish reaches."""
OWN_FILE = "# (your file)"
"""Where in the template the code stands that reads the user's file, if it is needed."""
CHECKED = 8
"""Items on which the written model is compared with the run's."""


@dataclass(frozen=True)
class Script:
    """What was written."""

    file: Path
    data: Path
    notes: tuple[str, ...]
    """What the script leaves out or does otherwise, in sentences."""


@dataclass
class _Parts:
    """What the template shows."""

    result: RunResult
    winner: Experiment
    member: Member
    notes: list[str] = field(default_factory=list)


def export_code(
    run: str | Path, file: str | Path, experiment: Experiment | None = None, *, trust: bool = False
) -> Script:
    """Write a script that trains the winner of a run with PyTorch alone, and beside it the data as
    the run's model got them: how files become tensors is not written out, what came of it is.

    The model that the script builds was compared with the run's: the same outputs for the same
    weights.

    Args:
        run: the run folder.
        file: of the script, `FILE.py`; the data go to `FILE.safetensors`.
        experiment: as of `recipe.load`.
        trust: as of `recipe.load`.

    Raises:
        UsageError: no such run, files that are there already, or something that cannot be written
            as plain code, which is named.

    """
    from safetensors.torch import save

    file, folder = Path(file), Path(run)
    data = _beside(file)
    result = read_result(folder)
    if own_file(result)[0]:  # it is run again, to see whether the script can use it
        origin_of.check(folder, str(result.settings["target"]), Path.cwd(), trust=trust)
    made = experiment or experiment_of(result, folder, with_data=True, trust=trust)
    if result.repaired:
        raise UsageError(
            f"The run repaired {', '.join(result.repaired)} on the way, and the script would not: "
            "fix it in the experiment ('recipe fix' writes a patch) and run the recipe again."
        )
    trained = as_trained(made, result)
    chosen = chosen_of(result)
    member = chosen.members[0]
    parts = _Parts(result, _with(trained, member), member)
    _refuse(parts.winner)
    seed = int(result.settings.get("seed") or 0)
    fitted, splits = prepare(trained, load_splits(trained, CPU, seed))
    parts.winner = _with(fitted, member)
    tensors = _tensors(splits)
    alone = replace(chosen, kind="single", members=(member,))
    model = model_of(trained, alone, folder, CPU)
    code, origin = source_of(parts.winner, result, model, tensors["val_x"][:CHECKED], file)
    if parts.winner.weights is not None or getattr(parts.winner.inputs, "pretrained", False):
        start = build_model(parts.winner, seed, CPU)
        tensors |= {f"start.{k}": v.contiguous() for k, v in start.state_dict().items()}
    text = _script(parts, chosen, code, origin, data.name, seed=seed, starts=tensors)
    stand_in = f"{declared(result, file)}\n\n" if "DECLARED." in text else ""
    text = text.replace(f"{OWN_FILE}\n", stand_in)
    try:
        write_bytes(data, save(tensors))
        write_text(file, text)
    except OSError as error:
        raise UsageError(f"{str(file)!r} cannot be written ({error.strerror}).") from error
    return Script(file, data, tuple(parts.notes))


def _beside(file: Path) -> Path:
    """Where the data of a script go.

    Raises:
        UsageError: it cannot be written under this name.

    """
    if file.suffix != ".py":
        raise UsageError(f"{str(file)!r}: name a file that ends in .py.")
    data = file.with_suffix(".safetensors")
    for each in (file, data):
        if each.exists():
            raise UsageError(f"{str(each)!r} is there already: name another file.")
    return data


def _with(experiment: Experiment, member: Member) -> Experiment:
    """With the hyperparameters of the winner; a function of the user's is named by these alone."""
    own = {
        name for name, known in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES))
        if member.params.get(name) not in known and callable(getattr(experiment, name))
    }  # fmt: skip
    return experiment.with_params({k: v for k, v in member.params.items() if k not in own})


def _refuse(winner: Experiment) -> None:
    """Raise UsageError where a training consists of more than the script can say."""
    for name, value in (("update", winner.update), ("freeze", winner.freeze),
                        ("parallel", winner.parallel)):  # fmt: skip
        if value:
            raise UsageError(
                f"A training with {name}={value!r} cannot be written as a plain script yet: "
                "'recipe export RUN --model FILE.pt2' writes the trained model."
            )
    if winner.task not in LOSSES and winner.resolved_task.name not in LOSSES:
        raise UsageError(
            f"Code for the task {winner.resolved_task.name!r} is not written yet; there is some "
            f"for {', '.join(LOSSES)}."
        )


def _tensors(splits: Splits) -> dict[str, Tensor]:
    """The training and validation data as the model gets them."""
    found = {}
    for name, data in (("train", splits.train), ("val", splits.val)):
        if not data.deterministic or data.order.drawn:
            raise UsageError(
                f"The data to {name} are random, streamed or drawn by a sampler, so they cannot be "
                "written as tensors: export the model instead (--model FILE.pt2)."
            )
        found[f"{name}_x"], found[f"{name}_y"] = _whole(data)
    return found


def _whole(data: Data) -> tuple[Tensor, Tensor]:
    xs, ys = [], []
    for x, y in data.eval_batches():
        if isinstance(x, Tensor) and isinstance(y, Tensor):
            xs.append(x)
            ys.append(y)
            continue
        raise UsageError(
            "An item of these data is more than one tensor, which the script does not write out: "
            "export the model instead (--model FILE.pt2)."
        )
    if len({tuple(x.shape[1:]) for x in xs}) > 1:
        raise UsageError(
            "Items of these data differ in length, which the script does not write out: export "
            "the model instead (--model FILE.pt2)."
        )
    return torch.cat(xs).contiguous(), torch.cat(ys).contiguous()


def _script(
    parts: _Parts, chosen: Chosen, code: str, origin: str, data: str, *, seed: int,
    starts: dict[str, Tensor],
) -> str:  # fmt: skip
    from jinja2 import Environment, PackageLoader, StrictUndefined

    winner, result = parts.winner, parts.result
    environment = Environment(
        loader=PackageLoader("recipe.trained"), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,  # noqa: S701 - it is code
    )  # fmt: skip
    average = _average(parts, chosen)
    given = {
        "name": _quoted(result.name), "code": code, "origin": _quoted(origin), "data": data,
        "seed": seed,
        "epochs": winner.epochs, "batch": winner.batch_size, "lr": winner.lr,
        "shuffle": winner.shuffle, "warmup": winner.warmup, "clip": winner.clip_norm,
        "patience": patience_for(winner.epochs or 1), "schedule": _schedule(parts),
        "optimizer": _optimizer(parts), "loss": _loss(parts), "score": _score(parts),
        "augment": _augment(parts), "metric": re.sub(r"[^\w .-]", "", winner.metric_name),
        "average": average,
        "horizon": HORIZON, "starts": any(key.startswith("start.") for key in starts),
        "val_score": chosen.val_score if len(chosen.members) == 1 else None,
    }  # fmt: skip
    return environment.get_template("training.py.j2").render(**given, notes=parts.notes)


def _quoted(text: str) -> str:
    """As it may stand in a docstring."""
    return text.replace("\\", "/").replace('"', "'")


def _average(parts: _Parts, chosen: Chosen) -> str:
    """Which average of the weights is scored: exponential, last epochs, or none."""
    if len(chosen.members) > 1:
        kind = "an ensemble" if chosen.kind == "ensemble" else "snapshots of a training"
        parts.notes.append(
            f"The run's answer came from {len(chosen.members)} models together ({kind}); the "
            "script trains one of them."
        )
        return ""
    if chosen.kind != "averaged":
        return ""
    return "last epochs" if "last epochs" in parts.member.origin else "exponential"


def _own(parts: _Parts, name: str) -> str:
    """Something that the user's file declares, as the script reaches it.

    Raises:
        UsageError: it is not from a file.

    """
    if not own_file(parts.result)[0]:
        raise UsageError(
            f"The experiment's own {name} is not in a file that the run named, so the script "
            "cannot use it: put the experiment into a file, and run that."
        )
    return f"DECLARED.{name}"


def _schedule(parts: _Parts) -> str:
    schedule = parts.winner.schedule
    if isinstance(schedule, str):
        return SCHEDULES[schedule]
    return f"{_own(parts, 'schedule')}(progress)"


def _loss(parts: _Parts) -> str:
    own = parts.winner.loss
    if own is None:
        return LOSSES[parts.winner.resolved_task.name]
    if isinstance(own, str):
        raise UsageError(
            "The model computes its loss itself, which the script does not write out: export the "
            "model instead (--model FILE.pt2)."
        )
    return f"{_own(parts, 'loss')}(outputs, targets)"


def _score(parts: _Parts) -> str:
    winner = parts.winner
    task = winner.resolved_task.name
    if callable(winner.metric):
        return f"torch.as_tensor(float({_own(parts, 'metric')}(outputs, targets)))"
    known = SCORES.get((task, winner.metric_name))
    if known is not None:
        return known
    parts.notes.append(
        f"The run compares epochs by {winner.metric_name}; the script takes the negative loss."
    )
    return "-loss_of(outputs, targets)"


def _augment(parts: _Parts) -> str:
    function: Any = parts.winner.augment
    if function is None:
        return ""
    if getattr(function, "func", None) is augment.moved:
        source = inspect.getsource(augment.moved).replace(": Tensor", "").replace(" -> Tensor", "")
        flip = bool(function.keywords["flip"])
        return (
            f"SHIFT = {augment.SHIFT}\n\n\n{source.replace(', *, flip: bool', ', flip')}\n\n"
            f"def augmented(x):\n    return moved(x, flip={flip})\n"
        )
    return f"augmented = {_own(parts, 'augment')}\n"


def _optimizer(parts: _Parts) -> str:
    winner = parts.winner
    decay = winner.weight_decay or 0.0
    if not isinstance(winner.optimizer, str):
        return call_text(winner.optimizer, _own(parts, "optimizer"), decay)
    momentum, shared = momentum_of(winner), {"weight_decay": decay}
    if winner.optimizer == "sgd":
        given: dict[str, Any] = {"momentum": momentum, "nesterov": momentum > 0}
        return f"torch.optim.SGD(params, lr=LR, {arguments(given | shared)})"
    if winner.optimizer == "rmsprop":
        given = {"alpha": RMSPROP_ALPHA, "eps": epsilon_of(winner), "momentum": momentum}
        return f"torch.optim.RMSprop(params, lr=LR, {arguments(given | shared)})"
    kind = "AdamW" if winner.optimizer == "adamw" else "Adam"
    given = {"betas": (momentum, beta2_of(winner)), "eps": epsilon_of(winner)}
    return f"torch.optim.{kind}(params, lr=LR, {arguments(given | shared)})"
