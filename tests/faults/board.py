"""The scoreboard: what the runs of the corpus come to."""

import time
from collections import defaultdict
from datetime import date
from statistics import median

PAIRS = {"digits-mlp": 99, "cifar-cnn": 15}
"""Pairs of trainings, one of them without monitors: a minute or two of each."""


def share(values):
    values = list(values)
    return f"{sum(values) / len(values):.1%} of {len(values)}" if values else "-"


def remedies(rows):
    """Of each fault whose cause was named and carries a remedy, whether it restored the score."""
    healthy = {(r.base, r.seed): (r.score, r.chance) for r in rows if r.kind == "base"}
    found = defaultdict(list)
    for r in rows:
        score, chance = healthy.get((r.base, r.seed), (None, 0.0))
        if r.kind == "fault" and r.remedy is not None and score is not None:
            r.chance = chance
            found[r.name].append(r.restored(score))
    return found


def table(rows, restored):
    """One line per fault."""
    lines = [
        "| fault | runs | detected | first | among three | score restored | said first |",
        "|---|---|---|---|---|---|---|",
    ]
    groups = defaultdict(list)
    for row in rows:
        if row.kind == "fault":
            groups[row.name].append(row)
    for name, group in groups.items():
        said = sorted({(r.diagnosis[0] if r.diagnosis else r.error or "nothing") for r in group})
        tried = restored.get(name)
        lines.append(
            f"| {name} | {len(group)} | {sum(r.detected for r in group)} | "
            f"{sum(r.first for r in group)} | {sum(r.among_three for r in group)} | "
            f"{f'{sum(tried)} of {len(tried)}' if tried else '-'} | "
            f"{', '.join(s[:60] for s in said)} |"
        )
    return "\n".join(lines)


def monitoring():
    """Processor seconds of an epoch with all monitors over one without: medians over pairs of
    trainings that take turns by the epoch, so that both see the same machine.
    """
    import torch
    from bases import BASES

    torch.set_num_threads(1)
    ratios = {}
    for name, pairs in PAIRS.items():
        base = next(b for b in BASES if b.name == name)
        times = defaultdict(list)
        for pair in range(pairs):
            turns = (True, False) if pair % 2 else (False, True)
            trainings = [_timed_epochs(base.make(0).resolved(), monitored) for monitored in turns]
            for seconds in zip(*trainings, strict=True):
                for monitored, taken in zip(turns, seconds, strict=True):
                    times[monitored].append(taken)
        ratios[name] = median(times[True]) / median(times[False])
    return ratios


def _timed_epochs(experiment, monitored):
    """Train, and yield the seconds of each epoch."""
    import torch

    from recipe.data.splitting import load_splits
    from recipe.training import loop

    device = torch.device("cpu")
    training = loop.Training(experiment, load_splits(experiment, device, 0), seed=0, device=device)
    watched, evaluate = loop.watched_iterations, loop.evaluate
    for _ in range(experiment.epochs):
        if not monitored:
            loop.watched_iterations = lambda _: frozenset()
            loop.evaluate = lambda *given: evaluate(*given[:4])  # and no monitor
        try:
            start = time.process_time()
            training.epoch()
            taken = time.process_time() - start
        finally:
            loop.watched_iterations, loop.evaluate = watched, evaluate
        yield taken


def curve_lines():
    """Scores on labelled curves, where they are at hand."""
    from bases import DATA
    from curves import overfit_scores

    path = DATA / "curves" / "overfit_labelled_simulated.jsonl.gz"
    if not path.exists():
        return []
    return [
        f"| overfitting curves, {part}: macro-F1 | {score.macro_f1:.3f} of {score.curves} |"
        for part, score in overfit_scores(path).items()
    ]


def board(rows):
    """SCORES.md."""
    from score import jobs

    faults = [r for r in rows if r.kind == "fault"]
    fine = [r for r in rows if r.kind != "fault" and not r.fresh]
    fresh = [r for r in rows if r.kind != "fault" and r.fresh]
    commits = ", ".join(sorted({r.commit for r in rows if r.commit}))
    today = f"{date.today():%Y-%m-%d}"  # noqa: DTZ011 - of the machine
    count = len(list(jobs()))
    restored = remedies(rows)
    costs = monitoring()
    alarms = [r for r in fine + fresh if r.detected]
    return "\n".join([
        (f"# Scores of the diagnosis\n\nMeasured by `make faults`, {today}, commit {commits}: "
        f"{len(faults) + len(fine)} of the {count} runs of the corpus.\n"),
        "| what | score |", "|---|---|",
        f"| faults detected (any warning or failure) | {share(r.detected for r in faults)} |",
        f"| root cause first | {share(r.first for r in faults)} |",
        f"| root cause among the first three | {share(r.among_three for r in faults)} |",
        f"| healthy runs with an alarm | {share(r.detected for r in fine)} |",
        ("| healthy runs with an alarm, of fresh seeds to which nothing was fitted | "
         f"{share(r.detected for r in fresh)} |"),
        ("| remedies of the named cause that restore nine tenths of the gap | "
        f"{share(one for tried in restored.values() for one in tried)} |"),
        *curve_lines(),
        *(f"| monitoring on top of plain training, {name} | {ratio - 1:+.1%} |"
          for name, ratio in costs.items()),
        "", table(rows, restored),
        "\n| healthy run with an alarm | seed | said |", "|---|---|---|",
        *(f"| {r.name or r.base} | {r.seed} | {', '.join(r.diagnosis) or r.error} |"
          for r in alarms),
    ]) + "\n"  # fmt: skip
