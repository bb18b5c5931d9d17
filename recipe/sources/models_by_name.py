"""Models by name: small ones of our own, every classification model of torchvision, and those of
timm and Hugging Face.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import nn

from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.sources.detectors import USUAL_DETECTOR, check_detector, detector_names
from recipe.sources.hf_models import HUGGING_FACE
from recipe.sources.hub import Factory, Hub, bare, is_hub
from recipe.sources.image_format import ImageFormat
from recipe.sources.own_models import Transformer, cnn, linear, mlp
from recipe.sources.source import Kind
from recipe.sources.text_models import BagOfEmbeddings
from recipe.sources.timm_models import TIMM
from recipe.sources.unet import UNet

USUAL: dict[Kind, str] = {
    "images": "cnn", "table": "mlp", "text": "transformer", "texts": "bag", "segmentation": "unet",
    "detection": USUAL_DETECTOR,
}  # fmt: skip
"""The model where none is named."""
PRETRAINED_SIDE = 224
"""Of the images that torchvision's weights were trained on, where their transform names no side."""


@dataclass(frozen=True)
class Own:
    """A model of our own."""

    make: Factory
    kinds: tuple[Kind, ...]
    """Of the data that it takes."""
    says: str


OWN = {
    "bag": Own(BagOfEmbeddings, ("texts",), "the mean of word embeddings, then two layers"),
    "cnn": Own(cnn, ("images",), "a small convolutional network"),
    "linear": Own(linear, ("images", "table"), "one layer, which anything deeper has to beat"),
    "mlp": Own(mlp, ("images", "table"), "two hidden layers"),
    "unet": Own(UNet, ("segmentation",), "a small U-Net, which gives a class to every pixel"),
    "transformer": Own(Transformer, ("text",), "two blocks of causal attention"),
}


def model_names(kind: Kind) -> tuple[str, ...]:
    """Every model for data of this kind; our own ones first, the usual one at their head."""
    if kind == "detection":
        return detector_names()
    own = sorted((n for n, m in OWN.items() if kind in m.kinds), key=lambda n: n != USUAL[kind])
    return (*own, *torchvision_names()) if kind == "images" else tuple(own)


@cache
def torchvision_names() -> tuple[str, ...]:
    """Models of torchvision that classify images."""
    from torchvision import models

    return tuple(models.list_models(module=models))


def check_model(name: str, kind: Kind, *, pretrained: bool) -> None:
    """Raise UsageError when there is no such model for this kind of data, or no weights for it."""
    if is_hub(name):
        hub_of(name).check(bare(name), kind)
    elif kind == "detection":
        check_detector(name)
    elif name not in model_names(kind):
        raise UsageError(unknown(f"model for {kind}", name, model_names(kind)))
    if pretrained and name in OWN:
        raise UsageError(
            f"There are no pretrained weights of {name!r}: name a model of torchvision, such as "
            "resnet18."
        )


def is_for_text(name: str) -> bool:
    """Whether a model reads texts with a label, so that a table's other columns are of no use."""
    if name.startswith("hf:"):
        return True  # what else transformers has takes no table
    return name in OWN and OWN[name].kinds == ("texts",)


def hub_of(name: str) -> Hub:
    """The library that a prefix names."""
    return HUGGING_FACE if name.startswith("hf:") else TIMM


def check_weights(name: str, kind: Kind) -> None:
    """Raise UsageError where pretrained weights can be neither found nor downloaded."""
    if is_hub(name):
        hub_of(name).check_weights(bare(name), kind)
    else:
        trained(name)


def is_torchvisions(weights: Path, name: str) -> bool:
    """Whether a file has the name under which torchvision's own weights of a model are kept."""
    return (
        name not in OWN
        and not is_hub(name)
        and weights.name == Path(urlparse(_weights(name).url).path).name
    )


def image_format_of(name: str, size: int | None, *, pretrained: bool) -> ImageFormat | None:
    """How images have to look for this model; None when it takes them as they are."""
    if name in OWN:
        return None
    if is_hub(name):
        return hub_of(name).image_format(bare(name), size, pretrained)
    weights = _weights(name)
    least = max(weights.meta["min_size"])
    if size is not None and size < least:
        raise UsageError(f"{name} takes images of {least} pixels or more, image_size is {size}.")
    if not pretrained:
        return ImageFormat(size=size, least=least)
    wanted = weights.transforms()
    side = (getattr(wanted, "crop_size", None) or [PRETRAINED_SIDE])[0]
    return ImageFormat(size=size or side, mean=tuple(wanted.mean), std=tuple(wanted.std))


def factory(
    name: str,
    kind: Kind,
    shape: tuple[int, ...],
    outputs: int,
    *,
    pretrained: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Factory:
    """A function that returns a fresh model of this name.

    Args:
        name: of the model.
        kind: of the data.
        shape: of one input.
        outputs: numbers that it returns for an item.
        pretrained: whether it takes the library's weights, where it is given any.
        options: what a model of our own has to know beside these.

    Raises:
        UsageError: see `check_model`.

    """
    check_model(name, kind, pretrained=pretrained)
    if is_hub(name):
        return hub_of(name).factory(bare(name), kind, shape, outputs)
    if name in OWN:
        return partial(OWN[name].make, shape, outputs, **(options or {}))
    side = shape[-1]
    if pretrained:
        return partial(_for_these_classes, name, outputs)
    given: dict[str, Any] = {"num_classes": outputs}
    if name in ("googlenet", "inception_v3"):
        given |= {"aux_logits": False, "init_weights": True}
    if name.startswith("vit_"):
        given["image_size"] = side
    return partial(_fresh, name, given)


def _fresh(name: str, options: dict[str, Any]) -> nn.Module:
    from torchvision import models

    model: nn.Module = models.get_model(name, weights=None, **options)
    return model


def _weights(name: str) -> Any:
    from torchvision import models

    return models.get_model_weights(name).DEFAULT


@cache
def trained(name: str) -> nn.Module:
    """The model with torchvision's weights, downloaded once; not to be changed.

    Raises:
        UsageError: they cannot be downloaded, or are not what they should be.

    """
    from torchvision import models

    weights = _weights(name)
    try:
        model: nn.Module = models.get_model(name, weights=weights)
    except (OSError, RuntimeError, HTTPException) as error:
        place = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(weights.url).path).name
        raise UsageError(
            f"The weights of {name} cannot be downloaded ({error}): connect to the network, put "
            f"them into {str(place)!r}, or leave out --pretrained."
        ) from error
    return _of_one_output(model)


def _of_one_output(model: nn.Module) -> nn.Module:
    """Without a second and third output, which are for training from scratch."""
    if hasattr(model, "aux_logits"):
        for part, value in {
            "aux_logits": False,
            "aux1": None,
            "aux2": None,
            "AuxLogits": None,
        }.items():
            if hasattr(model, part):
                setattr(model, part, value)
    return model


def last_layer(model: nn.Module) -> str:
    """The name of the layer that gives the outputs.

    Raises:
        UsageError: the model has no layer of a kind that does.

    """
    kinds = nn.Linear | nn.Conv2d
    found = [str(name) for name, module in model.named_modules() if isinstance(module, kinds)]
    if not found:
        raise UsageError("The model has no linear layer at its end to begin anew.")
    return found[-1]


def _for_these_classes(name: str, outputs: int, weights: str | None = None) -> nn.Module:
    """A model of torchvision with a last layer drawn anew for these classes.

    Args:
        name: of the model.
        outputs: of the last layer.
        weights: any text for torchvision's weights; None: drawn anew too.

    """
    if weights is None:
        from torchvision import models

        init = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
        model = _of_one_output(models.get_model(name, weights=None, **init))
    else:
        model = copy.deepcopy(trained(name))
    place = last_layer(model)
    head = model.get_submodule(place)
    if isinstance(head, nn.Linear):
        new: nn.Module = nn.Linear(head.in_features, outputs)
    else:
        new = nn.Conv2d(head.in_channels, outputs, head.kernel_size)  # type: ignore[arg-type]
    model.set_submodule(place, new)
    return model
