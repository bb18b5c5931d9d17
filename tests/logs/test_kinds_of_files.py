"""What a file is, is known by what it holds; what cannot be read is refused with the way out."""

import bz2
import io
import json
import lzma
import pickle
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest

from recipe.core.errors import UsageError
from recipe.logs.opening import sheet_of_bytes
from recipe.logs.reading import read

CSV = b"epoch,loss,val_loss\n" + b"".join(b"%d,%d,%d\n" % (i, 9 - i, 10 - i) for i in range(9))


def packed(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.pkl", text)
    return file.getvalue()


def arrays(**lists):
    file = io.BytesIO()
    np.savez(file, **{name: np.array(values) for name, values in lists.items()})
    return file.getvalue()


@pytest.mark.parametrize("name", ["log.csv", "log.json", "log", "log.txt", "log.pkl"])
@pytest.mark.parametrize("pack", [bytes, bz2.compress, lzma.compress])
def test_a_table_is_one_whatever_it_is_called(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(CSV))
    assert read(path).curves["val_loss"] == [10 - i for i in range(9)]


REFUSED = {
    "a history of Keras": (pickle.dumps({"loss": [1, 2]}), r"is a pickle.*json\.dump"),
    "weights of PyTorch": (packed("x"), "is an archive .*export its curves"),
    "weights in HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(50), "HDF5"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture"),
    "a table in Parquet": (b"PAR1" + bytes(50), r"to_csv"),
    "an array without names": (b"\x93NUMPY" + bytes(50), "numpy.savez"),
    "something else": (bytes(range(256)) * 4, "is no text file"),
    "a torn archive": (b"\x1f\x8b\x08" + bytes(3), "is compressed, and damaged"),
    "a notebook without outputs": (
        json.dumps({"cells": [], "nbformat": 4}).encode(), "notebook without a loss",
    ),
    "a file of W&B without history": (b":W&B" + bytes(10), "holds no number"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_the_way_out(tmp_path, name):
    content, says = REFUSED[name]
    path = tmp_path / "history"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=says) as error:
        read(path)
    assert str(path) in str(error.value)


def test_a_database_is_refused(tmp_path):
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as database:
        database.execute("create table metrics (key text, value real)")
    with pytest.raises(UsageError, match=r"SQLite.*CSV or JSON"):
        read(path)


def test_arrays_by_name(tmp_path):
    path = tmp_path / "curves.npz"
    path.write_bytes(arrays(train_loss=[3.0, 2.0, 1.0], val_loss=[3.5, 2.5, 1.5], words=["a"]))
    assert read(path).curves == {"train_loss": [3, 2, 1], "val_loss": [3.5, 2.5, 1.5]}


def test_no_pickle_within_arrays_is_loaded(tmp_path):
    class Harm:
        def __reduce__(self):
            return (print, ("harm",))

    path = tmp_path / "curves.npz"
    np.savez(path, train_loss=np.array([Harm()], dtype=object))
    with pytest.raises(UsageError, match="cannot be read"):
        read(path)


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr("recipe.logs.opening.MOST_BYTES", 1 << 20)
    with pytest.raises(UsageError, match="larger than 1 MB when it is unpacked"):
        sheet_of_bytes(bz2.compress(bytes(1 << 22)), "log.bz2")


def test_a_torn_event_file_is_read_up_to_its_end(tmp_path):
    whole = next((Path(__file__).parent / "fixtures" / "tb_torch").glob("events*")).read_bytes()
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(whole[: len(whole) // 2])
    curve = read(path).curves["train_loss"]
    assert 1 < len(curve) < 40


def test_splits_in_folders_of_tensorboard(tmp_path):
    source = Path(__file__).parent / "fixtures" / "tb_scalars"
    for run in ("a", "b"):
        for split, folder in (("train", "loss_train"), ("validation", "loss_val")):
            home = tmp_path / run / split
            home.mkdir(parents=True)
            events = next((source / folder).glob("events*"))
            (home / events.name).write_bytes(events.read_bytes())
    log = read(tmp_path)
    assert log.runs == ("a", "b")
    assert log.curves.keys() == {"train_loss", "val_loss"}


@pytest.mark.parametrize("files", [[], ["README.md"], ["config.json"], [".aim/meta/INFO"]])
def test_a_folder_without_a_log(tmp_path, files):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    says = "Aim" if files == [".aim/meta/INFO"] else "no log in it"
    with pytest.raises(UsageError, match=says):
        read(tmp_path)


def test_any_log_in_a_folder_is_found(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "my_run.csv").write_bytes(CSV)
    (tmp_path / "out" / "config.yaml").write_text("lr: 0.1\nepochs: 9\n")
    assert len(read(tmp_path).curves["train_loss"]) == 9
