"""Tables of any content are read, or refused in one sentence."""

import bz2
import gzip
import lzma
import os
import zipfile

import pytest

from recipe.sources import unpacking

ROWS = "".join(f"{i},{i % 3},{'yes' if i % 2 else 'no'}\n" for i in range(60))
DEEP = "[" * 50_000
FILES = {
    "a cell of many letters.csv": "a,b,y\n" + ROWS + "1," + "x" * 200_000 + ",no\n",
    "a quote that never ends.csv": "a,b,y\n" + ROWS + '1,"' + "x,1,no\n" * 30_000,
    "a name of many letters.csv": "a," + "b" * 100_000 + ",y\n" + ROWS,
    "names that act.csv": "a,\x1b[31mb\x07\u202e,y\n" + ROWS,
    "a number of many digits.csv": "a,b,y\n" + ROWS + "9" * 5000 + ",1,no\n",
    "huge numbers.csv": "a,b,y\n" + "".join(f"{1e308},{-1e308},{i % 2}\n" for i in range(60)),
    "zero bytes.csv": "a,b,y\n" + ROWS.replace("7", "\0"),
    "nested too deep.jsonl": '{"a": 1, "y": 0}\n' * 30 + '{"a": ' + DEEP + "\n",
    "nested objects.jsonl": '{"a": 1, "y": 0}\n' * 30 + '{"a":' * 3000 + "1" + "}" * 3000 + "\n",
    "many digits.jsonl": '{"a": 1, "y": 0}\n' * 30 + '{"a": ' + "9" * 5000 + ', "y": 1}\n',
    "deep.json": DEEP,
    "objects as names.json": '[{"a": {"b": [1]}, "y": 0}, {"a": null, "y": 1}]' * 20,
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_read_or_refused(recipe, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name.replace(" ", "-")
    path.write_text(FILES[name], "utf-8")
    code, out, err = recipe(
        "run", "--data", path, "--target", "y", "--until", "inspect", "--no-input", "--epochs", "1"
    )
    assert code in (0, 1, 2), err
    assert err.count("Error: ") == (code == 2), err
    assert "\x1b" not in out + err


def test_a_pipe_is_not_waited_for(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "a.csv")
    code, _, err = recipe("run", "--data", "a.csv", "--target", "y", "--until", "inspect")
    assert code == 2, err


PACKERS = {
    "bomb.csv.gz": gzip.compress, "bomb.csv.bz2": bz2.compress, "bomb.csv.xz": lzma.compress,
}  # fmt: skip


@pytest.mark.parametrize("name", [*PACKERS, "bomb.csv.zip", "large.csv"])
def test_what_has_no_room_unpacked_is_refused(recipe, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(unpacking, "LEAST", 1000)
    monkeypatch.setattr(unpacking, "SHARE", 0.0)
    text = b"a,b,y\n" + b"1,2,no\n" * 20_000
    if name.endswith(".zip"):
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb.csv", text)
    else:
        (tmp_path / name).write_bytes(PACKERS.get(name, bytes)(text))
    code, _, err = recipe("run", "--data", name, "--target", "y", "--until", "inspect")
    assert code == 2, err
    assert "more than" in err or "larger than" in err
