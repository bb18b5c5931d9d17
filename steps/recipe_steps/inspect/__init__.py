"""Look at the data and the model before anything is trained."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, read_examples
from recipe_steps import label_rules
from recipe_steps.inspect import (
    model_rules,
    rules,
    scale_rules,
    sequence_rules,
    split_rules,
    state_rules,
)

if TYPE_CHECKING:
    from recipe.plugin import Context


class Inspect:
    """Shapes, ranges, labels, overlap between training and validation."""

    name = "inspect"
    title = "Inspect data and model"
    why = (
        "Faults in data and model are cheapest to find before anything is trained. Labels that do "
        "not match, inputs of a wild scale, items that stand in both training and validation or "
        "weights that no gradient reaches spoil whatever follows, and no learning rate makes up "
        "for them."
    )
    says = "{train_items} training items, {val_items} to validate"
    version = 12
    short = True
    always = True
    requires: frozenset[str] = frozenset()
    rules = (
        *rules.RULES, *split_rules.RULES, *sequence_rules.RULES, *model_rules.RULES,
        *scale_rules.RULES, *state_rules.RULES, *label_rules.RULES,
    )  # fmt: skip

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def measure(self, ctx: "Context") -> Evidence:
        """Measure on all data; one forward pass of a fresh model."""
        from recipe_steps.inspect.measure import measure

        return measure(ctx)
