"""Which weights of a run are kept as files: those of its best trials, and a few for an ensemble."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from recipe.core.checksums import write_sealed
from recipe.core.evidence import Scalar
from recipe.core.trials import Trial
from recipe.notebook.journal import Journal
from recipe.training.early_stopping import Snapshot, is_better, rank

FOLDER = "checkpoints"
POOL = 5
"""Trainings of full length whose weights are kept until the run ends, for an ensemble."""


@dataclass(frozen=True)
class Leader:
    """The best trial of its length so far."""

    key: str
    score: float | None
    loss: float | None


@dataclass
class Checkpoints:
    """The weights that a run keeps, by the keys of their trials."""

    journal: Journal
    folder: Path
    """The run folder."""
    full_length: int = 1
    """Epochs of a training of full length."""
    spared: str | None = None
    """Key of a trial whose weights stay while others may take its place."""
    _leaders: dict[bool, Leader] | None = None
    """The best trials in the journal, once they were asked for: the best of full length, and the
    best shorter one.
    """

    def path(self, trial: Trial) -> Path:
        """Where a trial's best weights are kept, if they are."""
        return self.folder / FOLDER / f"{trial.key}.safetensors"

    def is_full_length(self, trial: Trial) -> bool:
        """Whether a trial was planned for the length of a full training, or more."""
        return trial.planned_epochs >= self.full_length

    def are_wanted(self, trial: Trial) -> bool:
        """Whether the weights of a trial that has ended are to be kept: no trial of this run, of
        full length or shorter as this one is, is better, or it is one of the few best that were
        trained to their end.
        """
        leader = self._known_leaders().get(self.is_full_length(trial))
        behind = leader and is_better(leader.score, leader.loss, trial.val_score, trial.val_loss)
        return not behind or trial.key in self.pool(trial)

    def save(self, trial: Trial, weights: Snapshot) -> None:
        """Write the weights of a trial."""
        from safetensors.torch import save

        path = self.path(trial)
        path.parent.mkdir(exist_ok=True)
        write_sealed(path, save(weights))

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
            if t.status == "finished" and t.repeats is None and self.is_full_length(t)
            and t.val_score is not None
        ]  # fmt: skip
        ended.sort(key=lambda t: rank(t.val_score, t.val_loss), reverse=True)
        kept: dict[object, str] = {}
        for trial in ended:
            kept.setdefault(_start_of(trial) or trial.key, trial.key)
        return list(kept.values())[:POOL]

    def prune(self, best: Trial) -> None:
        """Remove the weights of all trials but this one, which is now the best of its length, the
        best of the other length, the one that is spared, and those of the pool.
        """
        leaders = self._known_leaders()
        leaders[self.is_full_length(best)] = Leader(best.key, best.val_score, best.val_loss)
        kept = {self.spared, *(leader.key for leader in leaders.values()), *self.pool()}
        for path in (self.folder / FOLDER).glob("*.safetensors"):
            if path.stem not in kept:
                with suppress(IsADirectoryError, PermissionError):  # none of ours
                    path.unlink(missing_ok=True)

    def _known_leaders(self) -> dict[bool, Leader]:
        if self._leaders is None:
            self._leaders = {}
            earlier = [t for t in self.journal.values("trial") if not t.get("repeats")]
            for t in sorted(earlier, key=lambda t: rank(t["val_score"], t["val_loss"])):
                whole = t["planned_epochs"] >= self.full_length
                self._leaders[whole] = Leader(t["key"], t["val_score"], t["val_loss"])
        return self._leaders


def _start_of(trial: Trial) -> tuple[Scalar, ...]:
    """What a trial froze, and the weights of a step that it began with; nothing where neither."""
    found = (trial.params.get("freeze") or 0, trial.params.get("begin_from") or "")
    return found if any(found) else ()
