"""Step 3: the learning rate that makes the loss fall fastest."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, Figure, read_examples
from recipe_steps.lr_range import rules

if TYPE_CHECKING:
    from recipe.plugin import Context, Experiment


class LrRange:
    """A sweep over rates finds the region; about 100 iterations at each candidate decide."""

    name = "lr_range"
    title = "Find the learning rate"
    why = (
        "The learning rate matters more than any other setting, so it is found before the rest. "
        "With the architecture of the step before, all data and a small weight decay, the rate is "
        "sought that makes the loss fall fastest within about a hundred iterations."
    )
    says = "best rate {best_lr}"
    version = 8
    short = True
    requires = frozenset({"overfit_sample"})
    rules = rules.RULES
    figures = (
        Figure("sweep", "Loss while the learning rate grows", ("sweep_loss", "sweep_smooth"),
               x="sweep_lr", x_label="learning rate", log_x=True,
               mark_x=("steepest_lr", "best_lr"),
               caption="The rate grows with every iteration: the loss falls fastest at the "
               "steepest rate, and where it turns up the rate is too high."),
        Figure("candidates", "Loss after 100 iterations at a constant rate", ("candidate_loss",),
               x="candidate_lr", x_label="learning rate", log_x=True,
               mark_x=("bracket_low", "best_lr", "bracket_high"), mark_y=("start_loss",),
               caption="The loss that a short training at each rate ends with: the best one, and "
               "the bracket around it, are where the grids begin."),
        Figure("norms", "Norm of the gradient at the best rate", ("norm_count",), kind="bars",
               x="norm_size", x_label="norm of the gradient", y_label="iterations",
               mark_x=("gradient_norm_50", "gradient_norm_90"),
               caption="How often the gradient had which norm: a threshold for clipping at the "
               "90th percentile cuts the rare large ones alone."),
        Figure("course", "Loss at the best rate", ("course_loss", "course_val_loss"),
               x="course_iteration", x_label="iterations",
               caption="Loss in training and of validation items, every ten iterations."),
        Figure("above", "Loss at twice the best rate", ("above_loss", "above_val_loss"),
               x="above_iteration", x_label="iterations", mark_y=("unsteadied_loss",),
               caption="The best rate is near one that diverges: where twice of it is unstable, "
               "warm-up or clipping may let a higher rate learn."),
        Figure("throughput", "Items per second by batch size", ("items_per_second",),
               x="batch_sizes", x_label="batch size", y_label="items per second", log_x=True,
               mark_x=("batch_size", "noise_scale"),
               caption="Where the line is flat, larger batches take as long per item; beyond the "
               "noise scale of the gradient they need hardly fewer steps."),
    )  # fmt: skip

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def expects(self, ctx: "Context", left: float | None) -> float:
        """Epochs of sweeps and candidates."""
        from recipe_steps.lr_range.measure import expects

        return expects(ctx, left)

    def applies(self, experiment: "Experiment") -> bool:
        """Not to transfer learning, which finds the rate of its head by itself."""
        return experiment.head is None

    def measure(self, ctx: "Context") -> Evidence:
        """Sweep fresh models, then try constant rates around the steepest fall."""
        from recipe_steps.lr_range.measure import measure

        return measure(ctx)
