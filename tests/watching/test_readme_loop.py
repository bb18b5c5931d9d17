"""The loop in README.md runs as it stands there, and says what it says there."""

import re
from pathlib import Path

import torch

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
SECTION = README.partition("## Your own loop\n")[2].partition("\n## ")[0]


def test_the_block_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    (block,) = re.findall(r"```python\n(.*?)```", SECTION, flags=re.DOTALL)
    exec(compile(block, "train.py", "exec"), {})  # noqa: S102 - it is ours
    said = capsys.readouterr().err.splitlines()
    shown, verdict = re.findall(
        r"```console\n\$ python train.py\n(.*?)```", SECTION, flags=re.DOTALL
    )[0].splitlines()
    assert said[0] == shown
    assert re.fullmatch(r"recipe: fail: reports/Sequential-\d+-\d+/report.md", said[-1])
    assert verdict.startswith("recipe: fail: reports/Sequential-")
    assert (tmp_path / said[-1].rpartition(" ")[2]).exists()
