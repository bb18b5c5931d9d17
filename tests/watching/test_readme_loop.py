"""The loops in README.md and docs/watch.md run as they stand there."""

import re
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
README, PAGE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "docs/watch.md"))


def blocks(text):
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def test_the_loop_of_the_page_says_what_stands_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    (block,) = blocks(PAGE)
    exec(compile(block, "train.py", "exec"), {})  # noqa: S102 - it is ours
    said = capsys.readouterr().err.splitlines()
    shown, verdict = re.findall(r"```console\n\$ python train.py\n(.*?)```", PAGE, flags=re.DOTALL)[
        0
    ].splitlines()
    assert said[0] == shown
    assert re.fullmatch(r"recipe: fail: reports/Sequential-\d+-\d+/report.md", said[-1])
    assert verdict.startswith("recipe: fail: reports/Sequential-")
    assert (tmp_path / said[-1].rpartition(" ")[2]).exists()


def test_the_loop_of_the_first_page_goes_on_from_the_experiment_above(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    experiment, loop = blocks(README)[:2]
    exec(compile(experiment + loop, "train.py", "exec"), {})  # noqa: S102
    said = capsys.readouterr().err.splitlines()
    assert re.search(r"reports/Sequential-\d+-\d+/report.md$", said[-1])
    assert not [line for line in said if "watch ended" in line]
