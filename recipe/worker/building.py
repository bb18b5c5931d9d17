"""Builds the experiment of a run from text, and sees whether it is that of the run."""

import json
from dataclasses import dataclass, replace

import torch

from recipe.core.errors import UsageError
from recipe.core.option_definitions import BY_NAME
from recipe.core.results import step_from_json
from recipe.core.settings import Settings, parse
from recipe.data.datasets import Splits
from recipe.data.disk_cache import read_by_several
from recipe.data.splitting import load_splits
from recipe.experiment import Experiment
from recipe.plugin import registry
from recipe.plugin.remedy import Remedy, RemedyInput
from recipe.search.order import Order, Repair, difference, order_from_json, versions
from recipe.sources.targets import load_target
from recipe.training.fingerprint import fingerprint, identity
from recipe.training.preparation import prepare


@dataclass(frozen=True)
class Built:
    """An experiment that is ready, and its data."""

    experiment: Experiment
    data: Splits


class Builder:
    """Builds what a run orders; what several orders have in common is built once."""

    def __init__(self, place: str, device: torch.device) -> None:
        self.place, self.device = place, device
        self.declared: dict[str, Built] = {}

    def build(self, values: dict[str, object]) -> Built:
        """The experiment of an order, and its data.

        Raises:
            UsageError: it cannot be loaded here, or is another one than the run's.

        """
        order = order_from_json(values)
        self._check(order.versions, versions())
        name = json.dumps([order.target, order.named, order.epochs, order.seed], sort_keys=True)
        if name not in self.declared:
            self.declared = {name: self._declared(order)}
        built = self.declared[name]
        for repair in order.repairs:
            built = self._repaired(built, Repair(**repair), order.seed)
        built = replace(built, experiment=replace(
            built.experiment, fits_batch=False, **order.settings))  # fmt: skip
        self._check(order.identity, identity(built.experiment, built.data, order.seed))
        return built

    def _declared(self, order: Order) -> Built:
        resolved = _loaded(order).resolved(order.epochs)
        with read_by_several():
            data = load_splits(resolved, self.device, order.seed)
        resolved = replace(resolved, classes=data.classes or resolved.classes)
        self._check({"experiment": order.fingerprint}, {"experiment": fingerprint(resolved, data)})
        return Built(*prepare(resolved, data))

    def _check(self, wanted: dict[str, str], found: dict[str, str]) -> None:
        if said := difference(wanted, found):
            raise UsageError(f"{self.place} {said}.")

    def _repaired(self, built: Built, repair: Repair, seed: int) -> Built:
        """The experiment after a remedy, as the run applied it."""
        step = step_from_json(repair.step)
        finding = next(f for f in step.findings if f.rule == repair.rule)
        remedy = _remedy(repair)
        experiment, data = built.experiment, built.data
        subject = RemedyInput(experiment, data, step.evidence, self.device, finding)
        mended = None if remedy is None else remedy.apply(subject)
        if mended is None:
            raise UsageError(
                f"{self.place} cannot repair {repair.rule} as this process did: fix it in the "
                "experiment, and run again."
            )
        if mended.train is not experiment.train or mended.val is not experiment.val:
            data = prepare(mended, load_splits(mended, self.device, seed))[1]
        return Built(mended, data)


def _loaded(order: Order) -> Experiment:
    if order.target is not None:
        return load_target(order.target)
    from recipe.sources.by_name import experiment_by_name  # which takes seconds

    options = Settings(**parse(order.named))
    return experiment_by_name(**{name: getattr(options, name) for name in BY_NAME})[0]


def _remedy(repair: Repair) -> Remedy | None:
    rule = registry.all_rules(registry.load()).get(repair.rule)
    if rule is None or rule.remedy is None:
        return None
    ways = (rule.remedy, *rule.remedy.alternatives)
    return next((way for way in ways if way.name == repair.remedy), None)
