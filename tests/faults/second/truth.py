"""What is true of the second corpus, measured by plain trainings before any diagnosis is looked at.

    python tests/faults/second/truth.py [--groups NAME ...]

A training goes by the declared setting, and no rule judges it. What is measured already (of an
unchanged case) is kept in truth.jsonl; an interrupted call goes on there.

Of faults together, the one of largest effect is the one whose repair alone brings the score nearest
to that of the sound base; those within a twentieth of the gap to chance of it are as good. A fault
at half strength does harm when the score is lower by more than the interval of its mean over four
seeds, each beside the sound base, and by more than a fiftieth of the gap.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
FILE = HERE / "truth.jsonl"
SEEDS = {"half strength": 4}
QUANTILE = 3.18
"""Of Student's distribution with three degrees of freedom, for an interval of 95 %."""
NEAR, FLOOR, CLEAR = 0.05, 0.02, 0.05
"""Shares of the gap between the sound score and chance: equal effects; no harm; harm that four
seeds should have shown."""


@dataclass(frozen=True)
class Truth:
    """Of one case."""

    case: str
    digest: str
    chance: float
    score: list[float | None]
    """As it is, by seed; none where it cannot be trained to a finite score."""
    repaired: list[float | None]
    """With each cause alone repaired."""
    sound: list[float | None]
    """Without any fault, by seed."""

    @property
    def gap(self) -> float:
        return (self.sound[0] or 0.0) - self.chance

    def off(self, score: float | None) -> float:
        """How far from the sound score; what is worse than chance is as bad as chance."""
        worst = self.chance if score is None else max(score, self.chance)
        return abs((self.sound[0] or 0.0) - worst)

    @property
    def largest(self) -> list[int]:
        """Numbers of the causes whose repair alone brings most, within what counts as equal."""
        left = [self.off(score) for score in self.repaired]
        return [i for i, one in enumerate(left) if one <= min(left) + NEAR * abs(self.gap)]

    @property
    def harm(self) -> str:
        """Of a fault at half strength: harmful, harmless or undecided."""
        lost = [(b or 0.0) - (self.chance if a is None else max(a, self.chance))
                  for a, b in zip(self.score, self.sound, strict=True)]  # fmt: skip
        reach = QUANTILE * stdev(lost) / len(lost) ** 0.5
        if mean(lost) > max(reach, FLOOR * abs(self.gap)):
            return "harmful"
        return "undecided" if mean(lost) > CLEAR * abs(self.gap) else "harmless"


def chance_of(e: Any) -> float:
    """The score of the best constant answer."""
    import torch

    y = e.val[1]
    if e.task in ("regression", "binary_segmentation"):
        return 0.0
    if e.task in ("binary", "multilabel"):
        share = y.float().mean(0)
        return float(torch.maximum(share, 1 - share).mean())
    return float(y.flatten().unique(return_counts=True)[1].max() / y.numel())


def plain_score(e: Any, seed: int) -> float | None:
    """Of a training by the declared setting, at its end."""
    import torch

    from recipe.data.splitting import load_splits
    from recipe.training.loop import Training

    device = torch.device("cpu")
    try:
        e = (e if e.lr is not None else replace(e, lr=5e-3)).resolved()
        training = Training(e, load_splits(e, device, seed), seed=seed, device=device)
        *_, last = training.epochs()
    except Exception as error:  # noqa: BLE001 - faults break trainings in every way
        print(f"  not trained: {str(error)[:100]}")
        return None
    score = last.figures.get("val_score")
    return None if last.diverged or score is None or score != score else score  # noqa: PLR0124


_KNOWN: dict[tuple[str, int], float | None] = {}


def _known(name: str, make: Any, seed: int) -> float | None:
    if (name, seed) not in _KNOWN:
        _KNOWN[name, seed] = plain_score(make(seed), seed)
    return _KNOWN[name, seed]


def measured(case: Any) -> Truth:
    """Train what the truth of a case needs."""
    seeds = range(SEEDS.get(case.group, 1))
    name, make = case.sound or (case.full_name, case.make)
    return Truth(
        case.full_name, case.digest, chance_of(make(0)),
        [_known(case.full_name, case.make, seed) for seed in seeds],
        [_known(*one, 0) for one in case.repaired], [_known(name, make, seed) for seed in seeds],
    )  # fmt: skip


def keep(one: Truth) -> Truth:
    """Write it behind the others."""
    with FILE.open("a", encoding="utf-8") as kept:
        kept.write(json.dumps(asdict(one)) + "\n")
    return one


def tidy() -> None:
    """Each once, in the order of the cases, and none that is of another text than today's."""
    from cases import cases

    last = truths()
    kept = [last[c.full_name] for c in cases()
            if c.full_name in last and last[c.full_name].digest == c.digest]  # fmt: skip
    FILE.write_text("".join(json.dumps(asdict(one)) + "\n" for one in kept), "utf-8")


def truths() -> dict[str, Truth]:
    """By the full name of the case."""
    lines = FILE.read_text("utf-8").splitlines() if FILE.exists() else []
    return {one.case: one for one in (Truth(**json.loads(line)) for line in lines)}


def main() -> None:
    import torch
    from cases import GROUPS, cases

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", nargs="*", default=GROUPS)
    given = parser.parse_args()
    todo = [case for case in cases() if case.group in given.groups]
    known = truths()
    for case in todo:
        if case.full_name in known and known[case.full_name].digest == case.digest:
            continue
        one = keep(measured(case))
        print(case.full_name, one.chance, one.score, one.repaired, one.sound, flush=True)
    tidy()


if __name__ == "__main__":
    main()
