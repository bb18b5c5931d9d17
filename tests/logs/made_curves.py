"""Learning curves made by training, healthy and sick, with a label that a large set of items
confirms which no log speaks of.

    python tests/logs/made_curves.py seen        # writes made_seen.jsonl.gz and its .sha256
    python tests/logs/made_curves.py held-out    # half as many, which no rule was made by
"""

import gzip
import hashlib
import json
import math
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import made_faults
from made_runs import Made, Plan, train
from made_tasks import TASKS

HERE = Path(__file__).parent
SEEN, HELD_OUT = HERE / "made_seen.jsonl.gz", HERE / "made_held_out.jsonl.gz"
COUNTS = {"healthy": 280, "collapsed": 110, "nan": 44, "stuck": 90, "overfit": 84, "diverged": 60,
          "slow": 20}  # fmt: skip
KEPT, LOST, GAINED, RISEN = 0.03, 0.5, 0.6, 0.15
"""Of what a run gained by its hidden loss: what a healthy one may lose again, what a collapsed one
lost at least, what a healthy one gains of what the best run of the task did, and what an overfit
one lost at least."""
SCHEDULES = ("constant", "step", "cosine", "linear", "warmup", "one-cycle", "restarts",
             "inverse-sqrt")  # fmt: skip
OPTIMIZERS = ("adam", "adam", "momentum", "sgd", "rmsprop", "adagrad")
COLUMNS = (
    ("train_loss", "val_loss", "train_score", "val_score", "lr"),
    ("train_loss", "val_loss", "train_score", "val_score"),
    ("train_loss", "val_loss", "train_score", "val_score"),
    ("train_loss", "val_loss", "val_score"),
    ("train_loss", "val_loss", "lr"),
    ("train_loss", "val_loss"),
    ("train_loss",),
    ("val_loss", "val_score"),
    ("val_loss",),
    ("train_score", "val_score"),
)


def plan_of(label: str, number: int) -> tuple[Plan, dict[str, Any]]:
    """One run of this kind, and how its log is written."""
    seed = random.Random(f"{label} {number}").randrange(2**31)
    draw = random.Random(seed)
    task = draw.choice(TASKS)
    text = "letters" in task.name
    plan = Plan(
        task, seed, items=draw.choice([800, 1500, 3000]) * (3 if text else 1),
        val_items=draw.choice([100, 300, 1000]), width=draw.choice([16, 32, 64]),
        batch=draw.choice([16, 32, 64]), epochs=draw.choice([8, 12, 20, 30]),
        optimizer=draw.choice(OPTIMIZERS), schedule=draw.choice(SCHEDULES),
        factor=math.exp(draw.uniform(-0.7, 0.5)), decay=draw.choice([0, 0, 1e-4, 1e-3]),
    )  # fmt: skip
    if task.name == "pictures":
        plan.items, plan.epochs = 500, plan.epochs // 2
    if text:
        plan.epochs = max(4, plan.epochs // 4)
        plan.by_step = plan.items // plan.batch // 4
    style = {"label": label, "columns": draw.choice(COLUMNS), "sparse": 1, "kind": ""}
    _logging(plan, style, draw)
    if label != "healthy":
        if label == "overfit" and len(style["columns"]) < 3:
            style["columns"] = COLUMNS[draw.choice([1, 3, 5])]
        if label == "nan" and not any(c.endswith("loss") for c in style["columns"]):
            style["columns"] = COLUMNS[draw.choice([1, 5, 6])]
        _spoil(plan, style, draw)
    else:
        _stop(plan, style, draw)
    if task.score is None:
        kept = tuple(c for c in style["columns"] if not c.endswith("score"))
        style["columns"] = kept or COLUMNS[5]
    return plan, style


def _logging(plan: Plan, style: dict[str, Any], draw: random.Random) -> None:
    how = draw.choice(["epoch", "epoch", "clean", "steps", "raw"])
    per_epoch = max(1, plan.items // plan.batch)
    if how == "clean":
        plan.clean = True
        plan.by_step = max(1, per_epoch * plan.epochs // draw.choice([8, 14, 25, 40]))
    elif how == "steps":
        plan.by_step = max(1, per_epoch * plan.epochs // draw.choice([12, 25, 50]))
    elif how == "raw":
        plan.raw = True
        plan.by_step = max(1, per_epoch * plan.epochs // draw.choice([60, 90]))
        style["sparse"] = draw.choice([1, 5, 10])
    style["unit"] = "step" if plan.by_step else "epoch"


def _stop(plan: Plan, style: dict[str, Any], draw: random.Random) -> None:
    kind = draw.choice(["", "", "", "target", "patience", "resumed", "fine-tuned"])
    style["kind"] = kind
    if kind == "patience":
        plan.patience = 3 if plan.epochs < 20 else 5
    elif kind == "fine-tuned":
        plan.spoil, plan.factor = made_faults.pretrained, plan.factor * 0.3
        plan.epochs = draw.choice([1, 2, 3])
        if plan.by_step:
            plan.by_step = max(1, plan.items // plan.batch // 4)


def _spoil(plan: Plan, style: dict[str, Any], draw: random.Random) -> None:
    label = style["label"]
    changed: dict[str, Any] = {}
    if label == "collapsed":
        changed = made_faults.collapse(draw)
    elif label == "nan":
        changed = {"before": made_faults.to_nan(draw.uniform(0.3, 0.9))}
        style["kind"] = draw.choice(["nan", "blank", "ended"])
    elif label == "stuck":
        changed = made_faults.stuck(draw)
    elif label == "overfit":
        changed = {"items": draw.choice([100, 200, 400]), "width": 128, "decay": 0.0,
                   "epochs": draw.choice([30, 60, 100]), "schedule": "constant", "batch": 16,
                   "factor": draw.choice([1.0, 2.0])}  # fmt: skip
    elif label == "diverged":
        changed = {"optimizer": draw.choice(["sgd", "momentum"]),
                   "factor": 10 ** draw.uniform(0.9, 1.8), "schedule": "constant"}  # fmt: skip
    elif label == "slow":
        changed = {"factor": plan.factor / draw.choice([30, 100]), "schedule": "constant"}
    for name, value in changed.items():
        setattr(plan, name, value)
    if label == "overfit":
        plan.by_step = 0 if style["unit"] == "epoch" else plan.items // plan.batch * 2


def log_of(made: Made, style: dict[str, Any]) -> dict[str, Any]:
    """What is written down, as curves and the places of their points."""
    curves, at = {}, {}
    start = len(made.at) // 3 if style["kind"] == "resumed" else 0
    for name in style["columns"]:
        every = style["sparse"] if name.startswith("val") else 1
        points = list(zip(made.at, made.curves[name], strict=True))[start:][every - 1 :: every]
        if style["kind"] in ("blank", "ended") and name.endswith("loss"):
            points = [(x, v) for x, v in points if math.isfinite(v)]
        at[name], curves[name] = [x for x, _ in points], [_short(v) for _, v in points]
    return {"unit": style["unit"], "end": made.at[-1], "curves": curves, "at": at}


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def true_of(label: str, style: dict[str, Any], made: Made, best: float) -> bool:
    """Whether the run is what it was meant to be, by its hidden loss."""
    hidden, first = made.hidden, made.untrained
    finite = [v for v in hidden if math.isfinite(v)]
    if label == "nan":
        return len(finite) < len(hidden)
    if not finite or len(finite) < len(hidden):
        return False
    least, last, room = min(hidden), hidden[-1], first - best
    gained, lost = first - least, last - least
    if label == "healthy":
        if style["kind"] == "fine-tuned":
            return last <= hidden[0] + KEPT * room
        scores = made.hidden_score
        held = math.isnan(scores[-1]) or scores[-1] >= max(scores) - 0.02
        return gained >= GAINED * room and lost <= KEPT * gained and held and not scores[-1] < KEPT
    if label == "collapsed":
        late = min(hidden[-2:]) if len(hidden) > 1 else last
        trained = made.curves["train_loss"]
        fell = trained[-1] - min(trained) >= KEPT * (max(trained[:3]) - min(trained))
        return gained >= LOST * room and late - least >= LOST * gained and fell
    if label == "stuck":
        return gained <= KEPT * room
    if label == "overfit":
        falls = made.curves["train_loss"][-1] < made.curves["train_loss"][hidden.index(least)]
        return gained >= 0.1 * room and lost >= RISEN * gained and falls
    if label == "diverged":
        return last > 2 * abs(first) and gained < 0.3 * room
    return 0.02 * room < gained < 0.7 * room  # slow


def made_of(half: int) -> list[dict[str, Any]]:
    """The runs of one part that are what they were meant to be: even numbers are seen, every other odd
    one is held out.
    """
    made: list[tuple[str, Plan, dict[str, Any], Made]] = []
    best: dict[str, float] = defaultdict(lambda: math.inf)
    for label, count in COUNTS.items():
        for number in range(half, count, 4 if half else 2):
            plan, style = plan_of(label, number)
            if style["kind"] == "target" and math.isfinite(best[plan.task.name]):
                plan.target = best[plan.task.name] + 0.15 * abs(best[plan.task.name])
            run = train(plan)
            made.append((f"{label} {number}", plan, style, run))
            if label == "healthy":
                known = filter(math.isfinite, run.hidden)
                best[plan.task.name] = min([best[plan.task.name], *known])
        print(label, len(made), flush=True)
    return [
        {"name": name, "label": style["label"], "kind": style["kind"], "task": plan.task.name,
         "seed": plan.seed, "optimizer": plan.optimizer, "schedule": plan.schedule,
         **log_of(run, style)}
        for name, plan, style, run in made
        if true_of(style["label"], style, run, best[plan.task.name])
    ]  # fmt: skip


def main() -> None:
    """Train one part and write it."""
    half = {"seen": 0, "held-out": 1}[sys.argv[1]]
    path = (SEEN, HELD_OUT)[half]
    text = "".join(json.dumps(row) + "\n" for row in made_of(half)).encode()
    path.write_bytes(gzip.compress(text, mtime=0))
    digest = hashlib.sha256(text).hexdigest()
    path.with_suffix("").with_suffix(".sha256").write_text(digest + "\n")


if __name__ == "__main__":
    main()
