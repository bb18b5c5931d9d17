import sys

import pytest
import torch

from recipe.core.errors import UsageError
from recipe.sources.by_name import experiment_by_name
from recipe.sources.inputs_json import InputsRecord
from recipe.sources.models_by_name import factory, image_format_of


@pytest.fixture
def timm():
    return pytest.importorskip("timm")


def test_a_model_of_timm_is_trained_by_name(tmp_path, draw, timm):
    folder = draw(tmp_path / "photos", size=(32, 32), cat=4, dog=4)
    experiment, _ = experiment_by_name(str(folder), model="timm:resnet18")
    assert experiment.name == "photos-resnet18"
    assert experiment.optimizer == "adamw"
    x, _ = experiment.train[0]
    assert experiment.model().eval()(x[None]).shape == (1, 2)
    experiment.inputs.write(tmp_path, experiment.model)
    assert InputsRecord.read(tmp_path).model == "timm:resnet18"


def test_a_transformer_takes_images_of_another_size(timm):
    look = image_format_of("timm:vit_tiny_patch16_224", 32, pretrained=False)
    assert look.size == 32
    assert image_format_of("timm:vit_tiny_patch16_224", None, pretrained=False).size == 224
    model = factory("timm:vit_tiny_patch16_224", "images", (3, 32, 32), 5)()
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 5)


def test_pretrained_weights_have_their_own_size_and_scale(timm):
    look = image_format_of("timm:vit_tiny_patch16_224", None, pretrained=True)
    assert (look.size, look.mean) == (224, (0.5, 0.5, 0.5))
    with pytest.raises(UsageError, match="are for images of 224 pixels, image_size is 64"):
        image_format_of("timm:vit_tiny_patch16_224", 64, pretrained=True)


def test_weights_are_asked_of_timm(monkeypatch, timm):
    asked = {}
    monkeypatch.setattr(timm, "create_model", lambda name, **given: asked.update(given, name=name))
    factory("timm:resnet18", "images", (1, 32, 32), 3, pretrained=True)(weights="DEFAULT")
    assert asked == {"name": "resnet18", "pretrained": True, "num_classes": 3, "in_chans": 1}


def test_weights_that_cannot_be_loaded_are_one_sentence(tmp_path, draw, monkeypatch, timm):
    def refused(*_, **__):
        raise OSError("no network\nat all")

    monkeypatch.setattr(timm, "create_model", refused)
    folder = draw(tmp_path / "photos", size=(32, 32), cat=4, dog=4)
    with pytest.raises(UsageError, match=r"timm:resnet18 cannot be loaded \(no network at all\)"):
        experiment_by_name(str(folder), model="timm:resnet18", pretrained=True)


def test_an_unknown_model_and_other_data_are_one_sentence(tmp_path, draw, timm):
    folder = draw(tmp_path / "photos", size=(32, 32), cat=4, dog=4)
    with pytest.raises(UsageError, match="Unknown model 'timm:resnet19': did you mean 'timm:resn"):
        experiment_by_name(str(folder), model="timm:resnet19")
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 9)
    with pytest.raises(UsageError, match="timm:resnet18 is a model for images, the data are table"):
        experiment_by_name(str(tmp_path / "t.csv"), target="b", model="timm:resnet18")


def test_a_missing_library_is_one_sentence(tmp_path, draw, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    folder = draw(tmp_path / "photos", size=(32, 32), cat=4, dog=4)
    with pytest.raises(
        UsageError, match=r"needs the package 'timm': pip install 'training-recipe\[timm\]'"
    ):
        experiment_by_name(str(folder), model="timm:resnet18")
