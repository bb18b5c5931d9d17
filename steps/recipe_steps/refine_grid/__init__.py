"""Step 5: a narrower grid around the best cell, trained to the end."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, read_examples
from recipe_steps import grids
from recipe_steps.refine_grid import rules

if TYPE_CHECKING:
    from recipe.plugin import Context


class RefineGrid:
    """Full trainings, of which the lower parts end after an eighth and a third of the epochs."""

    name = "refine_grid"
    title = "Refine the grid"
    why = (
        "What leads after a few epochs need not lead in the end: the best cells train on, longer. "
        "The grid is narrower and lies around the best so far; what falls behind is cut early."
    )
    says = "{trials} trials, best score {best_score} at lr {best_lr}"
    version = 8
    needs = 0.05
    requires = frozenset({"coarse_grid", "transfer"})
    rules = rules.RULES
    figures = (grids.MAP,)

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def expects(self, ctx: "Context", left: float | None) -> float:
        """Epochs of the first round."""
        from recipe_steps.refine_grid.measure import expects

        return expects(ctx, left)

    def measure(self, ctx: "Context") -> Evidence:
        """Train around the best cell so far, with the changes that a new round asks for."""
        from recipe_steps.refine_grid.measure import measure

        return measure(ctx)
