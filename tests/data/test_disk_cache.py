"""Data that does not fit into memory."""

import os
import subprocess
import sys

import pytest
import torch
from PIL import Image
from torchvision import transforms as v1
from torchvision.datasets import ImageFolder

from children import start
from image_data import PIPELINES, Many, one_by_one
from recipe.core.errors import UsageError
from recipe.data import disk_cache
from recipe.data.decoding import decode


class Mapped:
    """A data set that is too large for memory, as far as `decode` knows."""

    @pytest.fixture(autouse=True)
    def _little_memory(self, monkeypatch, tmp_path):
        monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(disk_cache, "free_memory", lambda _: 1000)
        self.cache = tmp_path / "cache" / "data"


class TestReadBySeveral:
    """Data that would fit into memory, where other processes of the machine read them too."""

    @pytest.fixture(autouse=True)
    def _own_cache(self, monkeypatch, tmp_path):
        monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "cache"))

    def test_files_are_decoded_once(self, folder):
        told = []

        def read():
            dataset = ImageFolder(str(folder), PIPELINES["v1"])
            return decode(dataset, "train", lambda *of: told.append(of))

        alone = read()
        assert told
        with disk_cache.read_by_several():
            first = read()
            told.clear()
            again = read()
        assert not told
        for one, other in zip(alone, again, strict=True):
            assert torch.equal(one, other)
        assert torch.equal(first[0], again[0])

    def test_what_names_no_files_stays_in_memory(self, tmp_path):
        with disk_cache.read_by_several():
            decode(Many(), "train")
        assert not (tmp_path / "cache").exists()


class TestMapped(Mapped):
    def test_it_is_the_same_from_a_file(self, folder):
        dataset = ImageFolder(str(folder), PIPELINES["v2"])
        x, y = decode(dataset, "train")
        expected_x, expected_y = one_by_one(dataset)
        assert torch.equal(x, expected_x.as_subclass(torch.Tensor))
        assert torch.equal(y, expected_y)
        assert [p.suffix for p in self.cache.iterdir() if p.is_dir()] == [""]

    def test_the_next_run_reads_no_image(self, folder):
        first, _ = decode(ImageFolder(str(folder), PIPELINES["v1"]), "train")
        told = []
        again, _ = decode(
            ImageFolder(str(folder), PIPELINES["v1"]), "train", lambda *of: told.append(of)
        )
        assert torch.equal(first, again)
        assert not told

    def test_writing_to_it_reaches_no_other_run(self, folder):
        x, _ = decode(ImageFolder(str(folder), PIPELINES["v1"]), "train")
        before = x.clone()
        x.zero_()
        again, _ = decode(ImageFolder(str(folder), PIPELINES["v1"]), "train")
        assert torch.equal(again, before)

    def test_a_changed_source_is_read_anew(self, tmp_path):
        root = tmp_path / "own"
        (root / "a").mkdir(parents=True)
        for i in range(50):
            Image.new("RGB", (4, 4), (i, 0, 0)).save(root / "a" / f"{i:02d}.png")
        first, _ = decode(ImageFolder(str(root), v1.ToTensor()), "train")
        Image.new("RGB", (4, 4), (255, 255, 255)).save(root / "a" / "11.png")
        second, _ = decode(ImageFolder(str(root), v1.ToTensor()), "train")
        assert second[11].min() == 1 > first[11].max()

    def test_a_build_that_was_interrupted_leaves_nothing_that_counts(self, folder):
        dataset = ImageFolder(str(folder), PIPELINES["v1"])

        def stop(*_):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            decode(dataset, "train", stop)
        assert not [p for p in self.cache.iterdir() if p.is_dir()]
        assert torch.equal(decode(dataset, "train")[0], one_by_one(dataset)[0])

    def test_a_full_disk_is_said(self, folder, monkeypatch):
        usage = type("Usage", (), {"free": 10})
        monkeypatch.setattr(disk_cache.shutil, "disk_usage", lambda _: usage)
        with pytest.raises(UsageError, match=r"train takes 0.0 GB.*RECIPE_CACHE"):
            decode(ImageFolder(str(folder), PIPELINES["v1"]), "train")
        with pytest.raises(UsageError, match=r"val takes 0.0 GB.*RECIPE_CACHE"):
            disk_cache.select_rows(torch.zeros(1000), torch.arange(999), "val")

    def test_what_names_no_files_is_read_by_every_run(self):
        values = list(range(50))
        source = Many(50, lambda i: (torch.tensor([float(values[i])]), 0))
        assert decode(source, "train")[0][33] == 33
        values[33] = -1
        assert decode(source, "train")[0][33] == -1
        assert not list(self.cache.iterdir())

    def test_a_fraction_of_it_is_cut_off_in_files_too(self, folder, monkeypatch):
        from recipe import Experiment
        from recipe.data.splitting import load_splits

        taken = []
        monkeypatch.setattr(
            disk_cache, "unnamed_file",
            lambda _, shape, dtype: taken.append(shape) or torch.empty(shape, dtype=dtype),
        )  # fmt: skip
        declared = Experiment(
            model=torch.nn.Identity, train=ImageFolder(str(folder), PIPELINES["v1"]), val=0.25
        )
        splits = load_splits(declared, torch.device("cpu"), 0)
        assert [shape[0] for shape in taken] == [30, 10]
        whole, _ = one_by_one(declared.train)
        both = torch.cat([splits.train.x, splits.val.x])
        assert torch.equal(both.flatten(1).sum(1).sort()[0], whole.flatten(1).sum(1).sort()[0])


TWICE = """
import sys, torch
from torchvision.datasets import ImageFolder
from torchvision.transforms import ToTensor
from recipe.data import decoding as module, disk_cache
disk_cache.free_memory = lambda _: 1000
told = []
x, _ = module.decode(ImageFolder(sys.argv[1], ToTensor()), "train", lambda *of: told.append(of))
print(len(told) > 0, x.sum().item())
"""


@pytest.mark.slow
def test_two_runs_that_build_at_once_build_once(folder, tmp_path):
    environment = {**os.environ, "RECIPE_CACHE": str(tmp_path)}
    started = [
        start([sys.executable, "-c", TWICE, str(folder)], env=environment,
              stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    lines = [process.communicate(timeout=120)[0].split() for process in started]
    assert all(process.returncode == 0 for process in started)
    assert sorted(built for built, _ in lines) == ["False", "True"]
    assert lines[0][1] == lines[1][1]


DAMAGE = {
    "zeros, as a power cut leaves them": lambda path: path.write_bytes(b"\0" * path.stat().st_size),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "longer": lambda path: os.truncate(path, path.stat().st_size + 1),
    "missing": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "one bit": lambda path: path.write_bytes(
        bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]
    ),
}


class TestDamaged(Mapped):
    @pytest.mark.parametrize("what", ["x", "y", disk_cache.COMPLETE])
    @pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
    def test_what_is_not_what_was_written_is_built_anew(self, folder, damage, what):
        dataset = ImageFolder(str(folder), PIPELINES["v1"])
        first = [part.clone() for part in decode(dataset, "train")]
        (built,) = [path for path in self.cache.iterdir() if path.is_dir()]
        damage(built / what)
        again = decode(dataset, "train")
        assert all(map(torch.equal, first, again))
        told = []
        assert torch.equal(decode(dataset, "train", lambda *of: told.append(of))[0], first[0])
        assert not told

    def test_a_cache_of_an_earlier_version_is_built_anew(self, folder):
        dataset = ImageFolder(str(folder), PIPELINES["v1"])
        first, _ = decode(dataset, "train")
        (built,) = [path for path in self.cache.iterdir() if path.is_dir()]
        (built / disk_cache.COMPLETE).write_text('{"items": 40}')
        assert torch.equal(decode(dataset, "train")[0], first)

    def test_of_a_large_file_evenly_spaced_pieces_are_summed(self, tmp_path, monkeypatch):
        monkeypatch.setattr(disk_cache, "PIECE", 4)
        monkeypatch.setattr(disk_cache, "SUMMED", 16)
        file = tmp_path / "x"
        sums = set()
        for place in range(0, 160, 40):  # the pieces begin there
            content = bytearray(160)
            content[place] = 1
            file.write_bytes(content)
            sums.add(disk_cache._sum_of(file))
        assert len(sums) == 4
