"""The model that a run chose, from its folder: built by the factory, with the saved weights."""

import json
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from recipe.core.chosen_model import Chosen, Member
from recipe.core.errors import UsageError
from recipe.core.evidence import Evidence
from recipe.core.findings import Finding
from recipe.core.option_definitions import BY_NAME
from recipe.core.results import RunResult
from recipe.core.settings import Settings, parse
from recipe.data.datasets import Splits
from recipe.data.splitting import load_splits
from recipe.data.trees import Values
from recipe.experiment import Experiment
from recipe.machine.device import CPU, pick_device
from recipe.models.building import build_model
from recipe.notebook import origin
from recipe.notebook.run_folder import read_result
from recipe.plugin import registry
from recipe.plugin.remedy import RemedyInput
from recipe.sources.by_name import experiment_by_name
from recipe.sources.inputs_json import InputsRecord
from recipe.sources.targets import load_target
from recipe.training.models_from_weights import model_of
from recipe.training.preparation import is_lazy, prepare, with_outputs
from recipe.training.suiting import InputSuit, takes


def load(
    run: str | Path,
    experiment: Experiment | None = None,
    *,
    device: str = "cpu",
    trust: bool = False,
) -> nn.Module:
    """The model that a run ended with, in evaluation mode: a single one, an averaged one or several
    that answer together. It takes inputs as in training and gives outputs as its loss takes them;
    of data by name, `recipe predict` and `inputs.json` say how files become inputs and what outputs
    mean.

    Args:
        run: the run folder.
        experiment: what was run; needed where `recipe.run` was called from Python, else what the
            run folder names is loaded again.
        device: where to put it: `auto`, `cpu`, `cuda` or `mps`.
        trust: whether to run code that the folder names also where no run of yours called it.

    Raises:
        UsageError: no such run, no model in it, or an experiment that does not fit its weights.

    """
    result = read_result(Path(run))
    declared = experiment or experiment_of(result, Path(run), trust=trust)
    return chosen_model(as_trained(declared, result), result, Path(run), pick_device(device))


def chosen_model(
    experiment: Experiment, result: RunResult, folder: Path, device: torch.device
) -> nn.Module:
    """The model that a run chose; several answer together as they did in the run, where a declared
    loss may have said what their outputs stand for.

    Args:
        experiment: as `as_trained` gives it.
        result: of the run.
        folder: the run folder.
        device: where to put it.

    Raises:
        UsageError: no model, or weights that are missing or do not fit it.

    """
    chosen = chosen_of(result)
    if len(chosen.members) > 1 and experiment.loss is not None:
        experiment, _ = prepare(experiment, _data(experiment, result))
    return model_of(experiment, chosen, folder, device)


def experiment_of(
    result: RunResult, folder: Path, *, with_data: bool = False, trust: bool = False
) -> Experiment:
    """The experiment that a run names, loaded again; of data by name what the run folder kept of
    it, so that the data need not be there.

    Args:
        result: of the run.
        folder: the run folder.
        with_data: whether its data are needed too.
        trust: whether code that no run of this user called may be run.

    Raises:
        UsageError: it names none, it cannot be loaded, or is not trusted.

    """
    settings, kept = result.settings, InputsRecord.read(folder)
    if settings.get("target") is not None and settings.get("data") is None:
        target = str(settings["target"])
        origin.check(folder, target, Path.cwd(), trust=trust)
        return load_target(target)
    mended = [found.rule for _, found in _applied(result)]
    if kept is not None and not with_data and not mended and (light := kept.experiment()):
        return light
    if settings.get("data") is None:
        raise UsageError(
            f"The run in {str(result.folder)!r} was started from Python: pass its experiment too, "
            "as in recipe.load(RUN, experiment)."
        )
    options = Settings(**parse({name: settings.get(name) for name in BY_NAME}))
    try:
        experiment, _ = experiment_by_name(**{name: getattr(options, name) for name in BY_NAME})
    except UsageError as error:
        why = f"the run repaired {', '.join(mended)} on them" if mended else "they are asked for"
        raise UsageError(f"The training data of the run are needed ({why}): {error}") from error
    if kept is not None and not kept.agrees(experiment.inputs):
        raise UsageError(
            f"The data {settings['data']!r} are not those that the run was trained on: its "
            "inputs.json says otherwise. Put the earlier ones back, or run the recipe again."
        )
    return experiment


def _applied(result: RunResult) -> list[tuple[Evidence, Finding]]:
    """Findings whose remedies the run applied, each rule once, and the evidence of their steps."""
    found: dict[str, tuple[Evidence, Finding]] = {}
    for step in result.steps:
        for each in step.findings:  # a later round of the step carries it along
            if each.remedy is not None and each.remedy.applied:
                found.setdefault(each.rule, (step.evidence, each))
    return list(found.values())


def chosen_of(result: RunResult) -> Chosen:
    """What the run chose; the best trial where it ended before anything was chosen.

    Raises:
        UsageError: it trained nothing.

    """
    if result.chosen is not None:
        return result.chosen
    best = result.best
    if result.interrupted:
        raise UsageError(
            f"The run in {str(result.folder)!r} was interrupted before it chose a model: go on "
            f"with 'recipe resume {result.folder}'."
        )
    if best is None or best.checkpoint is None:
        raise UsageError(
            f"The run in {str(result.folder)!r} has no trained model: it ended before a trial did."
        )
    return Chosen("single", (Member(best.params, best.checkpoint),), best.val_score, best.val_loss)


def as_trained(experiment: Experiment, result: RunResult) -> Experiment:
    """The experiment as its trials were: resolved, repaired where the run was, lazy layers given
    their sizes.

    Raises:
        UsageError: what was repaired cannot be repaired again.

    """
    resolved = experiment.resolved(result.settings.get("epochs"))
    named = [text for step in result.steps if (text := step.evidence.text(CLASSES))]
    if named:
        resolved = replace(resolved, classes=tuple(json.loads(named[0])))
    applied = _applied(result)
    for evidence, found in applied:
        resolved = _mended(resolved, result, evidence, found)
    # A model by name takes inputs as its reader gives them: it needs no data to be adapted again.
    by_name = experiment.inputs is not None and experiment.train is None
    adapted = _may_be_adapted(resolved, result) and not by_name
    if applied or is_lazy(build_model(resolved, 0, CPU)):
        resolved, _ = prepare(resolved, _data(resolved, result))
    elif adapted:
        resolved, _ = with_outputs(resolved, _data(resolved, result))
    return resolved


FEW = 2
"""Items on which a model is tried."""
CLASSES = "class_names"
"""What labels that were words stand for, in the evidence of the step that looks at the data: a list
in JSON."""
LOOKED_AT = "trainable_parameters"
"""What a step that looked at the model has counted; it then says, too, whether it was adapted."""


def _may_be_adapted(experiment: Experiment, result: RunResult) -> bool:
    """Whether the run called the model otherwise than with one tensor, or took its outputs out of
    what it returned. That is not known where it left out the step that looks at the model; of data
    by name it did not.
    """
    looked = [step.evidence for step in result.steps if LOOKED_AT in step.evidence.scalars]
    if not looked:
        return experiment.inputs is None
    return any(evidence.flag("adapted") for evidence in looked)


def _data(experiment: Experiment, result: RunResult) -> Splits:
    return load_splits(experiment, CPU, int(result.settings.get("seed") or 0))


def as_given_in_training(
    experiment: Experiment, result: RunResult, model: nn.Module, x: Values
) -> Values:
    """Inputs in the form that the run gave its model: where that refuses them as they are, what was
    done to the training data is done to them.

    Args:
        experiment: as `as_trained` gives it.
        result: of the run.
        model: of the run.
        x: inputs [n, ...] as the data of the experiment hold them.

    """
    if experiment.train is None or experiment.inputs is not None or takes(model, x[:FEW]):
        return x
    _, data = prepare(experiment, _data(experiment, result))
    for suit in data.train.suits:
        x = suit.of(x) if isinstance(suit, InputSuit) else x
    return x


def _mended(
    experiment: Experiment, result: RunResult, evidence: Evidence, found: Finding
) -> Experiment:
    """The experiment after a remedy that the run applied."""
    rules = registry.all_rules(registry.load())
    remedy = rules[found.rule].remedy if found.rule in rules else None
    fit, data = prepare(experiment, _data(experiment, result))
    mended = remedy and remedy.apply(RemedyInput(fit, data, evidence, CPU, found))
    if not mended:
        raise UsageError(
            f"The run repaired {found.rule} on the way, which cannot be done again here: fix it in "
            "the experiment, and run the recipe once more."
        )
    return mended
