"""Runs the trials of a step: from the journal where it knows them, by training otherwise.

Trials of a run share initial weights and data order (their seed is the run's), so differences
between them come from the hyperparameters.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from recipe.core.budget import Meter
from recipe.core.errors import UNUSABLE
from recipe.core.files import write_bytes
from recipe.core.keys import key
from recipe.core.results import Scalar, Trial
from recipe.data.datasets import Splits, StreamData
from recipe.experiment import Experiment
from recipe.notebook.journal import Journal
from recipe.search.executors import Lanes
from recipe.search.halving import Halving, behind_in_loss, behind_in_score
from recipe.search.trial_run import Slot, Spec, standing_of
from recipe.speed.choice import MOST_FUSED
from recipe.training.execution_mode import PLAIN, Way
from recipe.training.feature_extraction import CannotExtract, Features, extract, why_not
from recipe.training.fit import Fit, Record, Snapshot, is_better, patience_for, rank
from recipe.training.loop import Training
from recipe.training.plan import iterations_per_epoch

CHECKPOINTS = "checkpoints"
POOL = 5
"""Trainings of full length whose weights are kept until the run ends, for an ensemble."""
NO_FEATURES = "no features"
"""In the journal: why the features of an experiment cannot be kept, by what they depend on."""
HEADS = Way(sharing="fused", width=MOST_FUSED)
"""How heads are trained on kept features."""


@dataclass(frozen=True)
class Leader:
    """The best trial of its length so far."""

    key: str
    score: float | None
    loss: float | None


@dataclass
class Runner:
    """Trains trials for the steps of one run."""

    journal: Journal
    folder: Path
    data: Splits
    device: torch.device
    seed: int
    fingerprint: str
    meter: Meter
    told: Callable[[Trial, bool], None]
    progress: Callable[[float, float, str, float | None], None]
    say: Callable[[str], None] = lambda _: None
    tune: Callable[[], Way] = lambda: PLAIN
    """Finds the way to run trainings; called once, at the first use."""
    whole: int = 1
    """Epochs of a training of full length."""
    exact: bool = False
    """Train in float32 and one by one, also what is small."""
    counted: set[str] = field(default_factory=set)
    """Keys of the trials whose epochs the meter has."""
    spared: str | None = None
    """Key of a trial whose checkpoint stays while others may take its place."""
    features: Features | None = None
    """What the data of this runner are the features of, where it trains heads alone."""
    extracted: dict[str, Features] = field(default_factory=dict)
    """Features by what they depend on."""
    _way: Way | None = None
    _leaders: dict[bool, Leader] | None = None
    """The best trials in the journal, once they were asked for: the best of full length, and the
    best shorter one.
    """

    def run(
        self,
        step: str,
        round_: int,
        specs: Sequence[Spec],
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
        slots = [
            Slot(runner, runner.fitting(spec), {**head, "number": number, "repeats": spec.repeats},
                 cohort)
            for number, spec in enumerate(specs, first)
        ]  # fmt: skip
        if any(slot.trial is None for slot in slots):
            runner.train(slots, halving, rivals)
        return [slot.trial for slot in slots if slot.trial is not None]

    def train(self, slots: list[Slot], halving: Halving | None, rivals: Sequence[Trial]) -> None:
        """Train all of them to their end, or to the cut that they do not survive."""
        longest = max(slot.epochs for slot in slots)
        cuts = self._cuts(slots, halving)
        compared = tuple(int(rung) for rung, cut in cuts if not _by_loss(rung, cut))
        with closing(Lanes(slots, self, compared)) as lanes:
            going = list(slots)
            for rung, cut in cuts:
                if len(going) + len(rivals) > 1:
                    later = cut.cost(len(going)) - cut.share * len(going)
                    lanes.advance(rung, later * longest)
                    going = self._cut(going, rung, cut, rivals)
                rivals = ()
            lanes.advance(longest)

    def _cuts(self, slots: Sequence[Slot], halving: Halving | None) -> list[tuple[float, Halving]]:
        """The epochs after which lower parts end, in their order."""
        cuts: list[tuple[float, Halving]] = []
        while halving is not None:
            rung = self._rung(slots, halving)
            # A second cut inside an epoch would need a record of its own to be made again.
            if rung and (not cuts or (rung >= cuts[-1][0] and rung % 1 == 0)):
                cuts.append((rung, halving))
            halving = halving.then
        return cuts

    def _rung(self, slots: Sequence[Slot], halving: Halving) -> float | None:
        """Epochs until the cut, the same for all of them."""
        train = self.data.train
        experiments = [slot.spec.experiment for slot in slots]
        return halving.rung(
            min(slot.epochs for slot in slots),
            min(iterations_per_epoch(train, e.batch_size) for e in experiments),
            max(e.warmup for e in experiments),
            whole=isinstance(train, StreamData),  # an open loader holds its workers
        )

    def _cut(
        self, slots: Sequence[Slot], rung: float, halving: Halving, rivals: Sequence[Trial]
    ) -> list[Slot]:
        """End those that are behind; the others."""
        on_losses = _by_loss(rung, halving)
        standings = [slot.standing(rung, on_losses=on_losses) for slot in slots]
        standings += [standing_of(rival, rung) for rival in rivals]
        behind = (behind_in_loss if on_losses else behind_in_score)(standings, halving.keep)
        for k, slot in enumerate(slots):
            if k in behind:
                slot.end("stopped", f"in the lower part after {round(rung, 2):g} epochs")
        return [slot for k, slot in enumerate(slots) if k not in behind]

    @property
    def way(self) -> Way:
        """How trainings run, found out at the first use."""
        return self.find_way()

    def find_way(self) -> Way:
        """Find out how trainings run, if that is not known."""
        if self._way is None:
            self._way = self.tune()
        return self._way

    def checkpoint(self, trial: Trial) -> Path:
        """Where a trial's best weights are kept, if they are."""
        return self.folder / CHECKPOINTS / f"{trial.key}.safetensors"

    def is_whole(self, trial: Trial) -> bool:
        """Whether a trial was planned for the length of a full training, or more."""
        return trial.planned_epochs >= self.whole

    def keep(self, trial: Trial, record: Record) -> None:
        """Save the weights when no trial of this run, of full length or shorter as this one is, is
        better, or when it is one of the few best that were trained to their end.
        """
        from safetensors.torch import save

        leader = self._known_leaders().get(self.is_whole(trial))
        behind = leader and is_better(leader.score, leader.loss, trial.val_score, trial.val_loss)
        if behind and trial.key not in self.pool(trial):
            return
        weights = record.weights()
        if not weights:
            return
        path = self.checkpoint(trial)
        path.parent.mkdir(exist_ok=True)
        write_bytes(path, save(self.whole_state(weights)))

    def pool(self, *more: Trial) -> list[str]:
        """Keys of the best trials of full length that were trained to their end, the best first; of
        those with the same frozen blocks, or the same start that a step named, only the best one:
        they are wrong about the same items.

        Args:
            more: trials that the journal does not hold yet.

        """
        known = [*(Trial(**t) for t in self.journal.values("trial")), *more]
        ended = [
            t for t in known
            if t.status == "finished" and t.repeats is None and self.is_whole(t)
            and t.val_score is not None
        ]  # fmt: skip
        ended.sort(key=lambda t: rank(t.val_score, t.val_loss), reverse=True)
        kept: dict[object, str] = {}
        for trial in ended:
            kept.setdefault(_begun(trial) or trial.key, trial.key)
        return list(kept.values())[:POOL]

    def _known_leaders(self) -> dict[bool, Leader]:
        if self._leaders is None:
            self._leaders = {}
            earlier = [t for t in self.journal.values("trial") if not t.get("repeats")]
            for t in sorted(earlier, key=lambda t: rank(t["val_score"], t["val_loss"])):
                whole = t["planned_epochs"] >= self.whole
                self._leaders[whole] = Leader(t["key"], t["val_score"], t["val_loss"])
        return self._leaders

    def prune(self, best: Trial) -> None:
        """Remove the checkpoints of all trials but this one, which is now the best of its length,
        the best of the other length, the one that is spared, and those of the pool.
        """
        leaders = self._known_leaders()
        leaders[self.is_whole(best)] = Leader(best.key, best.val_score, best.val_loss)
        kept = {self.spared, *(leader.key for leader in leaders.values()), *self.pool()}
        for path in (self.folder / CHECKPOINTS).glob("*.safetensors"):
            if path.stem not in kept:
                path.unlink(missing_ok=True)

    def weights(self, trial: Trial, experiment: Experiment) -> bytes:
        """The best epoch's weights of a trial; trained again when the file is gone."""
        from safetensors.torch import save

        path = self.checkpoint(trial)
        if path.exists():
            return path.read_bytes()
        runner = self._on_features([experiment]) or self
        fit = runner.fit(runner.fitting(Spec({}, experiment)).trained)
        fit.advance(trial.epochs)
        return save(runner.whole_state(fit.weights()))

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
                self.extracted[begins] = extract(
                    experiment, self.data, self.device, self.seed, way=self.way.single
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
        if why_not(experiment, self.data) is not None:
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
        self._known_leaders()  # of which there is one record
        # Heads are small: together they are fastest everywhere.
        way = PLAIN if self.exact else HEADS
        return replace(self, data=found[0].data, features=found[0], _way=way)

    def fitting(self, spec: Spec) -> Spec:
        """Over features, the trial trains its head alone."""
        if self.features is None:
            return spec
        return replace(spec, inner=self.features.experiment(spec.experiment))

    def whole_state(self, weights: Snapshot) -> Snapshot:
        """The state of the whole model."""
        return weights if self.features is None else self.features.whole(weights)

    def fit(self, experiment: Experiment, compared_after: Sequence[int] = ()) -> Fit:
        """A fresh fit of a resolved experiment under this run's seed.

        Args:
            experiment: what to train.
            compared_after: epochs after which it is compared by its averaged weights.

        """
        training = Training(
            experiment, self.data, seed=self.seed, device=self.device, way=self.way.single,
            compared_after=compared_after,
        )  # fmt: skip
        epochs = experiment.epochs or 1
        return Fit(training, epochs, patience_for(epochs))


def _by_loss(rung: float, halving: Halving) -> bool:
    """Whether trials are compared there by their losses: between two epochs nobody has a score."""
    return halving.on_losses or rung % 1 > 0


def _beats(other: Trial, trial: Trial) -> bool:
    return is_better(other.val_score, other.val_loss, trial.val_score, trial.val_loss)


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The trial with the best score (ties: lower loss, then earlier); None when none has one.

    One that repeats another from a lucky seed, or that was set aside, is not asked.
    """
    best: Trial | None = None
    for trial in trials:
        unknown = trial.val_score is None and trial.val_loss is None
        if unknown or trial.repeats is not None or trial.set_aside:
            continue
        if best is None or _beats(trial, best):
            best = trial
    return best


def _begun(trial: Trial) -> tuple[Scalar, ...]:
    """What a trial froze, and the weights of a step that it began with; nothing where neither."""
    found = (trial.params.get("freeze") or 0, trial.params.get("begin_from") or "")
    return found if any(found) else ()
