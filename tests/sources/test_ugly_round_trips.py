"""Rows as ugly as those of the training file become the inputs that training saw."""

import gzip
import random

import numpy as np
import pytest
import torch

from recipe.sources import csv_table
from recipe.sources.by_name import experiment_by_name
from recipe.sources.inputs_json import InputsRecord

N = 160
D = random.Random(3)


def cell(value):
    return f'"{value}"' if any(sign in value for sign in ',;"\n') else value


def ugly():
    """A column of every kind, with the dirt that comes with it."""
    words = ["late", "broken", "fine", "good", "support", "box", "delivery", "again"]
    columns = {
        "id": [str(k + 1) for k in range(N)],
        "price": [f"${D.uniform(100, 9000):,.2f}" for _ in range(N)],
        "weight": [f"{D.uniform(1, 9):.1f} kg" if k % 3 else "n/a" for k in range(N)],
        "odd": ["see note" if k == 9 else f"{D.uniform(1, 9):.2f}" for k in range(N)],
        "sentinel": ["-999" if k % 20 == 3 else str(D.randint(1, 40)) for k in range(N)],
        "active": [D.choice(["yes", "No", "YES ", "no", ""]) for _ in range(N)],
        "day": [f"{k % 28 + 1}. {['Januar', 'März', 'Mai'][k % 3]} 20{k % 9 + 10}" for k in range(N)],
        "city": [D.choice(["Berlin", "berlin", "BERLIN ", "Ulm", "New York", "new-york", ""]) for _ in range(N)],
        "risk": [D.choice(["low", "Medium", "high", "HIGH"]) for _ in range(N)],
        "band": [D.choice(["18-24", "25-34", "65+"]) for _ in range(N)],
        "remark": [" ".join(D.choice(words) for _ in range(D.randint(3, 9))) + f" {k}" for k in range(N)],
        "ticket": [f"{D.choice(['PC', 'SOTON'])} {D.randint(100, 199)}" for _ in range(N)],
        "unit": ["kg"] * N,
        "y": [["no", "yes"][k % 2] for k in range(N)],
    }  # fmt: skip
    columns["cost"] = columns["price"]
    return columns


def write(path, columns, rows=range(N), *, without=(), encoding="utf-8", separator=","):
    names = [name for name in columns if name not in without]
    lines = [separator.join(names)]
    lines += [separator.join(cell(columns[name][row]) for name in names) for row in rows]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ugly")
    path = write(folder / "t.csv", ugly_columns := ugly())
    experiment, notes = experiment_by_name(str(path), target="y")
    experiment.inputs.write(folder, experiment.model)
    return folder, ugly_columns, experiment, notes


def as_seen(experiment, x):
    """Whether every row of the training and validation inputs is among these."""
    have = {tuple(row) for row in np.asarray(x).round(5).tolist()}
    return all(tuple(row) in have
               for part in (experiment.train, experiment.val) for row in part[0].round(5).tolist())  # fmt: skip


def test_kinds_and_uses_are_told(trained):
    *_, experiment, notes = trained
    told = {column.name: (column.kind, column.use) for column in experiment.columns}
    assert told == {
        "id": ("identifier", "left out"), "price": ("number", "input"), "weight": ("number", "input"),
        "odd": ("number", "input"), "sentinel": ("number", "input"), "active": ("boolean", "input"),
        "day": ("date", "input"), "city": ("category", "input"), "risk": ("grade", "input"),
        "band": ("grade", "input"), "remark": ("text", "input"), "ticket": ("category", "input"),
        "unit": ("constant", "left out"), "y": ("boolean", "target"), "cost": ("copy", "left out"),
    }  # fmt: skip
    said = " ".join(notes)
    for part in ("'see note' (row 10) is taken for missing", "-999", "repeats 'price': cost",
                 "'city' spells words in several ways", "'remark': free text"):  # fmt: skip
        assert part in said


def test_the_training_file_again(trained):
    folder, _, experiment, _ = trained
    kept = InputsRecord.read(folder)
    assert kept == experiment.inputs
    assert kept.agrees(experiment.inputs)
    _, x = kept.reader.read(folder / "t.csv")
    assert x.shape == (N, kept.reader.width)
    assert torch.isfinite(x).all()
    assert as_seen(experiment, x)


@pytest.mark.parametrize(
    "how", ["utf-16", "cp1252", "semicolons", "gzip", "parquet", "xlsx", "jsonl"]
)
def test_the_same_rows_in_another_file(trained, tmp_path, how):
    folder, columns, *_ = trained
    reader = InputsRecord.read(folder).reader
    _, expected = reader.read(folder / "t.csv")
    given = {name: cells for name, cells in columns.items() if name != "y"}
    if how in ("parquet", "xlsx", "jsonl"):
        pandas = pytest.importorskip("pandas")
        frame, path = pandas.DataFrame(given), tmp_path / f"t.{how}"
        if how == "xlsx":
            frame.to_excel(path, index=False)
        elif how == "jsonl":
            frame.to_json(path, orient="records", lines=True)
        else:
            frame.to_parquet(path)
    elif how == "gzip":
        path = tmp_path / "t.csv.gz"
        path.write_bytes(gzip.compress(write(tmp_path / "t.csv", given).read_bytes()))
    else:
        encoding = how if how != "semicolons" else "utf-8"
        separator = ";" if how == "semicolons" else ","
        path = write(tmp_path / "t.csv", given, encoding=encoding, separator=separator)
    assert torch.allclose(reader.read(path)[1], expected, atol=1e-6)


def test_single_rows_and_another_order(trained, tmp_path):
    folder, columns, *_ = trained
    reader = InputsRecord.read(folder).reader
    _, expected = reader.read(folder / "t.csv")
    for row in (0, 9, 23, 100):
        path = write(tmp_path / "one.csv", columns, [row], without=["y", "id", "cost", "unit"])
        assert torch.allclose(reader.read(path)[1], expected[row : row + 1], atol=1e-6)


def test_new_spellings_are_the_words_of_training(trained, tmp_path):
    folder, columns, *_ = trained
    reader = InputsRecord.read(folder).reader
    row = next(k for k in range(N) if columns["city"][k] == "Ulm" and columns["risk"][k] == "low")
    _, expected = reader.read(write(tmp_path / "a.csv", columns, [row]))
    changed = {**columns, "city": ["ULM."] * N, "risk": ["LOW "] * N,
               "price": [columns["price"][row].replace("$", "") + " USD"] * N}  # fmt: skip
    _, found = reader.read(write(tmp_path / "b.csv", changed, [row]))
    assert torch.allclose(found, expected, atol=1e-6)


def test_a_file_of_encoders_with_other_types_is_refused(trained, tmp_path):
    import shutil

    import skops.io
    from sklearn.pipeline import Pipeline

    from recipe.core.errors import UsageError

    class Other:
        pass

    folder, *_ = trained
    shutil.copytree(folder, tmp_path / "run")
    skops.io.dump(
        {"remark": Pipeline([("a", "passthrough")]), "x": Other()}, tmp_path / "run/encoders.skops"
    )
    with pytest.raises(UsageError, match="cannot be read"):
        InputsRecord.read(tmp_path / "run")


AMOUNTS = {
    "plain": [f"{1000 * k + 60000}" for k in range(N)],
    "thousands": [f"{1000 * k + 60000:,}" for k in range(N)],
    "dollars": [f"${1000 * k + 60000:,}" for k in range(N)],
    "german": [f"{1000 * k + 60000:,} €".replace(",", ".") for k in range(N)],
    "k": [f"{k + 60}k" for k in range(N)],
    "one_odd": ["on request" if k == 7 else f"{1000 * k + 60000:,}" for k in range(N)],
}


@pytest.mark.parametrize("name", AMOUNTS)
def test_a_target_of_amounts_is_regression_however_it_is_written(tmp_path, name):
    x = [str(D.random()) for _ in range(N)]
    source = csv_table(write(tmp_path / "t.csv", {"x": x, "y": AMOUNTS[name]}), "y")
    assert source.task == "regression"
    mean, std = source.scale
    values = np.concatenate([source.train[1], source.val[1]]) * std + mean
    kept = [1000.0 * k + 60000 for k in range(N) if not (name == "one_odd" and k == 7)]
    assert np.allclose(sorted(values), kept, rtol=1e-4)
    assert any("'on request' (row 8)" in note for note in source.notes) == (name == "one_odd")
