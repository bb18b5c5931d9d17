"""Edits of a user's file: each kind offers the change that mends it, and git takes the patch."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from faulty_files import HELD, SEEN

from recipe.core.evidence import Evidence
from recipe.patches.diff import unified
from recipe.patches.edits import candidates

HASHES = Path(__file__).with_name("held_out.sha256")


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("softmax_in_sequential", "last-activation", "nn.ReLU(), nn.Linear(32, 3))"),
        ("softmax_in_forward", "last-activation", "return x\n"),
        ("nll_on_logits", "usual-loss", "loss=F.cross_entropy"),
        ("gradients_kept", "clear-gradients", "optimizer.zero_grad()\n    loss.backward()"),
        ("negative_loss", "loss-sign", "targets: F.cross_entropy(outputs, targets)"),
        ("summed_loss", "mean-loss", 'reduction="mean"'),
        ("evaluation_mode", "training-mode", "model.train()"),
        ("constant_weights", "initialisation", "nn.init.kaiming_normal_(self.a.weight)"),
    ],
)
def test_the_edit_is_among_those_that_are_offered(name, kind, expected):
    text = SEEN[name][1]
    assert expected not in text
    assert any(expected in changed for changed in candidates(text, (kind,), Evidence()))


def test_a_block_that_would_be_empty_goes_with_its_line():
    text = SEEN["frozen"][1]
    (changed,) = candidates(text, ("unfreeze",), Evidence())
    assert "requires_grad" not in changed
    assert "for p in" not in changed
    compile(changed, "experiment.py", "exec")


def test_git_takes_the_patch_at_the_root_of_the_repository(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    file = tmp_path / "code" / "experiment.py"
    file.parent.mkdir()
    file.write_text("a = 1\nb = 2")
    (tmp_path / "fix.patch").write_text(unified(file, "a = 1\nb = 2", "a = 1\nb = 3"))
    subprocess.run(["git", "apply", "fix.patch"], cwd=tmp_path, check=True)
    assert file.read_text() == "a = 1\nb = 3"


def test_the_held_out_files_are_those_that_were_held_out():
    kept = dict(reversed(line.split()) for line in HASHES.read_text().splitlines())
    assert kept == {n: hashlib.sha256(t.encode()).hexdigest() for n, (_, t) in HELD.items()}
