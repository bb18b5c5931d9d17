from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.models.building import build_model
from recipe.sources import Source
from recipe.sources.models_by_name import (
    factory,
    image_format_of,
    is_torchvisions,
    last_layer,
    model_names,
    trained,
)


def made(name, source, **given):
    return factory(name, source.kind, source.shape, source.outputs, **given)


IMAGES = Source("photos", "images", "classification", None, None, None, (3, 32, 32), 7)


@pytest.mark.parametrize("side", [8, 16, 28, 32, 64, 224])
@pytest.mark.parametrize("name", ["cnn", "mlp", "linear"])
def test_own_models_take_images_of_any_side(name, side):
    source = replace(IMAGES, shape=(1, side, side))
    assert made(name, source)()(torch.zeros(2, 1, side, side)).shape == (2, 7)


def test_every_factory_returns_a_fresh_model():
    make = made("cnn", IMAGES)
    assert make() is not make()
    assert not torch.equal(make()[0].weight, make()[0].weight)
    assert made("mlp", IMAGES)(width=16, dropout=0.5)[1].out_features == 16


def test_a_language_model_sees_no_future():
    source = Source("book", "text", "language_model", None, None, None, (16,), 30)
    model = made("transformer", source)().eval()
    x = torch.randint(0, 30, (2, 16))
    other = x.clone()
    other[:, 8:] = torch.randint(0, 30, (2, 8))
    a, b = model(x), model(other)
    assert a.shape == (2, 16, 30)
    assert torch.allclose(a[:, :8], b[:, :8], atol=1e-5)
    assert not torch.allclose(a[:, 8:], b[:, 8:], atol=1e-5)


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "mobilenet_v3_small"])
def test_a_model_of_torchvision_has_as_many_outputs_as_classes(name):
    model = made(name, IMAGES)().eval()
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


def test_models_that_need_large_images_say_so():
    assert image_format_of("vit_b_16", None, pretrained=False).least == 224
    assert image_format_of("resnet18", None, pretrained=False).least == 1
    assert image_format_of("cnn", None, pretrained=False) is None
    with pytest.raises(UsageError, match="vit_b_16 takes images of 224 pixels or more"):
        image_format_of("vit_b_16", 32, pretrained=False)


def test_weights_bring_their_own_scale_and_side():
    look = image_format_of("resnet18", None, pretrained=True)
    assert look.size == 224
    assert look.mean == (0.485, 0.456, 0.406)


@pytest.mark.parametrize("name", ["resnet18", "vgg11", "squeezenet1_1"])
def test_the_last_layer_alone_is_drawn_anew(name, monkeypatch):
    from torchvision import models

    get = models.get_model
    monkeypatch.setattr(models, "get_model", lambda name, weights: get(name, weights=None))
    trained.cache_clear()
    make = made(name, IMAGES, pretrained=True)
    first, second = make(weights="DEFAULT"), make(weights="DEFAULT")
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

    get = models.get_model

    def offline(name, weights):
        if weights is None:
            return get(name, weights=None)
        raise OSError("no network")

    monkeypatch.setattr(models, "get_model", offline)
    make = made("resnet34", IMAGES, pretrained=True)
    with pytest.raises(UsageError, match=r"resnet34 cannot be downloaded \(no network\)") as caught:
        make(weights="DEFAULT")
    assert "checkpoints/resnet34-b627a593.pth" in str(caught.value)
    assert make().fc.out_features == 7  # from scratch nothing is downloaded


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """A file under the name of torchvision's weights, where the library looks for it."""
    from torchvision import models

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("downloads"))
    path = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    path.parent.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(4)
        model = models.resnet18(weights=None)
        model.train()(torch.randn(4, 3, 64, 64))  # statistics of its own
    torch.save(model.state_dict(), path)
    trained.cache_clear()
    yield path
    trained.cache_clear()


def test_weights_are_loaded_as_the_library_itself_loads_them(cached):
    from torchvision import models

    library = models.resnet18(weights="DEFAULT").state_dict()
    train = (torch.zeros(9, 3, 64, 64), torch.arange(9) % 7)
    by_name = Experiment(
        model=made("resnet18", IMAGES, pretrained=True), train=train, head="fc",
        weights="DEFAULT",
    )  # fmt: skip
    by_file = Experiment(model=made("resnet18", IMAGES), train=train, head="fc", weights=cached)
    for experiment in (by_name, by_file):
        model = build_model(experiment, 0, torch.device("cpu"))
        assert model.fc.out_features == 7
        for name, value in model.state_dict().items():
            assert name.startswith("fc.") or torch.equal(value, library[name]), name
    scratch = build_model(by_name.with_params({"begin_from": "scratch"}), 0, torch.device("cpu"))
    assert not torch.equal(scratch.conv1.weight, library["conv1.weight"])


@pytest.mark.parametrize(
    ("name", "layer"),
    [("resnet18", "fc"), ("vgg11", "classifier.6"), ("squeezenet1_1", "classifier.1"),
     ("vit_b_16", "heads.head"), ("googlenet", "fc"), ("cnn", "15"), ("mlp", "7")],
)  # fmt: skip
def test_the_head_is_the_last_layer(name, layer):
    source = replace(IMAGES, shape=(3, 224, 224)) if name.startswith("vit") else IMAGES
    model = made(name, source)()
    assert last_layer(model) == layer
    with pytest.raises(UsageError, match="no linear layer"):
        last_layer(nn.ReLU())


def test_files_of_torchvision_are_known_by_their_name():
    assert is_torchvisions(Path("a/resnet18-f37072fd.pth"), "resnet18")
    assert not is_torchvisions(Path("a/resnet18-f37072fd.pth"), "resnet34")
    assert not is_torchvisions(Path("a/mine.pth"), "cnn")


def test_names_by_kind():
    assert model_names("images")[0] == "cnn"
    assert model_names("table") == ("mlp", "linear")
    assert model_names("text") == ("transformer",)
    assert {"resnet18", "vit_b_16", "convnext_tiny"} <= set(model_names("images"))
    with pytest.raises(UsageError, match="did you mean 'resnet18'"):
        made("resnet81", IMAGES)
    with pytest.raises(UsageError, match="model for table"):
        made("cnn", replace(IMAGES, kind="table"))
    with pytest.raises(UsageError, match="no pretrained weights"):
        made("mlp", IMAGES, pretrained=True)
