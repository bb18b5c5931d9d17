"""Step 4: a coarse grid of learning rate x weight decay."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, read_examples
from recipe_steps import grids
from recipe_steps.coarse_grid import rules

if TYPE_CHECKING:
    from recipe.plugin import Context, Experiment


class CoarseGrid:
    """Short trainings around the rate of step 3; the declared setting is trial zero."""

    name = "coarse_grid"
    title = "Coarse grid"
    why = (
        "A few epochs tell the promising learning rates and weight decays from the hopeless. "
        "Both act by factors, so they are tried on a logarithmic scale around the rate of the "
        "step before, and what diverges ends early."
    )
    says = "{trials} trials, best score {best_score} at lr {best_lr}"
    version = 6
    needs = 0.15
    requires = frozenset({"lr_range"})
    rules = rules.RULES
    figures = (grids.MAP,)

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def expects(self, ctx: "Context", left: float | None) -> float:
        """Epochs of the baseline and of the grid."""
        from recipe_steps.coarse_grid.measure import expects

        return expects(ctx, left)

    def applies(self, experiment: "Experiment") -> bool:
        """Not to transfer learning, which finds the rate of its head by itself."""
        return experiment.head is None

    def measure(self, ctx: "Context") -> Evidence:
        """Train every cell for a few epochs; extend the grid when its best is at an end."""
        from recipe_steps.coarse_grid.measure import measure

        return measure(ctx)
