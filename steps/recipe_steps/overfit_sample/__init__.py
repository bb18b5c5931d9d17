"""Step 2: a sound model can memorize a few minibatches."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, Figure, read_examples
from recipe_steps.overfit_sample import accumulation_rules, control_rules, rules, update_rules

if TYPE_CHECKING:
    from recipe.plugin import Context


class OverfitSample:
    """Perfect score on a small sample, with all regularisation switched off."""

    name = "overfit_sample"
    title = "Overfit a small sample"
    why = (
        "A model that cannot memorize a few minibatches will not learn the whole data set. "
        "With all regularisation off, architecture, rate and initialisation alone decide: a loss "
        "that does not fall speaks for a rate too low or a bad initialisation, one that explodes "
        "for a rate too high."
    )
    says = "{items} items, score {best_score} after {passes} passes"
    version = 7
    short = True
    always = True
    requires = frozenset({"initial_loss"})
    rules = (*update_rules.RULES, *accumulation_rules.RULES, *rules.RULES, *control_rules.RULES)
    figures = (
        Figure("loss", "Loss on the sample at the best rate",
               ("loss", "loss_without_inputs"), x_label="pass over the sample", log_y=True,
               caption="A model that can learn at all drives the loss of a few minibatches towards "
               "its floor; with the same inputs for every item it cannot."),
        Figure("score", "Score on the sample at the best rate", ("score",),
               x_label="pass over the sample", y_label="score", mark_y=("perfect",),
               caption="All of the sample should be memorized: the score reaches the perfect "
               "one."),
        Figure("answers", "Labels and answers in the end", ("label", "answer"), "dots",
               x_label="item of the sample, in the order of the labels", y_label="label",
               caption="Every answer should lie on its label: the items that do not are those that "
               "the model cannot learn."),
        Figure("right", "Probability of the right answer on the way",
               ("right_lowest_tenth", "right_middle", "right_highest_tenth"), x="watched_pass",
               x_label="pass over the sample", y_label="probability",
               caption="Quantiles over the same items: smooth curves are a sound rate, jagged ones "
               "one that is too high."),
        Figure("errors", "Errors on the way",
               ("error_lowest_tenth", "error_middle", "error_highest_tenth"), x="watched_pass",
               x_label="pass over the sample", y_label="size of the error", log_y=True,
               caption="Quantiles over the same items: smooth curves are a sound rate, jagged ones "
               "one that is too high."),
    )  # fmt: skip

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def measure(self, ctx: "Context") -> Evidence:
        """Train on the sample at several rates until one of them has learnt it."""
        from recipe_steps.inspect.splits import repeats_by_chance
        from recipe_steps.overfit_sample.measure import measure

        evidence, inputs = measure(ctx), getattr(ctx.data.train, "x", None)
        if inputs is None or evidence.number("repeated_share") is None:
            return evidence
        chance = {"repeats_by_chance": repeats_by_chance(inputs)}
        return replace(evidence, scalars={**evidence.scalars, **chance})
