import struct
from pathlib import Path

import pytest
import torch
from torchvision import datasets

from recipe.core.errors import UsageError
from recipe.sources import torchvision_set
from recipe.sources.torchvision_data import SETS, known_set

NOT_ONE_LABEL = {  # captions, boxes, masks, pairs, flow, stereo, video, and building blocks
    "LSUNClass", "ImageFolder", "DatasetFolder", "CocoCaptions", "CocoDetection", "MovingMNIST",
    "PhotoTour", "SBU", "Flickr8k", "Flickr30k", "VOCSegmentation", "VOCDetection", "Cityscapes",
    "WIDERFace", "SBDataset", "VisionDataset", "Kinetics", "HMDB51", "UCF101", "Kitti", "LFWPairs",
    "KittiFlow", "Sintel", "FlyingChairs", "FlyingThings3D", "HD1K", "Kitti2012Stereo",
    "Kitti2015Stereo", "CarlaStereo", "Middlebury2014Stereo", "CREStereo", "FallingThingsStereo",
    "SceneFlowStereo", "SintelStereo", "InStereo2k", "ETH3DStereo", "wrap_dataset_for_transforms_v2",
    "LSUN",  # 1 TB of databases that need another package
}  # fmt: skip


def test_every_classification_set_of_torchvision_has_a_name():
    assert {s.cls for s in SETS.values()} == set(datasets.__all__) - NOT_ONE_LABEL


@pytest.mark.parametrize("name", sorted(SETS))
def test_every_set_is_asked_in_its_own_words(name):
    """Its class takes the options of each part: offline it then says that files are missing."""
    import inspect

    chosen = SETS[name]
    cls = getattr(datasets, chosen.cls)
    known = {p for c in cls.__mro__[:-1] for p in inspect.signature(c.__init__).parameters}
    for part in (chosen.train, chosen.val, chosen.test):
        assert set(part or {}) <= known


def idx(path: Path, array: torch.Tensor) -> None:
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(head + array.to(torch.uint8).numpy().tobytes())


@pytest.fixture
def mnist(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, n in (("train", 60), ("t10k", 20)):
        torch.manual_seed(n)
        idx(raw / f"{part}-images-idx3-ubyte", torch.randint(0, 256, (n, 28, 28)))
        idx(raw / f"{part}-labels-idx1-ubyte", torch.arange(n) % 10)
    return tmp_path


@pytest.mark.parametrize("name", ["mnist", "MNIST"])
def test_a_set_that_lies_there_is_not_downloaded(mnist, name):
    data = torchvision_set(name, folder=mnist)
    assert (len(data.train), data.val, len(data.test)) == (60, 0.2, 20)
    assert (data.shape, data.outputs) == ((1, 28, 28), 10)
    x = torch.stack([item[0] for item in data.train])
    assert abs(x.mean()) < 0.01
    assert abs(x.std() - 1) < 0.02


def test_a_model_of_torchvision_gets_three_channels_of_grey(mnist):
    from recipe.sources.image_format import ImageFormat

    data = torchvision_set("mnist", ImageFormat(), folder=mnist)
    assert data.shape == (3, 28, 28)
    assert data.train[0][0].shape == (3, 28, 28)


def test_without_network_it_is_one_sentence(tmp_path, monkeypatch):
    from torchvision.datasets import utils

    def offline(*_, **__):
        raise OSError("no network")

    for name in ("_urlretrieve", "_get_redirect_url"):
        monkeypatch.setattr(utils, name, offline)
    with pytest.raises(UsageError, match=r"cifar10 is not in .* cannot be downloaded") as error:
        torchvision_set("cifar10", folder=tmp_path)
    assert "connect to the network" in str(error.value)


@pytest.mark.parametrize(
    ("name", "why"), [("imagenet", "download it externally"), ("fer2013", "does not download it")]
)
def test_what_torchvision_does_not_download_says_so(tmp_path, name, why):
    with pytest.raises(UsageError, match=why):
        torchvision_set(name, folder=tmp_path)


def test_names_are_found_however_they_are_spelled():
    assert known_set("Fashion-MNIST") == known_set("fashion_mnist") == "fashionmnist"
    assert known_set("nothing") is None
    with pytest.raises(UsageError, match="did you mean 'cifar10'"):
        torchvision_set("cifr10")
