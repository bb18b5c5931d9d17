"""Pretrained weights through the command line: from torchvision's file to answers of the model."""

import csv
import io
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from recipe.notebook.run_folder import read_result


def command(*args, home):
    env = {**os.environ, "TORCH_HOME": str(home), "OMP_NUM_THREADS": "1",
           "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}  # fmt: skip
    given = [sys.executable, "-m", "recipe", *map(str, args)]
    return subprocess.run(given, capture_output=True, text=True, env=env, check=False)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Stripes that run down, and stripes that run across."""
    folder = tmp_path_factory.mktemp("photos")
    source = np.random.default_rng(0)
    for name in ("across", "down"):
        (folder / name).mkdir()
        for index in range(24):
            wave = np.sin(np.arange(32) * 0.8 + source.uniform(0, 6)) * 100 + 128
            pixels = np.broadcast_to(wave, (32, 32)).astype(np.uint8)
            pixels = pixels.T if name == "across" else pixels
            noise = source.integers(-9, 9, (32, 32, 3))
            image = np.clip(pixels[..., None] + noise, 0, 255).astype(np.uint8)
            Image.fromarray(image).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where torchvision looks for weights before it downloads them."""
    from torchvision import models

    home = tmp_path_factory.mktemp("torch")
    (home / "hub" / "checkpoints").mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = models.resnet18(weights=None)
        model.train()(torch.randn(8, 3, 64, 64))
    torch.save(model.state_dict(), home / "hub" / "checkpoints" / "resnet18-f37072fd.pth")
    return home


NAMED = ("--model", "resnet18", "--pretrained", "--image-size", "32")


@pytest.mark.slow
def test_from_the_weights_of_torchvision_to_answers(photos, home, tmp_path):
    given = ("--data", photos, *NAMED, "--budget", "12epochs", "--epochs", "1", "--no-input")
    short = ("--until", "transfer", "--verify-budget", "off", "--out", tmp_path / "out")
    done = command("run", *given, *short, home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / "out").glob("photos*")
    result = read_result(folder)
    step = result.step("transfer")
    assert step.evidence.text("head") == "fc"
    assert step.evidence.number("drawn_share") == 0
    assert {f.rule for f in step.findings} <= {"transfer-advice", "features-do-not-transfer"}
    shutil.rmtree(home)  # answers need neither the weights that it began with nor its data
    images = tmp_path / "new"
    shutil.copytree(photos / "down", images)
    answered = command("predict", folder, images, home=home)
    assert answered.returncode == 0, answered.stderr
    rows = list(csv.DictReader(io.StringIO(answered.stdout)))
    assert len(rows) == 24
    right = sum(row["answer"] == "down" for row in rows)
    assert right >= 24 * result.best.val_score * 0.6


@pytest.mark.slow
def test_weights_that_cannot_be_downloaded_are_one_sentence(photos, tmp_path):
    done = command("run", "--data", photos, *NAMED, "--out", tmp_path, home=tmp_path / "empty")
    assert done.returncode == 2
    assert done.stderr.count("\n") <= 3
    for said in ("The weights of resnet18 cannot be downloaded", "connect to the network",
                 "resnet18-f37072fd.pth", "leave out --pretrained"):  # fmt: skip
        assert said in " ".join(done.stderr.split())
