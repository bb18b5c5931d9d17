"""Trainings that prove a remedy: short, from the run's own seed, each kept in the journal."""

import math
from dataclasses import dataclass
from typing import Any

from safetensors.torch import load

from recipe.core.clock import TimeUp, check
from recipe.core.errors import UNUSABLE
from recipe.core.keys_and_seeds import derive_seed, key
from recipe.core.score_noise import fluctuation
from recipe.core.trials import Trial
from recipe.data.datasets import Splits
from recipe.engine.score_gain import Result, comparable_loss
from recipe.experiment import Experiment
from recipe.models.building import build_model
from recipe.notebook.journal import Journal
from recipe.plugin.context import Context
from recipe.training.early_stopping import rank
from recipe.training.evaluation import model_outputs, part_sums
from recipe.training.fingerprint import configuration
from recipe.training.fit import Fit
from recipe.training.loop import Training
from recipe.training.optimizers import usual_rates
from recipe.training.plan import iterations_per_epoch

LEAST_ITERATIONS = 500
LEAST_SHARE = 0.5
"""Of the declared epochs: a proof is shorter than a training, but long enough to tell."""
RATES_TRIED = 2
CUT_OFF = {"cut_off": True}
"""In the journal: a training that the budget of time did not pay for."""
MOST_PARTS = 500
"""Of the validation items: a proof stands in the journal with the score of each."""


@dataclass
class Retraining:
    """Trains experiments beside each other, for what they reach."""

    ctx: Context
    journal: Journal

    def best(
        self,
        experiment: Experiment,
        data: Splits,
        chain: tuple[str, ...],
        *,
        declared: bool,
        again: bool = False,
    ) -> Result:
        """The best of a few rates, or at the declared one, from the run's own seed; `again` from
        another one.

        Raises:
            TimeUp: the rest of the run's time does not suffice.

        """
        own = [experiment.lr] if experiment.lr is not None else []
        usual = [lr for lr in usual_rates(experiment) if lr not in own]
        rates = own if own and declared else [*own, *usual][:RATES_TRIED]
        seed = derive_seed(self.ctx.seed, "proof", "again") if again else self.ctx.seed
        results = [self._fit(experiment, lr, data, chain, seed, whole=declared) for lr in rates]
        return max(results, key=lambda result: rank(result.score, result.loss))

    def parts_of(self, trial: Trial) -> tuple[tuple[float, ...], ...]:
        """What the score of a trial of the run adds up, by parts of the validation items, so that
        it can be compared item by item; empty where its weights are gone, or it does not add up.
        """
        name = key("parts", self.ctx.runner.fingerprint, trial.key)
        known: dict[str, Any] | None = self.journal.get("proof", name)
        if known is None:
            known = {"parts": self._parts_again(trial)}
            self.journal.put("proof", name, known)
        return tuple(map(tuple, known["parts"]))

    def _parts_again(self, trial: Trial) -> list[list[float]]:
        ctx, data = self.ctx, self.ctx.data.val
        if trial.val_score is None or not ctx.checkpoints.path(trial).exists():
            return []
        experiment = ctx.experiment_of(trial)
        try:
            model = build_model(experiment, 0, ctx.device)
            model.load_state_dict(load(ctx.runner.weights(trial, experiment)), strict=False)
            sums = part_sums(experiment, model_outputs(model, data), len(data), MOST_PARTS)
        except UNUSABLE:
            return []
        return [] if sums is None else sums.double().flatten(1).tolist()

    def _fit(
        self,
        experiment: Experiment,
        lr: float,
        data: Splits,
        chain: tuple[str, ...],
        seed: int,
        *,
        whole: bool,
    ) -> Result:
        per_epoch = iterations_per_epoch(data.train, experiment.batch_size)
        declared = experiment.epochs or 1
        least = max(math.ceil(LEAST_ITERATIONS / per_epoch), math.ceil(LEAST_SHARE * declared))
        epochs = declared if whole else min(declared, least)
        spec = experiment.with_params({"lr": lr, "epochs": epochs})
        name = key("proof", self.ctx.runner.fingerprint, seed, chain, configuration(spec))
        known: dict[str, Any] | None = self.journal.get("proof", name)
        if known is None:
            try:
                check(before=self.ctx.lasts(epochs))
                known = self._trained(spec, data, epochs, seed)
            except TimeUp:
                self.journal.put("proof", name, CUT_OFF)
                raise
            self.journal.put("proof", name, known)
        elif known == CUT_OFF:
            raise TimeUp
        if name not in self.ctx.runner.counted:
            self.ctx.runner.counted.add(name)
            self.ctx.meter.spend(known["epochs"])
        parts = tuple(map(tuple, known.get("parts", ())))
        task = type(experiment.resolved_task).__name__
        return Result(known["score"], known["loss"], known.get("wanders", 0.0), parts, task)

    def _trained(
        self, experiment: Experiment, data: Splits, epochs: int, seed: int
    ) -> dict[str, Any]:
        try:
            training = Training(
                experiment, data, seed=seed, device=self.ctx.device,
                mode=self.ctx.careful_mode,
            )  # fmt: skip
            fit = Fit(training, epochs)
            fit.advance(epochs)
        except UNUSABLE:
            return {"score": None, "loss": None, "epochs": 0, "failed": True}
        loss = fit.best_loss if fit.best_score is not None else comparable_loss(fit)
        wanders = fluctuation(fit.curves.get("val_score", []))
        found = {"score": fit.best_score, "loss": loss, "epochs": fit.done, "wanders": wanders}
        return found | {"parts": self._parts(fit) if fit.best_score is not None else []}

    def _parts(self, fit: Fit) -> list[list[float]]:
        """What the best score adds up, by parts of the validation items."""
        training = fit.training
        training.model.load_state_dict(fit.weights())
        data = training.data.val
        batches = model_outputs(training.model, data)
        sums = part_sums(training.experiment, batches, len(data), MOST_PARTS)
        return [] if sums is None else sums.double().flatten(1).tolist()
