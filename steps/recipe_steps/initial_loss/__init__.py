"""Step 1: a model that knows nothing yet has a known loss."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, Figure, read_examples
from recipe_steps.initial_loss import rules

if TYPE_CHECKING:
    from recipe.plugin import Context


class InitialLoss:
    """Softmax cross-entropy starts at log(C); each task has such a value."""

    name = "initial_loss"
    title = "Check the initial loss"
    why = (
        "A fresh model knows nothing, so its loss is known: log C for softmax with C classes. Any "
        "other value means that outputs, loss or initialisation are not what they seem. Weight "
        "decay is off while it is measured, since it would add to the loss."
    )
    says = "loss {loss}, expected {expected}"
    version = 10
    short = True
    always = True
    requires = frozenset({"inspect"})
    rules = rules.RULES
    figures = (
        Figure(
            "loss",
            "Loss of fresh models, before any training",
            series=("eval_loss", "train_mode_loss"),
            kind="bars",
            x_label="fresh model",
            y_label="loss",
            mark_y=("expected",),
            caption="Fresh models know nothing, so every bar should reach the expected loss; one "
            "that does not points at outputs, loss or initialisation.",
        ),
        Figure(
            "gradient",
            "Gradient of each layer before training",
            series=("gradient",),
            kind="bars",
            x_label="layer",
            y_label="root mean square",
            log_y=True,
            caption="How much gradient reaches each layer, from input to output: sizes that differ "
            "by orders of magnitude, or fall to zero, speak for a bad initialisation.",
        ),
    )

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def measure(self, ctx: "Context") -> Evidence:
        """Measure the loss of several fresh models on a large sample."""
        from recipe_steps.initial_loss.measure import measure

        return measure(ctx)
