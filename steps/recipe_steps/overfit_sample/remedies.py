"""What a program can do about a sample that is not learnt."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recipe.plugin import Remedy, RemedyInput

if TYPE_CHECKING:
    from recipe.plugin import Experiment


def _usual_optimizer(subject: RemedyInput) -> "Experiment | None":
    from recipe_steps.overfit_sample.optimizer_settings import with_usual_settings

    name, lr = subject.evidence.text("usual_optimizer"), subject.evidence.number("usual_lr")
    if name is None:
        return None
    usual = with_usual_settings(subject.experiment, name)
    return usual if lr is None or usual.lr is None else replace(usual, lr=lr)


def _rate_passed_on(subject: RemedyInput) -> "Experiment | None":
    """At the declared rate, or at a usual one where none is declared."""
    from recipe.plugin import usual_rates

    experiment = subject.experiment
    make = experiment.optimizer
    if isinstance(make, str):
        return None

    def obedient(params: Any, lr: float, weight_decay: float) -> Any:
        made = make(params, lr, weight_decay)
        for group in made.param_groups:
            group["lr"] = lr
        return made

    return replace(experiment, optimizer=obedient, lr=experiment.lr or usual_rates(experiment)[0])


def _without_regularisation(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import WithoutDropout

    make = subject.experiment.model
    return replace(
        subject.experiment,
        model=lambda **given: WithoutDropout(make(**given)),
        weight_decay=0.0,
    )


def _with_nonlinearities(subject: RemedyInput) -> "Experiment":
    from recipe.plugin import with_relu_between_layers

    make = subject.experiment.model

    def bent(**given: Any) -> Any:
        return with_relu_between_layers(make(**given))

    return replace(subject.experiment, model=bent)


usual_optimizer = Remedy("use the optimizer's default settings", _usual_optimizer)
pass_rate_on = Remedy("give the optimizer the rate it is asked for", _rate_passed_on)
without_regularisation = Remedy("switch dropout and weight decay off", _without_regularisation)
add_nonlinearities = Remedy("put a ReLU behind every layer but the last", _with_nonlinearities)
