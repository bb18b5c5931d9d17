"""Short trainings without validation, for their losses alone, run in the machine's fastest way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recipe.core.errors import UNUSABLE
from recipe.experiment import Experiment
from recipe.machine.out_of_memory import give_back, is_out_of_memory
from recipe.machine.processes import run_all
from recipe.speed.fused_training import FusedTraining
from recipe.speed.fusing import CannotFuse, fusable, fusion_group
from recipe.training.loop import Training
from recipe.training.plan import learns_nothing

if TYPE_CHECKING:
    from recipe.search.runner import Runner

Stop = Callable[[list[float]], bool]
FORWARD = 1 / 3
"""Of an iteration: the backward pass computes two products where the forward one computes one
(Kaplan et al. 2020, section 2.1)."""


@dataclass(frozen=True)
class ShortTraining:
    """A training of `len(rates)` iterations from the weights that `seed` gives."""

    experiment: Experiment
    """With a learning rate, which `rates` overrules."""
    seed: int
    rates: Sequence[float]
    watch_every: int | None = None
    """Iterations between looks at gradients and updates."""

    @property
    def cost(self) -> float:
        """Of a training of that length."""
        return FORWARD if learns_nothing(self.experiment, self.rates) else 1.0


@dataclass(frozen=True)
class ShortResult:
    """Losses up to the first non-finite one or to where it was stopped, and monitored figures."""

    losses: list[float]
    figures: dict[str, float]


def run_short(
    runner: "Runner",
    shorts: Sequence[ShortTraining],
    stop: Stop,
    on_done: Callable[[int], None] = lambda _: None,
) -> list[ShortResult]:
    """Run all of them; each ends where `stop(losses so far)` is true.

    Args:
        runner: whose data, device and way are used.
        shorts: what to run; those that can be fused share experiment, seed and length.
        stop: a pure function of the losses so far.
        on_done: called with the number of trainings that are done.

    """
    mode = runner.mode
    if mode.sharing == "processes" and len(shorts) > 1:
        jobs = [lambda short=short: vars(_alone(runner, short, stop)) for short in shorts]
        return [ShortResult(**result) for result in run_all(jobs, mode.width, on_done)]
    if mode.sharing == "fused" and len(shorts) > 1 and _same(shorts):
        courses = _fused_that_fit(runner, shorts, stop)
        if courses is not None:
            on_done(len(shorts))
            return courses
    courses = []
    for number, short in enumerate(shorts, 1):
        courses.append(_alone(runner, short, stop))
        on_done(number)
    return courses


def _fused_that_fit(
    runner: "Runner", shorts: Sequence[ShortTraining], stop: Stop
) -> list[ShortResult] | None:
    """All of them as one model, or fewer at a time where memory runs out; None where that cannot
    be: the trials that follow say why.
    """
    try:
        return _fused(runner, shorts, stop)
    except (CannotFuse, *UNUSABLE) as error:
        if not is_out_of_memory(error) or len(shorts) < 2 * 2:
            return None
    give_back(runner.device)
    half = -(-len(shorts) // 2)
    found = []
    for group in (shorts[:half], shorts[half:]):
        courses = _fused_that_fit(runner, group, stop)
        if courses is None:
            return None
        found += courses
    return found


def _same(shorts: Sequence[ShortTraining]) -> bool:
    def head(short: ShortTraining) -> Any:
        return fusion_group(short.experiment), short.seed, len(short.rates), short.watch_every

    first = shorts[0]
    return fusable(first.experiment) is None and all(head(s) == head(first) for s in shorts)


def _alone(runner: "Runner", short: ShortTraining, stop: Stop) -> ShortResult:
    training = Training(
        short.experiment, runner.data, seed=short.seed, device=runner.device, rates=short.rates,
        mode=runner.mode.single,
    )  # fmt: skip
    losses = training.losses(stop, short.watch_every)
    return ShortResult(losses, training.monitor.flush())


def _fused(runner: "Runner", shorts: Sequence[ShortTraining], stop: Stop) -> list[ShortResult]:
    first = shorts[0]
    training = FusedTraining(
        [short.experiment for short in shorts], runner.data, seed=first.seed,
        device=runner.device, rates=[short.rates for short in shorts], mode=runner.mode.single,
    )  # fmt: skip
    results = training.losses(len(first.rates), first.watch_every, cut=stop)
    return [ShortResult(losses, figures) for losses, figures in results]
