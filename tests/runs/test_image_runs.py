"""Runs on folders of images as people have them, and answers for images as ugly."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from recipe.core.exit_codes import USAGE
from ugly_images import bars, picture

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_plots")]
PASS = 0
SHORT = ("--no-input", "--epochs", "4", "--model", "linear", "--skip", "learning_curves")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def turned(image, path, k):
    tag = Image.Exif()
    if k % 2:
        tag[0x0112] = 6
        image = image.transpose(Image.Transpose.ROTATE_90)
    image.save(path, quality=95, exif=tag)


def in_16_bits(image, path, _):
    Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 150 + 5000).save(path)


def run_of(here):
    (result,) = (here / "reports").glob("*/result.json")
    return result.parent


def answers(out):
    return {row["item"]: row["answer"] for row in csv.DictReader(io.StringIO(out))}


@pytest.mark.parametrize(("save", "suffix"), [(turned, "jpg"), (in_16_bits, "png")])
def test_ugly_images_are_learnt_and_answered_alike(here, recipe, save, suffix):
    bars(here / "data", save, suffix, count=30)
    code, _, err = recipe("run", "--data", "data", "--epochs", "20", "--no-input", "--model", "cnn",
                          "--until", "refine_grid")  # fmt: skip
    assert code == PASS, err
    new = bars(here / "new", save, suffix, count=6, first=40)
    code, out, err = recipe("predict", run_of(here), "new")
    assert code == PASS, err
    found = answers(out)
    assert len(found) == 12
    assert sum(name.split("/")[-2] == answer for name, answer in found.items()) >= 11
    some = sorted(map(str, new.rglob(f"*.{suffix}")))[:3]
    code, out, _ = recipe("predict", run_of(here), *some)
    assert answers(out) == {name: found[name.removeprefix(f"{here}/")] for name in some}


def test_broken_images_are_told_and_left_out(here, recipe):
    bars(here / "data", count=30)
    broken = [here / "data" / "down" / f"{k}.png" for k in range(10)]
    for path in broken:
        path.write_bytes(b"")
    code, _, err = recipe("run", "--data", "data", *SHORT)
    assert code == USAGE
    assert "10 of 60 images cannot be read" in err
    assert all(path.name in err for path in broken)
    code, out, err = recipe("run", "--data", "data", *SHORT, "--skip-unreadable", "--until",
                            "inspect")  # fmt: skip
    assert code == PASS, err
    assert "10 of 60 images cannot be read and are left out" in out + err
    assert "skip_unreadable = true" in (run_of(here) / "recipe.toml").read_text("utf-8")
    code, _, err = recipe("predict", run_of(here), "data")
    assert code == USAGE


def test_an_unlabelled_test_folder_is_for_predict(here, recipe):
    bars(here / "data" / "train", count=30)
    (here / "data" / "test").mkdir()
    for k in range(4):
        picture("down", 50 + k).save(here / "data" / "test" / f"{k}.png")
    code, out, err = recipe("run", "--data", "data", *SHORT, "--until", "refine_grid")
    assert code == PASS, err
    assert "is no test data: recipe predict answers for it" in out + err
    code, out, _ = recipe("predict", run_of(here), "data/test")
    assert (code, len(answers(out))) == (PASS, 4)


def test_answers_skip_what_cannot_be_read(here, recipe):
    bars(here / "data", count=30)
    code, _, err = recipe("run", "--data", "data", *SHORT, "--until", "refine_grid")
    assert code == PASS, err
    new = bars(here / "new", count=4, first=40)
    (new / "down" / "41.png").write_bytes(b"\x89PNG")
    (new / "down" / "._42.png").write_bytes(b"")
    (new / "down" / "notes.txt").write_text("..")
    code, out, err = recipe("predict", run_of(here), "new")
    assert (code, len(answers(out))) == (PASS, 8)
    assert "41.png,,," in out  # a row with its reason
    assert "cannot be read:" in out
    code, out, err = recipe("predict", run_of(here), "new", "--skip-unreadable")
    assert (code, len(answers(out))) == (PASS, 7)
    assert "are left out" in err
    assert "1 file is no image" in err


def test_a_small_folder_keeps_its_budget(here, recipe):
    """An epoch is one iteration here: the range test asks for more than a whole training takes."""
    bars(here / "data", count=32)
    code, _, err = recipe("run", "--data", "data", "--epochs", "6", "--budget", "30s",
                          "--no-input")  # fmt: skip
    assert code == PASS, err
    result = json.loads((run_of(here) / "result.json").read_text("utf-8"))
    (found,) = (s["evidence"]["scalars"] for s in result["steps"] if s["name"] == "lr_range")
    assert found["works"]
    assert result["cost"]["seconds"] < 90
