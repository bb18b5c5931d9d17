"""What loggers leave in a folder, as sheets by the name of the run."""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from recipe.core.errors import UsageError
from recipe.logs.cells import place
from recipe.logs.column_names import split_of, words_of
from recipe.logs.event_files import scalars_of
from recipe.logs.opening import sheet_of_file
from recipe.logs.pivots import pivoted
from recipe.logs.sheet import UNKNOWN, Sheet

Runs = list[tuple[str, Sheet]]
MOST_FILES = 20_000
"""Files that are looked at in a folder and those in it."""
DEEPEST = 8
MOST_RUNS = 200
KNOWN = (
    "trainer_state.json", "metrics.csv", "results.csv", "progress.csv", "history.csv",
    "summary.csv", "training.csv", "training_log.csv", "log.csv", "metrics.jsonl", "metrics.json",
    "trainer_log.jsonl", "scalars.json", "history.json", "wandb-history.jsonl", "log.jsonl",
    "log.json", "train_log.json", "loss.tsv", "log.txt", "train.log", "training.log", "log.log",
    "output.log", "train.txt", "stdout.txt",
)  # fmt: skip
"""Files of curves, the surest first."""
_ENDINGS = (".csv", ".tsv", ".jsonl", ".json", ".log", ".txt", ".out", ".yaml", ".ipynb", ".gz")
_NO_LOG = re.compile(
    r"config|args|hparams|requirements|params|tokenizer|vocab|special_tokens|readme|license|opt\.|"
    r"meta\.|package|setup|environment|index|label|class|summary\.json|all_results|eval_results|"
    r"train_results",
    re.IGNORECASE,
)


def runs_in(folder: Path) -> Runs:
    """The runs in a folder, in the order of their names.

    Raises:
        UsageError: it holds none, or none that can be read.

    """
    files = list(_files(folder))
    readers: tuple[Callable[[Path, list[Path]], Runs], ...] = (
        _trainer_states, _mlflow, _events, _wandb, _dvc, _epochs_of_allennlp, _known,
    )  # fmt: skip
    for read in readers:
        runs = read(folder, files)
        if runs:
            return runs
    if any(".aim" in path.relative_to(folder).parts for path in files):
        raise UsageError(
            "is a repository of Aim: export a run with its SDK (`run.dataframe().to_csv(...)`)."
        )
    runs = _any(folder, files)
    if runs:
        return runs
    raise UsageError(
        f"is a folder with no log in it that could be read ({len(files)} files looked at): name "
        "the file."
    )


def natural(text: str) -> list[object]:
    """A key that puts version_10 behind version_9."""
    return [
        (1, int(part[:300]), "") if part.isdecimal() else (0, 0, part)
        for part in re.split(r"(\d+)", text)
    ]


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for root, folders, names in os.walk(folder):
        folders.sort(key=natural)
        if len(Path(root).relative_to(folder).parts) >= DEEPEST:
            folders.clear()
        for name in sorted(names, key=natural):
            count += 1
            if count > MOST_FILES:
                return
            yield Path(root) / name


def _called(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix() if path != folder else ""


def _trainer_states(folder: Path, files: Sequence[Path]) -> Runs:
    """Hugging Face: of the checkpoints of a run the last has the whole history."""
    states = [path for path in files if path.name == "trainer_state.json"]
    latest: dict[Path, Path] = {}
    for path in states:
        inside = path.parent.name.startswith("checkpoint-") and path.parent != folder
        latest[path.parent.parent if inside else path.parent] = path
    for path in states:
        if path.parent in latest and not path.parent.name.startswith("checkpoint-"):
            latest[path.parent] = path  # of the whole run
    return _read((_called(folder, home), path) for home, path in latest.items())


def _read(named: "Iterator[tuple[str, Path]]") -> Runs:
    runs: Runs = []
    for name, path in list(named)[:MOST_RUNS]:
        try:
            sheet = sheet_of_file(path)
        except UsageError:
            continue
        if sheet.columns:
            runs.append((name, sheet))
    return runs


def _mlflow(folder: Path, files: Sequence[Path]) -> Runs:
    """A file per metric, each line a time, a value and a step."""
    found: dict[Path, list[Path]] = {}
    for path in files:
        for home in path.parents:
            if home.name == "metrics" and (home.parent / "meta.yaml").is_file():
                found.setdefault(home, []).append(path)
                break
            if home == folder.parent:
                break
    runs: Runs = []
    for home, metrics in list(found.items())[:MOST_RUNS]:
        rows = []
        for path in metrics:
            for line in _lines(path):
                parts = line.split()
                if len(parts) in (2, 3):
                    step = place(parts[2])[0] if len(parts) == 3 else UNKNOWN
                    rows.append(("", _called(home, path), (UNKNOWN, step), parts[1]))
        if rows:
            runs.append((_mlflow_name(home.parent), pivoted(rows)))
    return runs


def _mlflow_name(run: Path) -> str:
    for path in (run / "tags" / "mlflow.runName", run / "meta.yaml"):
        for line in _lines(path):
            if path.name == "mlflow.runName":
                return line.strip()
            if line.startswith("run_name:"):
                return line.partition(":")[2].strip().strip("'\"") or run.name
    return run.name


def _lines(path: Path) -> list[str]:
    try:
        if path.is_file() and path.stat().st_size < 1 << 26:
            return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        pass
    return []


def _events(folder: Path, files: Sequence[Path]) -> Runs:
    """TensorBoard: a folder is a run, or a split of the run that the folder above it is."""
    found: dict[Path, list[Path]] = {}
    for path in files:
        if "tfevents" in path.name:
            found.setdefault(path.parent, []).append(path)
    runs: dict[str, list[tuple[str, str, tuple[float, float], object]]] = {}
    for home, events in found.items():
        name, split = _called(folder, home), ""
        if home != folder and (said := split_of(words_of(home.name))):
            beside = [other for other in found if other.parent == home.parent and other != home]
            if any(split_of(words_of(b.name)) not in ("", said) for b in beside):
                name, split = _called(folder, home.parent), said
        for path in events:
            try:
                content = path.read_bytes() if path.stat().st_size < 1 << 28 else b""
            except OSError:
                continue
            for tag, step, value in scalars_of(content):
                own = split_of(words_of(tag))
                called = tag if own or not split else f"{split}/{tag}"
                runs.setdefault(name, []).append(("", called, (UNKNOWN, float(step)), value))
    return [(name, pivoted(rows)) for name, rows in list(runs.items())[:MOST_RUNS]]


def _wandb(folder: Path, files: Sequence[Path]) -> Runs:
    named = [(path.parent.name if path.parent != folder else path.stem, path)
             for path in files if path.suffix == ".wandb"]  # fmt: skip
    return _read(iter(named))


def _dvc(folder: Path, files: Sequence[Path]) -> Runs:
    """DVC-live: a table per metric, in folders by split."""
    homes: dict[Path, list[Path]] = {}
    for path in files:
        for home in path.parents:
            if path.suffix == ".tsv" and (
                (home.name == "metrics" and home.parent.name == "plots") or home.name == "scalars"
            ):
                homes.setdefault(home, []).append(path)
                break
            if home == folder.parent:
                break
    runs: Runs = []
    for home, tables in homes.items():
        rows = []
        for path in tables:
            name = path.relative_to(home).with_suffix("").as_posix()
            header, *lines = [line.split("\t") for line in _lines(path)] or [[]]
            at = header.index("step") if "step" in header else None
            for line in lines:
                if at is not None and len(line) == len(header) > 1:
                    value = line[-1] if at != len(header) - 1 else line[0]
                    rows.append(("", name, (UNKNOWN, place(line[at])[0]), value))
        if rows:
            up = home.parent.parent if home.name == "metrics" else home.parent
            runs.append((_called(folder, up) if up.is_relative_to(folder) else "", pivoted(rows)))
    return runs


def _epochs_of_allennlp(folder: Path, files: Sequence[Path]) -> Runs:
    """AllenNLP: a file of metrics per epoch."""
    homes: dict[Path, list[tuple[int, Path]]] = {}
    for path in files:
        if match := re.fullmatch(r"metrics_epoch_(\d{1,9})\.json", path.name):
            homes.setdefault(path.parent, []).append((int(match[1]), path))
    runs: Runs = []
    for home, epochs in homes.items():
        rows = []
        for epoch, path in sorted(epochs):
            try:
                given = json.loads("\n".join(_lines(path)) or "null")
            except (ValueError, RecursionError):
                continue
            if isinstance(given, dict):
                rows += [
                    ("", name, (float(epoch), UNKNOWN), value) for name, value in given.items()
                    if isinstance(value, int | float) and name != "epoch"
                ]  # fmt: skip
        if rows:
            runs.append((_called(folder, home), pivoted(rows)))
    return runs


def _known(folder: Path, files: Sequence[Path]) -> Runs:
    """The surest file of curves in each folder."""
    best: dict[Path, Path] = {}
    for path in files:
        name = path.name.lower()
        known = KNOWN.index(name) if name in KNOWN else None
        if known is None and name.endswith(".log.json"):
            known = len(KNOWN)
        if known is not None:
            kept = best.get(path.parent)
            if kept is None or known < (
                KNOWN.index(kept.name.lower()) if kept.name.lower() in KNOWN else len(KNOWN)
            ):
                best[path.parent] = path
    return _read((_called(folder, home), path) for home, path in best.items())


def _any(folder: Path, files: Sequence[Path]) -> Runs:
    """Whatever can be read of what may be a log, the largest files first."""
    from recipe.logs.choosing import choose

    maybe = [
        path for path in files
        if path.name.lower().endswith(_ENDINGS) and not _NO_LOG.search(path.name)
    ]  # fmt: skip
    maybe.sort(key=lambda path: -path.stat().st_size if path.is_file() else 0)
    runs = _read((_called(folder, path), path) for path in maybe[:20])
    kept = [(name, sheet) for name, sheet in runs if choose(sheet.columns).curves.keys() - {"lr"}]
    return sorted(kept, key=lambda run: natural(run[0]))
