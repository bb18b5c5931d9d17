"""Transfer learning: the head alone, then fine-tuning, against training from scratch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, Figure, read_examples
from recipe_steps.transfer import rules

if TYPE_CHECKING:
    from recipe.plugin import Context, Experiment


class Transfer:
    """How far the features of a pretrained model go, and how much of it is worth training."""

    name = "transfer"
    title = "Transfer what was learnt before"
    why = (
        "A head on frozen features is the cheapest model, and what fine-tuning has to beat. "
        "Its features are computed once, so its rate is found by whole trainings. From the trained "
        "head the model is fine-tuned at a tenth of that rate with more and fewer of its blocks "
        "frozen, then at other rates: a fresh head would send large gradients through features "
        "that were good. The same model from scratch says what the pretrained weights are worth."
    )
    says = "head alone {probe_score}, fine-tuned {tuned_said}, from scratch {scratch_said}"
    version = 3
    needs = 0.2
    requires = frozenset({"overfit_sample"})
    rules = rules.RULES
    figures = (
        Figure("depth", "Score over the blocks that are trained", ("depth_score",),
               x="depth_trained", x_label="trained blocks below the head", y_label="score",
               mark_y=("scratch_score",),
               caption="From the head alone on the left to the whole model on the right; the line "
               "is the same model trained from scratch."),
        Figure("profile", "What the features after each block tell", ("profile_score",),
               x="profile_block", x_label="block", y_label="score of a linear model",
               caption="A linear model on the pooled features after every block of the pretrained "
               "model: where it stops to rise, later blocks are about the task they come from."),
    )  # fmt: skip

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def applies(self, experiment: "Experiment") -> bool:
        """Where a head is declared."""
        return experiment.head is not None

    def expects(self, ctx: "Context", left: float | None) -> float:
        """Epochs of fine-tuning and of training from scratch."""
        from recipe_steps.transfer.measure import expects

        return expects(ctx, left)

    def measure(self, ctx: "Context") -> Evidence:
        """Train the head alone, the model from the trained head, and the model from scratch."""
        from recipe_steps.transfer.measure import measure

        return measure(ctx)
