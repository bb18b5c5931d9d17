"""Our reading of twelve tables against an expert's, under the same model; writes TABLES.md.

python tests/benchmarks/tables.py [TABLE ...] [--seeds 5] [--write]

What was measured is kept beside this file; the tables that are named are measured anew.
"""

import argparse
import json
import tempfile
import warnings
from pathlib import Path
from statistics import fmean, stdev

import common
import numpy as np
from bench import machine
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from table_experts import EXPERTS

from recipe.core.errors import UsageError
from recipe.sources import csv_table

MEANING = """\
For each table an expert's pipeline by hand (`table_experts.py`: scikit-learn and skrub, with what
one knows of the table: titles in names, units, logarithms of skewed amounts, the order of grades,
splines of the hour, TF-IDF of texts), and `recipe.sources.csv_table` with nothing but the file and
the name of the target. Both give the same rows to the same network (two hidden layers of 64 and 32,
scikit-learn, stopped early); a quarter of the rows tests. Ours reads the training rows from one file
and the test rows from another, by the reader that a run keeps for `recipe predict`. Each seed is
another split and three starts of the network, of which the mean counts. The score is R2 or accuracy
in points of 100; the last column says whether ours is at most one point below. Tables of
`table_samples.py` are made by code, with a signal that is known; the others are real. How dates,
values far off and ordered words become inputs was chosen with students, homes of Iowa and homes sold
in view; the other tables were measured once after that."""
HEAD = """\
| table | score | expert | ours | difference | standard error | splits | within a point |
|---|---|---|---|---|---|---|---|"""
ROWS = Path(__file__).with_name("tables_rows.json")
STARTS = 3
WITHIN = 1.0
"""Points."""
FEW, MORE = 1500, 2
"""Tables with fewer rows get so many times the seeds: one test row of theirs is a point."""


def compared(expert, seed, folder):
    """Scores of the expert's reading and of ours, in points."""
    raw = expert.raw()
    clean = expert.clean(raw)
    known = clean[expert.target].notna() & (raw[expert.target].str.strip() != "")
    raw, clean = raw[known].reset_index(drop=True), clean[known].reset_index(drop=True)
    answers = clean[expert.target].to_numpy() if expert.regression else raw[expert.target].str.strip().to_numpy()  # fmt: skip
    train, test = train_test_split(
        np.arange(len(raw)), test_size=0.25, random_state=seed,
        stratify=None if expert.regression else answers,
    )  # fmt: skip
    vectorizer = expert.vectorizer()
    others = clean.drop(columns=expert.target)
    theirs = (vectorizer.fit_transform(others.iloc[train]), answers[train],
              vectorizer.transform(others.iloc[test]))  # fmt: skip
    ours = read(expert, raw, train, test, folder)
    return [score(expert, *parts, answers[test]) for parts in (theirs, ours)]


def read(expert, raw, train, test, folder):
    """Inputs and answers of the training rows, and inputs of the test rows, as we read them."""
    paths = [folder / "train.csv", folder / "test.csv"]
    for path, rows in zip(paths, (train, test), strict=True):
        raw.iloc[rows].to_csv(path, sep=expert.sep, index=False, header=expert.header)
    source = csv_table(paths[0], expert.target, "regression" if expert.regression else None)
    x, y = (
        np.concatenate([np.asarray(part[k]) for part in (source.train, source.val)]) for k in (0, 1)
    )
    _, inputs = source.reader.read(paths[1])
    assert len(inputs) == len(test)
    if expert.regression:
        mean, std = source.scale
        return x, y * std + mean, inputs.numpy()
    names = np.array([str(name).strip() for name in source.classes])
    return x, names[y.astype(int)], inputs.numpy()


def score(expert, x, y, x_test, y_test):
    """Mean over starts of the network; answers of a regression have deviation 1 in training."""
    found = []
    for start in range(STARTS):
        made = MLPRegressor if expert.regression else MLPClassifier
        model = made(hidden_layer_sizes=(64, 32), alpha=0.1, early_stopping=True,
                     validation_fraction=0.15, n_iter_no_change=12, max_iter=200,
                     batch_size=max(16, min(200, len(x) // 30)), random_state=start)  # fmt: skip
        if expert.regression:
            mean, std = y.mean(), y.std()
            found.append(
                r2_score(y_test, model.fit(x, (y - mean) / std).predict(x_test) * std + mean)
            )
        else:
            found.append(accuracy_score(y_test, model.fit(x, y).predict(x_test)))
    return 100 * fmean(found)


def measured(name, seeds):
    """The scores of both at each seed, or what the table was refused with."""
    expert, pairs = EXPERTS[name], []
    few = len(expert.raw()) < FEW
    for seed in range(seeds * MORE if few else seeds):
        with tempfile.TemporaryDirectory() as folder:
            try:
                pairs.append(compared(expert, seed, Path(folder)))
            except UsageError as error:
                return str(error).replace(f"{folder}/", "")
        print(name, seed, *(f"{value:.2f}" for value in pairs[-1]), flush=True)
    return pairs


def row(name, pairs):
    """A line of the table, and whether ours is near enough; a table that is refused is not."""
    what = "R2" if EXPERTS[name].regression else "accuracy"
    if isinstance(pairs, str):
        return f"| {name} | {what} | | | {pairs} | | | no |", False
    gaps = [ours - theirs for theirs, ours in pairs]
    error = stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else float("nan")
    theirs, ours = (fmean(values) for values in zip(*pairs, strict=True))
    near = fmean(gaps) >= -WITHIN
    values = f"{theirs:.2f} | {ours:.2f} | {fmean(gaps):+.2f} | {error:.2f} | {len(gaps)}"
    return f"| {name} | {what} | {values} | {'yes' if near else 'no'} |", near


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tables", nargs="*", default=list(EXPERTS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    known = json.loads(ROWS.read_text("utf-8")) if ROWS.exists() else {}
    for name in given.tables:
        known[name] = measured(name, given.seeds)
        if given.write:
            ROWS.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    rows = [row(name, known[name]) for name in EXPERTS if name in known]
    text = (f"# Tables\n\nMeasured by `make bench-tables` on: {machine()}.\n\n{MEANING}\n\n{HEAD}\n"
            + "\n".join(line for line, _ in rows)
            + f"\n\nWithin a point of the expert, or better: {sum(near for _, near in rows)} of {len(rows)}.\n")  # fmt: skip
    print(text)
    if given.write:
        ROWS.with_name("TABLES.md").write_text(text, "utf-8")


if __name__ == "__main__":
    assert common.ROOT  # its paths are set by importing it
    main()
