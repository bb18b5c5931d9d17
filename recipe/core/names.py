"""Names in messages: the nearest known name beside the unknown one."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from inspect import Signature, signature
from typing import Any, TypeVar

from recipe.core.errors import UsageError

T = TypeVar("T")
SYNONYMS: Mapping[str, str] = {
    "learning_rate": "lr", "rate": "lr", "lr0": "lr", "wd": "weight_decay", "decay": "weight_decay",
    "l2": "weight_decay", "criterion": "loss", "loss_fn": "loss", "loss_function": "loss",
    "objective": "loss", "optim": "optimizer", "net": "model", "network": "model",
    "module": "model", "model_fn": "model", "factory": "model", "data": "train",
    "dataset": "train", "train_data": "train", "train_set": "train", "train_dataset": "train",
    "train_loader": "train", "train_dataloader": "train", "trainset": "train",
    "validation": "val", "valid": "val", "val_data": "val", "val_set": "val",
    "val_dataset": "val", "val_loader": "val", "eval_dataset": "val", "dev": "val",
    "validation_data": "val", "test_data": "test", "test_set": "test", "test_dataset": "test",
    "test_loader": "test", "num_epochs": "epochs", "n_epochs": "epochs", "max_epochs": "epochs",
    "num_train_epochs": "epochs", "bs": "batch_size", "scheduler": "schedule",
    "lr_scheduler": "schedule", "metrics": "metric", "score": "metric", "transform": "augment",
    "transforms": "augment", "augmentation": "augment", "collate_fn": "collate",
    "grad_clip": "clip_norm", "clip": "clip_norm", "max_grad_norm": "clip_norm",
    "gradient_clip_val": "clip_norm", "class_names": "classes", "labels": "classes",
    "search_space": "space", "params": "space", "warmup_steps": "warmup",
    "warmup_ratio": "warmup", "betas": "beta2", "eps": "epsilon",
}  # fmt: skip
"""What other libraries call the same argument."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one, small and capital letters being the same; None
    when none does.
    """
    plain = {each.lower(): each for each in sorted(known)}
    found = get_close_matches(name.lower(), list(plain), n=1, cutoff=0.5)
    return plain[found[0]] if found else None


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One sentence that says which `kind` of name is unknown and what is nearest to it."""
    names = sorted(known)
    other = SYNONYMS.get(name.lower())
    near = other if other in names else nearest(name, names)
    hint = f"did you mean {near!r}?" if near else f"known are: {', '.join(names)}."
    return f"Unknown {kind} {name!r}: {hint}"


def name_of(value: Any) -> str:
    """What a function is called, or the class of anything else."""
    return str(getattr(value, "__name__", type(value).__name__))


def named_as(made: type, kind: type) -> None:
    """Let a class that was made while the program runs go by the name of another one, in messages
    and in keys.
    """
    made.__name__, made.__qualname__ = kind.__name__, kind.__qualname__
    made.__module__ = kind.__module__


def checked_names(what: str, names: Any) -> tuple[str, ...]:
    """A list of names that all differ, as a tuple; empty for None.

    Raises:
        UsageError: it is anything else.

    """
    found = () if names is None else names
    listed = isinstance(found, list | tuple) and all(isinstance(name, str) for name in found)
    if not listed or len(set(found)) < len(found):
        raise UsageError(f"{what} got {names!r}: pass a list of names that all differ.")
    return tuple(found)


def check_arguments(kind: type, given: Mapping[str, Any], needed: Iterable[str]) -> None:
    """Raise UsageError for an argument that a dataclass does not know, with the nearest one that
    it does, and for one that is missing.
    """
    known = {field.name for field in fields(kind)}
    for name in given:
        if name not in known:
            raise UsageError(unknown(f"argument of {kind.__name__}", name, known))
    for name in needed:
        if name not in given:
            raise UsageError(f"{kind.__name__} needs {name!r}: pass {name}=...")


def shows_arguments(kind: type[T]) -> type[T]:
    """Let `inspect.signature`, and with it notebooks, show the arguments of a class's `__init__`
    where it has a `__new__` that takes anything.
    """
    own = signature(kind.__init__)
    _, *others = own.parameters.values()
    kind.__signature__ = Signature(others)  # type: ignore[attr-defined]
    return kind
