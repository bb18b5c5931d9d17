import numpy as np
import pytest
import torch
from PIL import Image

from recipe.core.errors import UsageError
from recipe.sources import segmentation_folder
from recipe.sources.by_name import experiment_by_name, kind_of
from recipe.sources.inputs_json import InputsRecord
from recipe.sources.unet import UNet
from recipe.tasks import TASKS, Classification

RNG = np.random.default_rng(0)


def scene(size, values):
    """A dark image with a bright square, and the mask of the square."""
    height, width = size
    image, mask = RNG.integers(0, 60, (height, width, 3)), np.full((height, width), values[0])
    top, left = RNG.integers(0, height // 2), RNG.integers(0, width // 2)
    image[top : top + height // 3, left : left + width // 3] += 150
    mask[top : top + height // 3, left : left + width // 3] = values[-1]
    if len(values) > 2:
        mask[0, : len(values)] = values
    return image.astype(np.uint8), mask.astype(np.uint8)


def draw(folder, n=6, *, size=(16, 16), values=(0, 255), suffix="", palette=False):
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for index in range(n):
        image, mask = scene(size, values)
        Image.fromarray(image).save(folder / "images" / f"{index}.jpg")
        picture = Image.fromarray(mask)
        if palette:
            picture = picture.convert("P")
            picture.putdata(mask.flatten().tolist())
            picture.putpalette(RNG.integers(0, 255, 768).tolist())
        picture.save(folder / "masks" / f"{index}{suffix}.png")
    return folder


def test_black_and_white_masks_become_two_classes_with_a_note(tmp_path):
    source = segmentation_folder(draw(tmp_path, suffix="_mask"))
    assert (source.task, source.kind, source.outputs, source.shape) == (
        "segmentation", "segmentation", 2, (3, 16, 16))  # fmt: skip
    assert source.notes[1] == "Values of masks become classes: 0 is class 0, 255 is class 1."
    x, y = source.train[0]
    assert (x.shape, y.shape, y.dtype) == ((3, 16, 16), (16, 16), torch.int64)
    assert set(y.unique().tolist()) == {0, 1}
    assert x[:, y == 1].mean() > x[:, y == 0].mean()  # they lie on each other


@pytest.mark.parametrize("palette", [True, False])
def test_numbers_of_classes_and_pixels_that_do_not_count(tmp_path, palette):
    source = segmentation_folder(draw(tmp_path, values=(0, 1, 255, 2), palette=palette))
    assert source.classes == ("0", "1", "2")
    assert set(source.train[0][1].unique().tolist()) == {-100, 0, 1, 2}
    assert "Pixels of value 255 in masks do not count." in source.notes


def test_images_and_masks_are_cut_alike(tmp_path):
    source = segmentation_folder(draw(tmp_path, size=(100, 140)), size=32)
    for k in range(len(source.train)):
        x, y = source.train[k]
        assert (x.shape, y.shape) == ((3, 32, 32), (32, 32))
        assert set(y.unique().tolist()) <= {0, 1}
        if (y == 1).any():
            assert x[:, y == 1].mean() > x[:, y == 0].mean()


@pytest.mark.parametrize("inner", [True, False])
def test_parts_of_a_data_set(tmp_path, inner):
    for part, n in (("train", 5), ("val", 2), ("test", 3)):
        draw(tmp_path / part, n)
    if not inner:  # images/train beside masks/train
        for part in ("train", "val", "test"):
            for what in ("images", "masks"):
                (tmp_path / what).mkdir(exist_ok=True)
                (tmp_path / part / what).rename(tmp_path / what / part)
            (tmp_path / part).rmdir()
    assert kind_of(str(tmp_path)) == "segmentation"
    source = segmentation_folder(tmp_path)
    assert [len(part) for part in (source.train, source.val, source.test)] == [5, 2, 3]


def test_an_experiment_by_name(tmp_path, monkeypatch):
    monkeypatch.setitem(TASKS, "segmentation", TASKS.get("segmentation") or Classification())
    folder = draw(tmp_path / "squares")
    experiment, notes = experiment_by_name(str(folder))
    assert experiment.name == "squares-unet"
    assert notes[0].startswith(
        "Data squares: 6 training images with a mask each, 2 classes, 16 x 16"
    )
    x, _ = experiment.train[0]
    assert experiment.model()(x[None]).shape == (1, 2, 16, 16)
    experiment.inputs.write(tmp_path, experiment.model)
    kept = InputsRecord.read(tmp_path)
    assert kept == experiment.inputs
    assert kept.reader.read(folder / "images")[1].shape == (6, 3, 16, 16)
    with pytest.raises(UsageError, match="--augment is for images"):
        experiment_by_name(str(folder), augment="flip")
    with pytest.raises(UsageError, match="Unknown model for segmentation 'cnn'"):
        experiment_by_name(str(folder), model="cnn")


def spoil(folder, what):
    masks = folder / "masks"
    if what == "lonely image":
        (masks / "3.png").unlink()
    elif what == "lonely mask":
        (folder / "images" / "3.jpg").unlink()
    elif what == "size":
        Image.new("L", (9, 9)).save(masks / "3.png")
    elif what == "colours":
        Image.fromarray(RNG.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(masks / "3.png")
    elif what == "broken":
        (masks / "3.png").write_bytes(b"no image")
    elif what == "one value":
        for path in masks.iterdir():
            Image.new("L", (16, 16)).save(path)
    elif what == "lossy":
        for path in masks.iterdir():
            values = np.arange(256, dtype=np.uint8).reshape(16, 16)
            Image.fromarray(values).save(path)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("lonely image", r"1 image has no mask of the same name, such as '.*3\.jpg'"),
        ("lonely mask", r"1 mask has no image of the same name, such as '.*3\.png'"),
        ("size", r"3\.png' has 9 x 9 pixels, its image 16 x 16: give both one size"),
        ("colours", r"3\.png' holds colours \(RGB\): save the number of the class"),
        ("broken", r"1 of \d+ images cannot be read: '.*masks.*3\.png'"),
        ("one value", "hold 0 in every pixel"),
        ("lossy", "hold 256 different values: save the number of the class"),
    ],
)
def test_masks_that_cannot_be_used_are_one_sentence(tmp_path, what, says):
    spoil(draw(tmp_path), what)
    with pytest.raises(UsageError, match=says):
        segmentation_folder(tmp_path)


def test_a_value_that_training_lacks_is_one_sentence(tmp_path):
    draw(tmp_path / "train", values=(0, 1))
    draw(tmp_path / "val", values=(0, 7))
    with pytest.raises(UsageError, match="holds 7, which no training mask has"):
        segmentation_folder(tmp_path).val[0]


def test_no_masks_at_all(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(UsageError, match="no folders of images and of masks"):
        segmentation_folder(tmp_path)


@pytest.mark.parametrize("size", [(8, 8), (17, 30), (64, 48)])
def test_the_network_keeps_the_size_of_images(size):
    assert UNet((1, *size), 4)(torch.zeros(2, 1, *size)).shape == (2, 4, *size)
