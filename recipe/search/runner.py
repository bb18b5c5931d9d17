"""Runs the trials of a step: from the journal where it knows them, by training otherwise.

Trials of a run share initial weights and data order (their seed is the run's), so differences
between them come from the hyperparameters.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from recipe.core import clock
from recipe.core.budget import Meter
from recipe.core.checksums import read_sealed, sealed
from recipe.core.errors import UNUSABLE
from recipe.core.files import is_plain_file, write_bytes
from recipe.core.keys_and_seeds import key
from recipe.core.trials import Trial
from recipe.data.datasets import Splits
from recipe.data.item_data import StreamData
from recipe.experiment import Experiment
from recipe.notebook.journal import Journal
from recipe.search.checkpoints import Checkpoints
from recipe.search.executor_choice import Executors
from recipe.search.halving import Halving, behind_in_loss, behind_in_score
from recipe.search.open_trial import TrialSpec
from recipe.search.parallel_executor import Carrier
from recipe.search.trial_run import TrialRun, standing_of
from recipe.speed.fused_width import MOST_FUSED
from recipe.training.early_stopping import Snapshot, TrainingRecord
from recipe.training.execution_mode import PLAIN, ExecutionMode
from recipe.training.feature_extraction import (
    CannotExtract,
    Features,
    extract_features,
    why_not_extracted,
)
from recipe.training.fit import Fit, fresh_fit, snapshot_of
from recipe.training.plan import iterations_per_epoch

NO_FEATURES = "no features"
"""In the journal: why the features of an experiment cannot be kept, by what they depend on."""
HEADS = ExecutionMode(sharing="fused", width=MOST_FUSED)
"""How heads are trained on kept features."""


@dataclass
class Runner:
    """Trains trials for the steps of one run."""

    journal: Journal
    folder: Path
    checkpoints: Checkpoints
    data: Splits
    device: torch.device
    seed: int
    fingerprint: str
    meter: Meter
    on_trial: Callable[[Trial, bool], None]
    """Called with each trial that has ended, and whether the journal knew it."""
    progress: Callable[[float, float, str, float | None], None]
    say: Callable[[str], None] = lambda _: None
    tune: Callable[[], ExecutionMode] = lambda: PLAIN
    """Finds the way to run trainings; called once, at the first use."""
    exact: bool = False
    """Train in float32 and one by one, also what is small."""
    counted: set[str] = field(default_factory=set)
    """Keys of the trials whose epochs the meter has."""
    features: Features | None = None
    """What the data of this runner are the features of, where it trains heads alone."""
    extracted: dict[str, Features] = field(default_factory=dict)
    """Features by what they depend on."""
    places: Callable[["Runner", Sequence[int]], Carrier] | None = None
    """Processes of other devices or machines, where the trials are to train there."""
    idle: str = ""
    """What of this machine does not train, in a sentence of the plan."""
    _mode: ExecutionMode | None = None

    def run(
        self,
        step: str,
        round_: int,
        specs: Sequence[TrialSpec],
        halving: Halving | None = None,
        *,
        first: int = 1,
        rivals: Sequence[Trial] = (),
    ) -> list[Trial]:
        """Train every spec, or look it up; one Trial per spec, in the same order.

        With `halving`, all trials train to the rung, then the better part goes on; earlier
        trials, `rivals`, count there as they stood then. A trial whose factory or training
        raises is `failed` with its reason; the others go on. Where all of them train the head
        alone, they train on features that are computed once.
        """
        runner = self._on_features([spec.experiment for spec in specs]) or self
        cohort = key([dict(spec.params) for spec in specs], halving and asdict(halving),
                     *(rival.key for rival in rivals))  # fmt: skip
        head = {"step": step, "round": round_}
        runs = [
            TrialRun(
                runner, runner.fitting(spec),
                {**head, "number": number, "repeats": spec.repeats}, cohort,
            )
            for number, spec in enumerate(specs, first)
        ]  # fmt: skip
        if any(run.trial is None for run in runs):
            runner.train(runs, halving, rivals)
        return [run.trial for run in runs if run.trial is not None]

    def train(self, runs: list[TrialRun], halving: Halving | None, rivals: Sequence[Trial]) -> None:
        """Train all of them to their end, or to the cut that they do not survive."""
        longest = max(run.epochs for run in runs)
        cuts = self._cuts(runs, halving)
        compared = tuple(int(rung) for rung, cut in cuts if not _by_loss(rung, cut))
        with closing(Executors(runs, self, compared)) as executors:
            going = list(runs)
            for rung, cut in cuts:
                if len(going) + len(rivals) > 1:
                    later = cut.cost(len(going)) - cut.share * len(going)
                    executors.advance(rung, later * longest)
                    going = self._cut(going, rung, cut, rivals)
                rivals = ()
            executors.advance(longest)

    def _cuts(
        self, runs: Sequence[TrialRun], halving: Halving | None
    ) -> list[tuple[float, Halving]]:
        """The epochs after which lower parts end, in their order."""
        cuts: list[tuple[float, Halving]] = []
        while halving is not None:
            rung = self._rung(runs, halving)
            # A second cut inside an epoch would need a record of its own to be made again.
            if rung and (not cuts or (rung >= cuts[-1][0] and rung % 1 == 0)):
                cuts.append((rung, halving))
            halving = halving.then
        return cuts

    def _rung(self, runs: Sequence[TrialRun], halving: Halving) -> float | None:
        """Epochs until the cut, the same for all of them."""
        train = self.data.train
        experiments = [run.spec.experiment for run in runs]
        return halving.rung(
            min(run.epochs for run in runs),
            min(iterations_per_epoch(train, e.batch_size) for e in experiments),
            max(e.warmup for e in experiments),
            whole=isinstance(train, StreamData),  # an open loader holds its workers
        )

    def _cut(
        self, runs: Sequence[TrialRun], rung: float, halving: Halving, rivals: Sequence[Trial]
    ) -> list[TrialRun]:
        """End those that are behind; the others."""
        on_losses = _by_loss(rung, halving)
        standings = [run.standing(rung, on_losses=on_losses) for run in runs]
        standings += [standing_of(rival, rung) for rival in rivals]
        behind = (behind_in_loss if on_losses else behind_in_score)(standings, halving.keep)
        for k, run in enumerate(runs):
            if k in behind:
                run.end("stopped", f"in the lower part after {round(rung, 2):g} epochs")
        return [run for k, run in enumerate(runs) if k not in behind]

    @property
    def seconds_left(self) -> float | None:
        """In a budget of time; None without one."""
        return self.meter.left if self.meter.limits_time else None

    @property
    def mode(self) -> ExecutionMode:
        """How trainings run, found out at the first use."""
        return self.find_mode()

    def find_mode(self) -> ExecutionMode:
        """Find out how trainings run, if that is not known."""
        if self._mode is None:
            self._mode = self.tune()
        return self._mode

    def keep(self, trial: Trial, record: TrainingRecord) -> None:
        """Keep the weights of a trial that has ended, where they are wanted."""
        if self.checkpoints.are_wanted(trial) and (weights := record.weights()):
            self.checkpoints.save(trial, self.whole_state(weights))

    def weights(self, trial: Trial, experiment: Experiment) -> bytes:
        """The best epoch's weights of a trial, as a safetensors file with its checksum; trained
        again where the file is gone, or is not what was written.
        """
        path = self.checkpoints.path(trial)
        kept = read_sealed(path)
        if kept is not None:
            return kept
        damaged = is_plain_file(path)
        if damaged:
            self.say(
                f"The weights of trial {trial.number} in {path.name} are not what was written: it "
                "is trained again."
            )
        weights = self._trained_again(trial, experiment)
        if damaged:
            write_bytes(path, weights)
        return weights

    def _trained_again(self, trial: Trial, experiment: Experiment) -> bytes:
        from safetensors.torch import save

        runner = self._on_features([experiment]) or self
        fit = runner.fit(runner.fitting(TrialSpec({}, experiment)).trained)
        fit.out_of_time = None  # these weights were paid for before
        with clock.without_limit():
            fit.advance(trial.epochs or trial.part)
            if not fit.done:
                return sealed(save(runner.whole_state(snapshot_of(fit.training.model))))
        return sealed(save(runner.whole_state(fit.weights())))

    def spend(self, epochs: float) -> None:
        """Book what trials trained; a head on kept features costs next to nothing."""
        if self.features is None:
            self.meter.spend(epochs)

    def features_of(self, experiment: Experiment) -> Features | None:
        """What reaches the head of an experiment that trains nothing else, computed once; None
        where that cannot be, which is said.
        """
        if not self.keeps_features(experiment):
            return None
        begins = self._begins(experiment)
        if begins not in self.extracted:
            self.progress(0, 1, "features of the frozen model", None)
            try:
                self.extracted[begins] = extract_features(
                    experiment, self.data, self.device, self.seed, mode=self.mode.single
                )
            except CannotExtract as reason:
                self.journal.put(NO_FEATURES, begins, str(reason))
                self.say(f"Features are not kept, each epoch runs the whole model: {reason}.")
                return None
            except UNUSABLE:
                return None  # its trial says why
            if experiment.augment is not None:
                self.say("The head alone trains on features of plain images, without `augment`.")
        return self.extracted[begins]

    def keeps_features(self, experiment: Experiment) -> bool:
        """Whether an experiment trains its head alone, on features that are kept, as far as is
        known.
        """
        if why_not_extracted(experiment, self.data) is not None:
            return False
        return self.journal.get(NO_FEATURES, self._begins(experiment)) is None

    def _begins(self, experiment: Experiment) -> str:
        """What features depend on."""
        args = {name: str(value) for name, value in experiment.model_args.items()}
        begins = (str(experiment.weights), experiment.begin_from, args)
        return key("features", self.fingerprint, self.seed, *begins)

    def _on_features(self, experiments: Sequence[Experiment]) -> "Runner | None":
        """The same runner over the features that all of these train their heads on."""
        if self.features is not None or not experiments:
            return None
        found = [one for e in experiments if (one := self.features_of(e)) is not None]
        if len(found) < len(experiments) or any(one is not found[0] for one in found):
            return None
        # Heads are small: together they are fastest everywhere.
        mode = PLAIN if self.exact else HEADS
        return replace(self, data=found[0].data, features=found[0], _mode=mode)

    def fitting(self, spec: TrialSpec) -> TrialSpec:
        """Over features, the trial trains its head alone."""
        if self.features is None:
            return spec
        inner = self.features.experiment(spec.experiment)
        return replace(spec, inner=replace(inner, parallel=None, processes=None))

    def whole_state(self, weights: Snapshot) -> Snapshot:
        """The state of the whole model."""
        return weights if self.features is None else self.features.whole(weights)

    def carrier(self, compared_after: Sequence[int]) -> Carrier | None:
        """Other processes for the trials; heads on kept features are trained here."""
        if self.places is None or self.features is not None:
            return None
        return self.places(self, compared_after)

    def fit(self, experiment: Experiment, compared_after: Sequence[int] = ()) -> Fit:
        """A fresh fit of a resolved experiment under this run's seed.

        Args:
            experiment: what to train.
            compared_after: epochs after which it is compared by its averaged weights.

        """
        return fresh_fit(
            experiment, self.data, seed=self.seed, device=self.device, mode=self.mode.single,
            compared_after=compared_after, out_of_time=self.meter.out_of_time,
        )  # fmt: skip


def _by_loss(rung: float, halving: Halving) -> bool:
    """Whether trials are compared there by their losses: between two epochs nobody has a score."""
    return halving.on_losses or rung % 1 > 0
