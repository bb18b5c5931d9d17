"""Look at the data and the model before anything is trained."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, Figure, read_examples
from recipe_steps import label_rules
from recipe_steps.inspect import (
    item_rules,
    leak_rules,
    model_rules,
    rules,
    scale_rules,
    sequence_rules,
    sharing_rules,
    split_rules,
    state_rules,
    turned_rules,
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
    version = 19
    short = True
    always = True
    requires: frozenset[str] = frozenset()
    rules = (
        *rules.RULES, *split_rules.RULES, *sequence_rules.RULES, *model_rules.RULES,
        *scale_rules.RULES, *state_rules.RULES, *sharing_rules.RULES, *leak_rules.RULES,
        *turned_rules.RULES, *label_rules.RULES, *item_rules.RULES,
    )  # fmt: skip
    figures = (
        Figure("samples", "Training items as the model gets them", ("samples",), "sheet",
               caption="A few items of every class behind all that is done to them in training: "
               "labels that do not fit, and pictures that are dark, torn or turned, show here."),
        Figure("extremes", "Items at both ends", ("extremes",), "sheet",
               caption="The training items at either end of every order, with their numbers: "
               "mistakes gather there."),
        Figure("order", "Training items in order",
               ("by_brightness", "by_contrast", "by_length", "by_target", "by_distance"),
               x_label="of 200, from the least to the most", y_label="share of its own range",
               caption="Each value from its least to its most: a step at an end is a group of "
               "items apart from the others."),
    )  # fmt: skip

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def measure(self, ctx: "Context") -> Evidence:
        """Measure on all data; one forward pass of a fresh model."""
        from recipe_steps.inspect.measure import measure

        return measure(ctx)
