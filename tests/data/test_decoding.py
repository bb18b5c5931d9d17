import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Subset
from torchvision import transforms as v1
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from image_data import PIPELINES, Many, one_by_one
from recipe.core.errors import UsageError
from recipe.data import decoding as module
from recipe.data import transforms
from recipe.data.decoding import PARALLEL_FROM, decode
from recipe.data.single_items import item, probe_indices
from recipe.data.transforms import _load_jpeg, _load_rgb, split_transform


def split(dataset):
    return split_transform(
        dataset, "train", [item(dataset, i, "train") for i in probe_indices(len(dataset))]
    )


@pytest.mark.parametrize("name", PIPELINES)
def test_a_transform_taken_apart_gives_the_same_values(folder, name):
    dataset = ImageFolder(str(folder), PIPELINES[name])
    assert split(dataset) is not None
    x, y = decode(dataset, "train")
    expected_x, expected_y = one_by_one(dataset)
    assert x.dtype == expected_x.dtype
    assert torch.equal(x, expected_x.as_subclass(torch.Tensor))
    assert torch.equal(y, expected_y)
    assert dataset.transform is PIPELINES[name]  # the user's own is left alone


KINDS = {
    "rgb.jpg": ("RGB", {"quality": 80}),
    "finer.jpeg": ("RGB", {"subsampling": 0, "progressive": True}),
    "gray.jpg": ("L", {}),
    "cmyk.jpg": ("CMYK", {}),
    "rgb.PNG": ("RGB", {}),
    "alpha.png": ("RGBA", {}),
    "palette.png": ("P", {"transparency": 3}),
    "deep.png": ("I;16", {}),
    "other.bmp": ("RGB", {}),
}


@pytest.fixture
def kinds(tmp_path):
    (tmp_path / "a").mkdir()
    pixels = np.random.default_rng(1).integers(0, 256, (20, 24, 3), dtype=np.uint8)
    for name, (mode, options) in KINDS.items():
        image = Image.fromarray(pixels)
        if mode == "I;16":
            image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 200)
        else:
            image = image.convert(mode)
        image.save(tmp_path / "a" / name, **options)
    return tmp_path


def test_every_kind_of_image_is_read_as_pil_reads_it(kinds):
    dataset = ImageFolder(str(kinds), PIPELINES["bytes"])
    assert split(dataset) is not None
    assert torch.equal(decode(dataset, "train")[0], one_by_one(dataset)[0])


@pytest.fixture
def jpegs(tmp_path):
    source = np.random.default_rng(2)
    for i in range(40):
        (tmp_path / f"class{i % 2}").mkdir(exist_ok=True)
        image = Image.fromarray(source.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        image.save(tmp_path / f"class{i % 2}" / f"{i:03d}.jpg")
    return tmp_path


def counted(monkeypatch):
    """How many images each call of torchvision's decoder is given; 1 where it gets no list."""
    calls, usual = [], transforms._jpeg_decoder()

    def decoder(content):
        calls.append(len(content) if isinstance(content, list) else 1)
        return usual(content)

    monkeypatch.setattr(transforms, "_jpeg_decoder", lambda: decoder)
    return calls


@pytest.mark.parametrize("part", [None, [7, 3, 3, 21, 39]])
def test_jpegs_are_decoded_many_at_a_time(jpegs, monkeypatch, part):
    calls = counted(monkeypatch)
    dataset = ImageFolder(str(jpegs), PIPELINES["v2"])
    dataset = dataset if part is None else Subset(dataset, part)
    x, y = decode(dataset, "train")
    expected_x, expected_y = one_by_one(dataset)
    assert torch.equal(x, expected_x.as_subclass(torch.Tensor))
    assert torch.equal(y, expected_y)
    assert calls[-1] == len(dataset)


def test_one_that_is_gray_among_many_is_read_as_pil_reads_it(jpegs, monkeypatch):
    path = jpegs / "class1" / "017.jpg"
    Image.open(path).convert("L").save(path)
    calls = counted(monkeypatch)
    dataset = ImageFolder(str(jpegs), PIPELINES["v2"])
    x, _ = decode(dataset, "train")
    assert torch.equal(x, one_by_one(dataset)[0].as_subclass(torch.Tensor))
    assert calls[-len(dataset) :] == [1] * len(dataset)


def test_a_folder_that_changes_its_labels_is_read_item_by_item(jpegs, monkeypatch):
    calls = counted(monkeypatch)
    dataset = ImageFolder(str(jpegs), PIPELINES["v2"], target_transform=lambda y: 1 - y)
    assert torch.equal(decode(dataset, "train")[1], one_by_one(dataset)[1])
    assert set(calls) == {1}


def test_one_broken_file_among_many_is_named(jpegs):
    dataset = ImageFolder(str(jpegs), PIPELINES["v2"])
    broken = jpegs / "class1" / "broken.jpg"
    broken.write_bytes(Path(dataset.samples[0][0]).read_bytes()[:-200])
    dataset.samples *= 10
    index = 5
    dataset.samples[index] = (str(broken), 1)
    assert index not in probe_indices(len(dataset))
    with pytest.raises(UsageError, match=rf"train\[{index}\] raised OSError"):
        decode(dataset, "train")


class Doubled(ImageFolder):
    """An item as this class gives it, though it offers others by `__getitems__`."""

    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return 2 * x, y

    def __getitems__(self, indices):
        return [(torch.zeros(3, 8, 8), 0) for _ in indices]


@pytest.mark.parametrize("transform", PIPELINES)
def test_items_are_those_of_getitem_whatever_else_a_data_set_offers(folder, transform):
    dataset = Doubled(str(folder), PIPELINES["v1" if transform == "resized" else transform])
    x, _ = decode(dataset, "train")
    assert torch.equal(x, one_by_one(dataset)[0].as_subclass(torch.Tensor))


def test_without_torchvisions_decoder_pillow_reads_them(kinds, monkeypatch):
    monkeypatch.setattr(transforms, "_jpeg_decoder", lambda: None)
    dataset = ImageFolder(str(kinds), PIPELINES["bytes"])
    assert split(dataset)[0].loader is _load_rgb
    assert torch.equal(decode(dataset, "train")[0], one_by_one(dataset)[0])


def test_a_step_before_the_conversion_gets_pillows_image(kinds):
    def dark(image):
        assert isinstance(image, Image.Image)
        return image.convert("RGB").point(lambda value: value // 2)

    dataset = ImageFolder(str(kinds), v1.Compose([v1.Lambda(dark), v1.ToTensor()]))
    assert split(dataset)[0].loader is _load_rgb
    assert torch.equal(decode(dataset, "train")[0], one_by_one(dataset)[0])


def test_a_loader_of_ones_own_is_called(kinds):
    def dark(path):
        return Image.open(path).convert("RGB").point(lambda value: value // 2)

    usual = ImageFolder(str(kinds), PIPELINES["v1"])
    own = ImageFolder(str(kinds), PIPELINES["v1"], loader=dark)
    assert split(usual)[0].folder.loader is _load_jpeg
    assert split(own)[0].loader is dark
    assert torch.equal(decode(own, "train")[0], one_by_one(own)[0])


@pytest.mark.parametrize("name", ["rgb.jpg", "rgb.PNG"])
def test_a_cut_off_image_is_complained_about(kinds, name):
    path = kinds / "a" / name
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UsageError, match=r"train\[\d\] raised OSError: .*truncated"):
        decode(ImageFolder(str(kinds), PIPELINES["v1"]), "train")


def test_a_subset_is_taken_apart_too(folder):
    subset = Subset(ImageFolder(str(folder), PIPELINES["v1"]), [3, 1, 30])
    assert split(subset) is not None
    assert torch.equal(decode(subset, "train")[0], one_by_one(subset)[0])


@pytest.mark.parametrize(
    "transform",
    [
        v1.Compose([v1.ToTensor(), v1.Lambda(lambda x: x - x.mean())]),  # of one image, or of all
        v1.Compose([v1.ToTensor(), v1.Lambda(lambda x: x[0])]),
        v1.Lambda(lambda image: torch.from_numpy(np.array(image)).float()),
        lambda image: torch.from_numpy(np.array(image)),
    ],
)
def test_a_transform_that_wants_one_image_gets_one(folder, transform):
    dataset = ImageFolder(str(folder), transform)
    assert split(dataset) is None
    assert torch.equal(decode(dataset, "train")[0], one_by_one(dataset)[0])


def test_children_read_in_order_and_progress_reaches_the_end():
    told = []
    x, y = decode(Many(), "train", lambda *of: told.append(of))
    assert x[:, 0].tolist() == list(range(PARALLEL_FROM + 5))
    assert y.tolist() == [i % 7 for i in range(PARALLEL_FROM + 5)]
    assert told[-1] == (PARALLEL_FROM + 5, PARALLEL_FROM + 5, "decoding train")
    assert [done for done, *_ in told] == sorted(done for done, *_ in told)


def test_a_reader_that_was_killed_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "cores", lambda: 2)
    parent = os.getpid()

    def make(i):
        if i == 700 and os.getpid() != parent and not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            os.kill(os.getpid(), 9)
        return torch.tensor([float(i)]), 0

    assert decode(Many(make=make), "train")[0][:, 0].tolist() == list(range(PARALLEL_FROM + 5))
    assert (tmp_path / "died").exists()


def test_a_reader_that_is_killed_again_is_said(monkeypatch):
    monkeypatch.setattr(module, "cores", lambda: 2)
    parent = os.getpid()

    def make(i):
        if i == 700 and os.getpid() != parent:
            os.kill(os.getpid(), 9)
        return torch.tensor([float(i)]), 0

    with pytest.raises(UsageError, match=r"train\[512:768\] failed twice.*killed by SIGKILL"):
        decode(Many(make=make), "train")


def test_numbers_that_start_as_whole_ones_keep_their_fractions():
    targets = [0, 0.5, 1.75, 2]
    _, y = decode(Many(4, lambda i: (torch.zeros(1), targets[i])), "train")
    assert y.tolist() == targets


def test_a_type_that_turns_up_late_is_said():
    def make(i):
        return torch.zeros(1), 0.5 if i == 101 else 0

    with pytest.raises(UsageError, match=r"targets of train are torch.int64.*torch.float32"):
        decode(Many(1000, make), "train")


def test_a_late_image_of_another_size_is_resized_by_the_users_own_transform(tmp_path):
    (tmp_path / "a").mkdir()
    for i in range(400):
        size = 9 if i == 201 else 8
        Image.new("RGB", (size, size), (i % 256, 0, 0)).save(tmp_path / "a" / f"{i:03d}.png")
    pipeline = v2.Compose([v2.ToImage(), v2.Resize((6, 6)), v2.ToDtype(torch.float32, scale=True)])
    dataset = ImageFolder(str(tmp_path), pipeline)
    assert split(dataset) is not None  # on the sample
    assert torch.equal(
        decode(dataset, "train")[0], one_by_one(dataset)[0].as_subclass(torch.Tensor)
    )
