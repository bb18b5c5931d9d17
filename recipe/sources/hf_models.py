"""Models of Hugging Face transformers, by name or from a folder: `hf:NAME`."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from torch import Tensor, nn

from recipe.core.errors import UsageError
from recipe.data.trees import natural
from recipe.sources.hub import Factory, Hub, is_local, package, why
from recipe.sources.image_format import ImageFormat
from recipe.sources.source import Kind

LEAST_SIDE = 32
CLASSES: Mapping[str, str] = {
    "images": "AutoModelForImageClassification", "texts": "AutoModelForSequenceClassification",
}  # fmt: skip
"""What of transformers classifies each kind of data."""


class HubModel(nn.Module):
    """A model of transformers that gives its logits."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Any = None, **inputs: Tensor) -> Tensor:
        """Images [N, C, H, W], or encoded texts by name ([N, T] each), to logits [N, outputs]."""
        x = x if isinstance(x, Tensor) else natural(x)
        if isinstance(x, Mapping):
            inputs, x = {**x, **inputs}, None
        found: Tensor = (self.model(**inputs) if x is None else self.model(x)).logits
        return found


def transformers(name: str) -> Any:
    """The library, without its advice on standard error.

    Raises:
        UsageError: it is not installed.

    """
    found = package("transformers", "hub", f"hf:{name}")
    found.utils.logging.set_verbosity_error()
    return found


def not_loaded(name: str, what: str, error: Exception) -> UsageError:
    """What is said where a part of a model cannot be loaded."""
    todo = "give a folder that holds it" if is_local(name) else (
        "connect to the network, or name a folder that holds it")  # fmt: skip
    return UsageError(f"The {what} of hf:{name} cannot be loaded ({why(error)}): {todo}.")


@cache
def config(name: str) -> Any:
    """The configuration of a model; not to be changed.

    Raises:
        UsageError: it cannot be loaded.

    """
    library = transformers(name)
    try:
        return library.AutoConfig.from_pretrained(name)
    except Exception as error:
        raise not_loaded(name, "configuration", error) from error


def check(name: str, kind: Kind) -> None:
    """See `Hub`."""
    if kind not in CLASSES:
        raise UsageError(
            f"hf:{name} is a model for images or for text with a label, the data are {kind}: "
            "leave it out."
        )
    known = getattr(transformers(name), CLASSES[kind])._model_mapping  # noqa: SLF001 - no public name
    if type(config(name)) not in known:
        what = {"images": "images", "texts": "text"}[kind]
        raise UsageError(
            f"hf:{name} is a {config(name).model_type}, which transformers has no classifier of "
            f"{what} for: name another model."
        )


def image_format(name: str, size: int | None, pretrained: bool) -> ImageFormat:
    """See `Hub`."""
    sides = getattr(config(name), "image_size", None)
    own = sides[0] if isinstance(sides, list | tuple) else sides
    if own is not None and size not in (None, own):
        raise UsageError(
            f"hf:{name} takes images of {own} pixels, image_size is {size}: leave it out."
        )
    if not pretrained:
        return ImageFormat(size=own or size, least=LEAST_SIDE)
    try:
        wanted = transformers(name).AutoImageProcessor.from_pretrained(name)
    except Exception as error:
        raise not_loaded(name, "image processor", error) from error
    side = own or size or min(wanted.size.values())
    return ImageFormat(size=side, mean=tuple(wanted.image_mean), std=tuple(wanted.image_std))


def factory(name: str, kind: Kind, shape: tuple[int, ...], outputs: int) -> Factory:  # noqa: ARG001
    """See `Hub`."""
    return partial(model, name, CLASSES[kind], outputs)


def model(name: str, cls: str, outputs: int, weights: str | None = None) -> HubModel:
    """A fresh model, or one with the weights that lie under its name and a new last layer.

    Args:
        name: without its prefix.
        cls: of transformers, see CLASSES.
        outputs: of the last layer.
        weights: any text for the weights of this name; None: drawn anew.

    """
    made = getattr(transformers(name), cls)
    if weights is not None:
        return HubModel(
            made.from_pretrained(name, num_labels=outputs, ignore_mismatched_sizes=True)
        )
    library = transformers(name)
    return HubModel(made.from_config(library.AutoConfig.from_pretrained(name, num_labels=outputs)))


def check_weights(name: str, kind: Kind) -> None:
    """See `Hub`."""
    try:
        getattr(transformers(name), CLASSES[kind]).from_pretrained(name)
    except UsageError:
        raise
    except Exception as error:
        raise not_loaded(name, "weights", error) from error


HUGGING_FACE = Hub(check, image_format, factory, check_weights)
