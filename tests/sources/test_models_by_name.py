from dataclasses import replace

import pytest
import torch
from torch import nn

from recipe.errors import UsageError
from recipe.sources import Source
from recipe.sources.models import factory, look_for, model_names

IMAGES = Source("photos", "images", "classification", None, None, None, (3, 32, 32), 7)


@pytest.mark.parametrize("side", [8, 16, 28, 32, 64, 224])
@pytest.mark.parametrize("name", ["cnn", "mlp", "linear"])
def test_own_models_take_images_of_any_side(name, side):
    source = replace(IMAGES, shape=(1, side, side))
    assert factory(name, source)()(torch.zeros(2, 1, side, side)).shape == (2, 7)


def test_every_factory_returns_a_fresh_model():
    make = factory("cnn", IMAGES)
    assert make() is not make()
    assert not torch.equal(make()[0].weight, make()[0].weight)
    assert factory("mlp", IMAGES)(width=16, dropout=0.5)[1].out_features == 16


def test_a_language_model_sees_no_future():
    source = Source("book", "text", "language_model", None, None, None, (16,), 30)
    model = factory("transformer", source)().eval()
    x = torch.randint(0, 30, (2, 16))
    other = x.clone()
    other[:, 8:] = torch.randint(0, 30, (2, 8))
    a, b = model(x), model(other)
    assert a.shape == (2, 16, 30)
    assert torch.allclose(a[:, :8], b[:, :8], atol=1e-5)
    assert not torch.allclose(a[:, 8:], b[:, 8:], atol=1e-5)


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "mobilenet_v3_small"])
def test_a_model_of_torchvision_has_as_many_outputs_as_classes(name):
    model = factory(name, IMAGES)().eval()
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


def test_models_that_need_large_images_say_so():
    assert look_for("vit_b_16", None, pretrained=False).least == 224
    assert look_for("resnet18", None, pretrained=False).least == 1
    assert look_for("cnn", None, pretrained=False) is None
    with pytest.raises(UsageError, match="vit_b_16 takes images of 224 pixels or more"):
        look_for("vit_b_16", 32, pretrained=False)


def test_weights_bring_their_own_scale_and_side():
    look = look_for("resnet18", None, pretrained=True)
    assert look.size == 224
    assert look.mean == (0.485, 0.456, 0.406)


@pytest.mark.parametrize("name", ["resnet18", "vgg11", "squeezenet1_1"])
def test_the_last_layer_alone_is_drawn_anew(name, monkeypatch):
    from torchvision import models

    get = models.get_model
    monkeypatch.setattr(models, "get_model", lambda name, weights: get(name, weights=None))
    from recipe.sources.models import trained

    trained.cache_clear()
    make = factory(name, IMAGES, pretrained=True)
    first, second = make(), make()
    trained.cache_clear()
    differ = [
        n
        for n, p in first.named_parameters()
        if not torch.equal(p, dict(second.named_parameters())[n])
    ]
    assert 1 <= len(differ) <= 2
    assert first.eval()(torch.zeros(2, 3, 64, 64)).shape == (2, 7)
    assert isinstance(first, nn.Module)


def test_weights_that_cannot_be_had_are_one_sentence(monkeypatch):
    from torchvision import models

    def offline(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(models, "get_model", offline)
    make = factory("resnet34", IMAGES, pretrained=True)
    with pytest.raises(UsageError, match=r"resnet34 cannot be downloaded \(no network\)"):
        make()


def test_names_by_kind():
    assert model_names("images")[0] == "cnn"
    assert model_names("table") == ("mlp", "linear")
    assert model_names("text") == ("transformer",)
    assert {"resnet18", "vit_b_16", "convnext_tiny"} <= set(model_names("images"))
    with pytest.raises(UsageError, match="did you mean 'resnet18'"):
        factory("resnet81", IMAGES)
    with pytest.raises(UsageError, match="model for table"):
        factory("cnn", replace(IMAGES, kind="table"))
    with pytest.raises(UsageError, match="no pretrained weights"):
        factory("mlp", IMAGES, pretrained=True)
