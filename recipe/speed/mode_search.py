"""Tries the modes of execution that there are, each on top of the fastest so far."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from typing import Any

import torch
from torch import nn

from recipe.core.clock import TimeUp, working_until
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.datasets import Splits
from recipe.data.item_data import StreamData
from recipe.experiment import Experiment
from recipe.machine.out_of_memory import is_out_of_memory
from recipe.machine.processes import can_fork, cores, run_all
from recipe.models.building import build_model, channels_last_works
from recipe.models.dropout import no_dropout
from recipe.models.pooling import pooling_may_come_first
from recipe.speed.fused_training import FusedTraining
from recipe.speed.fused_width import fused_width
from recipe.speed.fusing import fusable
from recipe.speed.stopwatch import MOST, Stopwatch
from recipe.training.execution_mode import PLAIN, ExecutionMode
from recipe.training.loop import Training

SHARE = 0.03
"""Of the planned training that looking for the fastest way may cost."""
MOST_OF_ONE = 2.0
"""Times what the search may cost, after which a mode that is being tried is given up."""
TOLERANCE = {"float32": 1e-3, "bfloat16": 2e-2}
"""Largest relative difference to the plain run's losses. Float32 sums in another order differ by
about 1e-6 an operation; bfloat16 keeps 8 bits, a rounding of 0.4 % at each operation."""
FAR_SLOWER, FAR_SLOWER_AT_FIRST = 3.0, 5.0
"""Times the best way's iteration after which a way is dropped at once, without the least number of
iterations; the first one also holds what is done once. Bfloat16 on a processor without instructions
for it takes eight times as long."""
NEVER_TOO_LONG = 0.5, 0.03
"""Seconds that the first and a later iteration may take in any case: what is done once is not
multiplied by the number of trials, and so little is not worth saving."""
WORTHWHILE = {"alone": 0.95, "fused": 0.95, "processes": 1.15}
"""A way has to take at most this part of the time of a simpler one. Processes also share out what
is not measured here: validation, monitors, the interpreter; that was 10 % of a sweep of a small
CNN on two cores."""
FEW = 8
"""Items on which a change that costs no digit is tried."""
PROBED_TRIALS = 16
"""Trials fused for the measurement."""
PART, HEAVY_PART = 4, 1e-2
"""Batches are measured at this part of their size where that part takes this many seconds still:
what an iteration costs besides arithmetic is then too little to matter."""
FORWARD_SHARE = 3
"""Forward passes that an iteration takes the time of, about."""
SLOW_ITERATION = 2e-3
"""Seconds below which arithmetic is not what an iteration spends its time on."""
LIGHT_ITERATION = 1e-2
"""Seconds above which more threads than one always help."""
COMPILE_SECONDS = 40.0
RATES = {"sgd": 1e-3}
USUAL_RATE = 1e-4
"""Constant rates of the measurement: small, so that rounding differences do not grow. Adam and
its kin divide by the gradient's size and turn a difference in a tiny gradient into a full step."""


@dataclass(frozen=True)
class MeasuredMode:
    """A mode and what it took per iteration of one trial; `reason` says why it was turned down."""

    mode: ExecutionMode
    seconds: float | None
    reason: str | None = None
    no_memory: bool = False
    """Whether memory ran out, which another program may have taken."""


@dataclass(frozen=True)
class ModeChoice:
    """The mode to take, how many times as fast as the plain one it ran, and what was tried."""

    mode: ExecutionMode
    gain: float
    seconds: float
    """What finding it took."""
    remembered: bool = False
    iteration: float | None = None
    """Seconds that an iteration of one trial takes this way."""
    tried: tuple[MeasuredMode, ...] = ()

    def __str__(self) -> str:
        """One line for the user."""
        found = "remembered" if self.remembered else f"found in {self.seconds:.1f} s"
        if self.mode == PLAIN:
            return f"Speed: the plain way is the fastest here ({found})."
        return f"Speed: {self.mode}, {self.gain:.1f} times as fast as plain training ({found})."


@dataclass
class ModeSearch:
    """Tries one change after the other, each on top of the fastest so far."""

    experiment: Experiment
    data: Splits
    device: torch.device
    seed: int
    planned: float
    most: float = math.inf
    """Seconds that the search may cost, however long the run is."""
    tried: list[MeasuredMode] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    """Losses of the plain run."""
    part: int = 1
    """How many times as large the batches of the run are as those that are measured."""
    complete: bool = False
    """Whether everything there is was tried."""
    best: MeasuredMode | None = None
    """The fastest so far."""

    def run(self) -> ModeChoice:
        self._take_part()
        best = plain = self.best = self._try(PLAIN)
        started = time.perf_counter()  # PyTorch's own start is no cost of the search
        if plain.seconds is not None:
            share = self._share_of_run(plain)
            allowance = min(share, self.most)
            self.planned *= allowance / share if share else 1.0
            for change in self._changes():
                if time.perf_counter() - started > allowance:
                    break
                mode = change(best)
                if mode is None or mode == best.mode:
                    continue
                try:
                    with working_until(time.monotonic() + MOST_OF_ONE * self.most):
                        found = self._try(mode)
                except TimeUp:
                    break
                least = WORTHWHILE[found.mode.sharing] * (best.seconds or 0)
                if found.seconds is not None and found.seconds < least:
                    best = self.best = found
            else:
                self.complete = True
        gain = (plain.seconds or 1) / (best.seconds or 1)
        return ModeChoice(
            best.mode, gain, time.perf_counter() - started, tried=tuple(self.tried),
            iteration=self._whole(best) or None,
        )  # fmt: skip

    def _take_part(self) -> None:
        """Go on with smaller batches if they are enough to measure."""
        part = max(1, self.experiment.batch_size // PART)
        with suppress(Exception):  # the plain run says what is wrong
            if FORWARD_SHARE * self._forward_seconds(part) > HEAVY_PART:
                self.experiment = replace(self.experiment, batch_size=part)
                self.part = PART

    @torch.no_grad()
    def _forward_seconds(self, batch: int) -> float:
        """Of the second forward pass of a fresh model."""
        model = build_model(self.experiment, 0, self.device)
        x, _ = next(iter(self.data.train.batches(batch)))
        clock = Stopwatch(self.device)
        for _ in range(3):
            clock.tick()
            model(x)
        return clock.seconds

    def _changes(self) -> Iterator[Callable[[MeasuredMode], ExecutionMode | None]]:
        """What to try, each given the fastest so far; the most promising first."""
        model = build_model(self.experiment, 0, self.device)
        images = channels_last_works(model, getattr(self.data.train, "x", None))
        # Pooling first costs no digit; to measure it by itself would cost as much as it saves.
        pool_first = self._pooling_may_come_first()
        if images or pool_first:
            yield lambda best: replace(best.mode, channels_last=images, pool_first=pool_first)
        if self.experiment.resolved_task.target_kind != "real" and not self.experiment.update:
            # Outputs that are compared with real targets need more digits than bfloat16 has.
            # Its images go channels-last even where float32 gained nothing by that.
            layout = images and self.tried[-1].reason is None
            yield lambda best: (
                replace(best.mode, precision="bfloat16", channels_last=layout,
                        pool_first=pool_first)
                if self._whole(best) > SLOW_ITERATION else None
            )  # fmt: skip
        several = self.experiment.parallel is not None
        fuses = not several and fusable(self.experiment) is None
        if fuses and not (images and self.device.type == "cpu"):
            # On a processor fused convolutions become grouped ones, which are slower.
            yield lambda best: self._fused(best, model)
            yield lambda best: self._fused_in_float32(best, model)
        if self.device.type == "cpu":
            yield lambda best: (
                replace(best.mode, threads=1)
                if torch.get_num_threads() > 1 and self._whole(best) < LIGHT_ITERATION else None
            )  # fmt: skip
        workers = isinstance(self.data.val, StreamData) and self.data.val.workers
        if can_fork(self.device) and cores() > 1 and not workers and not several:
            yield lambda best: (
                replace(best.mode, threads=None, sharing="processes", width=cores())
                if best.mode.sharing == "alone" and self._whole(best) > SLOW_ITERATION else None
            )  # fmt: skip
        if self.device.type == "cuda":
            yield lambda best: (
                replace(best.mode, compiled=True)
                if best.mode.sharing == "alone" and self._share_of_run(best) > COMPILE_SECONDS
                else None
            )  # fmt: skip

    def _pooling_may_come_first(self) -> bool:
        def make() -> nn.Module:
            return build_model(self.experiment, self._seed, self.device)

        try:
            x, y = next(iter(self.data.train.batches(FEW)))
            return pooling_may_come_first(
                make, x, lambda outputs: self.experiment.loss_function(outputs, y)
            )
        except Exception:  # noqa: BLE001 - what cannot be tried is left as it is
            return False

    def _share_of_run(self, found: MeasuredMode) -> float:
        """Seconds that the search may cost if the run goes this way."""
        return SHARE * self.planned * self._whole(found)

    def _whole(self, found: MeasuredMode) -> float:
        """Seconds of an iteration with whole batches, about."""
        return self.part * (found.seconds or 0)

    def _fused(self, best: MeasuredMode, model: nn.Module) -> ExecutionMode | None:
        try:
            width = fused_width(model, self.experiment, self.data, self.device, larger=self.part)
        except Exception:  # noqa: BLE001 - what does not run is not fused; training it says why
            return None
        return replace(best.mode, sharing="fused", width=width) if width > 1 else None

    def _fused_in_float32(self, best: MeasuredMode, model: nn.Module) -> ExecutionMode | None:
        """Where the fastest way so far cannot be fused: batch norm in bfloat16, for one."""
        if best.mode.precision == "float32" or not self.tried or self.tried[-1].seconds is not None:
            return None
        single = replace(best, mode=replace(best.mode, precision="float32"))
        return self._fused(single, model) if self.tried[-1].mode.sharing == "fused" else None

    def _try(self, mode: ExecutionMode) -> MeasuredMode:
        try:
            seconds, losses = self._measure(mode)
        except Exception as error:  # noqa: BLE001 - whatever fails is not the way to go
            text = (str(error) or type(error).__name__).splitlines()[0]
            found = MeasuredMode(mode, None, f"it fails: {text}", is_out_of_memory(error))
        else:
            self.reference = self.reference or losses
            reason = self._disagreement(losses, mode)
            found = MeasuredMode(mode, None if reason else seconds, reason)
        self.tried.append(found)
        return found

    def _disagreement(self, losses: list[float], mode: ExecutionMode) -> str | None:
        limit = TOLERANCE[mode.precision]
        for mine, plain in zip(losses, self.reference, strict=False):
            if not abs(mine - plain) <= limit * max(abs(plain), limit):
                return f"a loss of {mine:.4g} where the plain run has {plain:.4g}"
        return None if losses else "no finite loss"

    def _measure(self, mode: ExecutionMode) -> tuple[float, list[float]]:
        """Seconds per iteration of one trial, and losses."""
        if mode.sharing == "fused":
            return self._measure_fused(mode)
        if mode.sharing == "processes":
            barrier = get_context("fork").Barrier(mode.width)

            def job() -> dict[str, Any]:
                seconds, losses = self._measure_alone(mode, lambda: barrier.wait(10))
                return {"seconds": seconds, "losses": losses}

            results = run_all([job] * mode.width, mode.width)
            return max(r["seconds"] for r in results) / mode.width, results[0]["losses"]
        return self._measure_alone(mode)

    def _measure_alone(
        self, mode: ExecutionMode, together: Callable[[], object] = lambda: None
    ) -> tuple[float, list[float]]:
        training = Training(
            replace(self.experiment, lr=self.lr), self.data, seed=self._seed, device=self.device,
            rates=[self.lr] * MOST, mode=mode.single,
        )  # fmt: skip
        clock = Stopwatch(self.device, together, self._hopeless(mode))
        with no_dropout(training.model):  # a mask is drawn in the order of the layout
            losses = training.losses(lambda _: clock.tick())
        return clock.seconds, losses

    def _measure_fused(self, mode: ExecutionMode) -> tuple[float, list[float]]:
        count = min(PROBED_TRIALS, mode.width)
        training = FusedTraining(
            [replace(self.experiment, lr=self.lr)] * count, self.data, seed=self._seed,
            device=self.device, rates=[[self.lr] * MOST] * count, mode=mode.single,
        )  # fmt: skip
        clock = Stopwatch(self.device, hopeless=self._hopeless(mode, count))
        with no_dropout(training.model):
            losses = training.losses(MOST, stop=clock.tick)
        return clock.seconds / count, losses[0][0]

    def _hopeless(self, mode: ExecutionMode, trials: int = 1) -> tuple[float, float]:
        """Seconds of a first and of a later iteration that show a way to be far too slow."""
        if self.best is None or self.best.seconds is None:
            return math.inf, math.inf
        seconds = self.best.seconds * trials * (mode.width if mode.sharing == "processes" else 1)
        # Compiling takes its time at first, and processes wait for each other there.
        patient = mode.compiled or mode.sharing == "processes"
        first = math.inf if patient else FAR_SLOWER_AT_FIRST * seconds
        return max(first, NEVER_TOO_LONG[0]), max(FAR_SLOWER * seconds, NEVER_TOO_LONG[1])

    @property
    def lr(self) -> float:
        """The constant rate of all measurements."""
        return RATES.get(str(self.experiment.optimizer), USUAL_RATE)

    @property
    def _seed(self) -> int:
        return derive_seed(self.seed, "speed")
