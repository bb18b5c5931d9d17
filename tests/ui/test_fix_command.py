"""`recipe fix` as a user types it: the patch, what is written, and the exit code."""

import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.usefixtures("without_plots"), pytest.mark.slow]

SOUND = """\
import torch
from torch import nn
from tiny import blobs
from recipe import Experiment


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 16), nn.Linear(16, 16)])
        self.last = nn.Linear(16, 3)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.last(x)


experiment = Experiment(model=Net, train=blobs(), batch_size=32, epochs=6, lr=0.05)
"""
BROKEN = SOUND.replace("nn.ModuleList([nn.Linear(2, 16), nn.Linear(16, 16)])",
                       "[nn.Linear(2, 16), nn.Linear(16, 16)]").replace(
    "return self.last(x)", "return torch.softmax(self.last(x), 1)")  # fmt: skip
SHORT = ("--until", "lr_range", "--no-input", "--device", "cpu")


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    path = Path("net.py")
    path.write_text(BROKEN)
    return path


def test_two_faults_are_patched_and_the_code_is_that_of_the_declared_experiment(recipe, file):
    code, out, _ = recipe("fix", str(file), *SHORT)
    assert code == 1
    assert file.read_text() == BROKEN
    (patch,) = Path("reports").glob("*/fix.patch")
    assert "Your file is unchanged. To apply the patch" in out
    assert "nn.ModuleList(" in patch.read_text()
    assert "## Patch of your file" in (patch.parent / "report.md").read_text()
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "apply", str(patch)], check=True)
    code, out, _ = recipe("check", str(file), "--device", "cpu")
    assert code == 0, out


def test_diff_prints_the_patch_alone_and_writes_nothing(recipe, file):
    code, out, err = recipe("fix", str(file), "--diff", *SHORT)
    assert code == 1
    assert out.startswith("--- a/net.py\n+++ b/net.py\n")
    assert "Looking for" in err
    assert "Report:" not in err  # its folder is gone
    assert [path.name for path in Path().iterdir() if path.name != "__pycache__"] == ["net.py"]
    assert file.read_text() == BROKEN


def test_apply_writes_the_patched_file(recipe, file):
    recipe("fix", str(file), "--apply", *SHORT)
    assert "nn.ModuleList(" in file.read_text()
    assert "softmax" not in file.read_text()


def test_faults_in_files_that_are_imported_are_patched_there(recipe, file):
    body, _, experiment = BROKEN.partition("experiment = ")
    body = body.replace("from tiny import blobs\n", "")
    first, _, second = body.partition("class Net")
    Path("parts").mkdir()
    Path("parts/__init__.py").write_text("")
    (Path("parts") / "net.py").write_text(f"{first}class Net{second}")
    declared = "from parts.net import Net\nfrom tiny import blobs\nfrom recipe import Experiment\n"
    main = Path("main.py")
    main.write_text(f"{declared}\nexperiment = {experiment}")
    code, *_ = recipe("fix", str(main), *SHORT)
    assert code == 1
    (patch,) = Path("reports").glob("*/fix.patch")
    text = patch.read_text()
    assert "--- a/parts/net.py" in text
    assert "a/main.py" not in text
    assert "softmax" in (Path("parts") / "net.py").read_text()
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "apply", str(patch)], check=True)
    repaired = (Path("parts") / "net.py").read_text()
    assert "nn.ModuleList(" in repaired
    assert "softmax" not in repaired


def test_where_nothing_is_wrong_there_is_no_patch(recipe, file):
    file.write_text(SOUND)
    code, out, _ = recipe("fix", str(file), *SHORT)
    assert code == 0
    assert "Patch:" not in out
    assert not list(Path("reports").glob("*/fix.patch"))


def test_diff_and_apply_together_are_refused(recipe, file):
    code, _, err = recipe("fix", str(file), "--diff", "--apply")
    assert code == 2
    assert "name one of them" in err
