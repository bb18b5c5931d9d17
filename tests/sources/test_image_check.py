import numpy as np
import pytest
from PIL import Image

from recipe.sources.image_check import look_at, look_at_all
from recipe.sources.image_rendering import span_of
from recipe.sources.image_twins import split_in_groups
from ugly_images import bars, picture


def test_several_processes_see_the_same(tmp_path, monkeypatch):
    bars(tmp_path, count=12)
    (tmp_path / "down" / "3.png").write_bytes(b"")
    paths = sorted(map(str, tmp_path.rglob("*.png")))
    alone = look_at_all(paths, thumbnails=True)
    monkeypatch.setattr("recipe.sources.image_check.PARALLEL_FROM", 4)
    monkeypatch.setattr("recipe.sources.image_check.PART", 5)
    monkeypatch.setattr("recipe.sources.image_check.cores", lambda: 2)
    assert look_at_all(paths, thumbnails=True) == alone
    assert [look.problem for look in alone].count("empty file") == 1


@pytest.mark.parametrize("thumbnail", [False, True])
def test_a_jpeg_is_told_by_its_end(tmp_path, thumbnail):
    path = tmp_path / "a.jpg"
    picture("down", 1, side=200).save(path)
    whole = path.read_bytes()
    assert look_at(str(path), thumbnail=thumbnail).size == (200, 200)
    path.write_bytes(whole + b"what a phone writes behind it")
    assert not look_at(str(path), thumbnail=thumbnail).problem
    path.write_bytes(whole[: len(whole) // 2])
    assert look_at(str(path), thumbnail=thumbnail).problem == "truncated file"


def test_broken_exif_is_no_reason_to_refuse_a_picture(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (20, 10)).save(path, exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\1" * 40)
    assert (look_at(str(path)).size, look_at(str(path)).problem) == ((20, 10), "")


@pytest.mark.parametrize(
    ("ends", "whole", "span"),
    [
        ([(5000.0, 43000.0)], True, (0, 65535)), ([(0.0, 4000.0)], True, (0, 4095)),
        ([(3.0, 1000.0), (0.0, 900.0)], True, (0, 1023)), ([(0.0, 255.0)], True, (0, 255)),
        ([(29000.0, 30500.0)], True, (29000, 30500)), ([(-1000.0, 2000.0)], True, (-1000, 2000)),
        ([(0.0, 0.98)], False, (0, 1)), ([(0.1, 250.0)], False, (0, 255)),
        ([(-5.0, -4.8)], False, (-5.0, -4.8)), ([(7.0, 7.0)], True, (7, 8)),
        ([None], True, (0, 65535)), ([], True, (0, 65535)),
    ],
)  # fmt: skip
def test_the_values_that_become_black_and_white(ends, whole, span):
    assert span_of(ends, whole=whole) == span


def test_groups_are_parted_by_class():
    groups = np.array([k // 2 for k in range(80)])
    labels = [k % 4 // 2 for k in range(80)]
    train, val = split_in_groups(groups, labels, 0.2, 0)
    assert sorted([*train, *val]) == list(range(80))
    assert not {*groups[train]} & {*groups[val]}
    assert [sum(labels[k] == c for k in val) for c in (0, 1)] == [8, 8]
    assert split_in_groups(groups, labels, 0.2, 0) == (train, val)
