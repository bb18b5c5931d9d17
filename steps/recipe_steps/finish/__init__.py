"""The end: averaged weights, ensembles, the choice of a model, and the test data once."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, Figure, read_examples
from recipe_steps.finish import rules

if TYPE_CHECKING:
    from recipe.plugin import Context


class Finish:
    """Chooses the model to use, of what the search trained and of more trainings where asked."""

    name = "finish"
    title = "Finish"
    why = (
        "Several models together beat each of them, and only data that nobody chose by say how "
        "good one is. Trainings from other seeds, snapshots of one training and running averages "
        "of weights are the usual last points. The test data come at the very end, once, for the "
        "model that was chosen."
    )
    says = "{chosen} model, score {chosen_score}"
    version = 4
    needs = 0.02
    requires = frozenset({"learning_curves"})
    rules = rules.RULES
    figures = (
        Figure("ensemble", "Score of several trainings together", ("together_score", "seed_score"),
               x="size", x_label="trainings", y_label="validation score",
               mark_y=("single_score",),
               caption="The score of the first trainings together, and of each of them alone: "
               "where the line is flat, more of them bring nothing."),
        Figure("greedy", "Score of the models that add most", ("greedy_score",),
               x="greedy_size", x_label="models", y_label="validation score",
               mark_y=("single_score",),
               caption="Of all the models that were trained, in the order in which each of them "
               "adds most on the validation data."),
        Figure("classes", "Share of right answers by class", ("class_right",), kind="bars",
               x="class_number", x_label="class", y_label="share of right answers",
               mark_y=("chosen_score",),
               caption="How much of each class of the validation data the chosen model is right "
               "about: what a single score over all of them hides."),
        Figure("threshold", "Precision and recall by threshold", ("precision", "recall"),
               x="threshold", x_label="probability from which the answer is yes",
               y_label="share",
               caption="Of the items that are answered yes, the share that is right (precision), "
               "and of those that are yes, the share that is found (recall), by where the line is "
               "drawn."),
    )  # fmt: skip

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def expects(self, ctx: "Context", left: float | None) -> float:
        """Epochs of the final trainings."""
        from recipe_steps.finish.measure import expects

        return expects(ctx, left)

    def measure(self, ctx: "Context") -> Evidence:
        """Compare, choose, and look at the test data once."""
        from recipe_steps.finish.measure import measure

        return measure(ctx)
