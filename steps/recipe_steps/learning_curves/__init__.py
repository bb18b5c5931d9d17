"""Step 6: read the learning curves; step 7: go back to the grid with what they say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipe.plugin import Evidence, Figure, Finding, Goto, read_examples
from recipe_steps.learning_curves import rounds, rules

if TYPE_CHECKING:
    from recipe.plugin import Context


class LearningCurves:
    """The lecture's diagnoses of the best run and of the baseline."""

    name = "learning_curves"
    title = "Look at the learning curves"
    why = (
        "The curves say what holds the score back, and so what to change next. A gap that widens "
        "is overfitting, no gap at a poor score underfitting; a loss that still falls wants more "
        "epochs, one that stands still a lower rate, and one that stops at once after a decay was "
        "decayed too early. Then it is back to the grid with what they say."
    )
    says = "best epoch {best_kept_epoch} of {best_planned_epochs}"
    version = 15
    needs = 0.03
    requires = frozenset({"refine_grid"})
    reads_logs = True
    rules = rules.RULES
    figures = (
        Figure("loss", "Loss of the best run", ("best_train_loss", "best_val_loss"),
               x_label="epoch", mark_x=("best_kept_epoch",),
               caption="Training and validation loss up to the end of the best run: a gap that "
               "widens is overfitting, two curves that still fall want more epochs."),
        Figure("score", "Score of the best run", ("best_train_score", "best_val_score"),
               x_label="epoch", y_label="score", mark_x=("best_kept_epoch",),
               caption="Training and validation score of the best run: the weights of the kept "
               "epoch are those that were saved."),
        Figure("baseline", "Loss of the baseline", ("baseline_train_loss", "baseline_val_loss"),
               x_label="epoch", mark_x=("baseline_kept_epoch",),
               caption="The same with the settings that the experiment declares, to compare."),
        Figure("schedule", "Learning rate of the best run", ("best_lr",),
               x_label="epoch", y_label="learning rate",
               caption="The rate at the end of every epoch: a loss that stands still before it "
               "falls wants an earlier decay."),
        Figure("updates", "Ratio of update to weight norms in the best run",
               ("best_update_ratio",), x_label="epoch", y_label="update / weight", log_y=True,
               caption="How far one update moves the weights, as a share of their size: about a "
               "thousandth is usual."),
        Figure("units", "Dead and saturated units in the best run",
               ("best_dead_units", "best_saturated_units"), x_label="epoch", y_label="share",
               caption="The share of dead and of saturated units in the worst layer: next to "
               "nothing is learned through them."),
        Figure("gradient", "Norm of the gradient in the best run", ("best_grad_norm",),
               x_label="epoch", y_label="norm", log_y=True,
               caption="The gradient of every epoch: it shrinks as training settles, and peaks are "
               "updates that went too far."),
        Figure("mistakes", "What the best model gets wrong", ("mistakes",), "sheet",
               caption="The validation items that it answers worst, the surest mistakes first: "
               "what it says, how surely, and what the label is."),
        Figure("filters", "Filters of the first layer", ("filters",), "sheet",
               caption="What the first layer of the best model looks for, each filter from its "
               "smallest weight in black to its largest in white: noise is a layer that learnt "
               "little, or has too many filters."),
        Figure("classes", "Recall of each class", ("recall_by_class",), "bars",
               x="class_number", x_label="class", y_label="share that is right",
               caption="Of the validation items of each class the share that the best model "
               "answers rightly."),
        Figure("values", "Predicted and true values", ("true_value", "predicted_value"), "dots",
               x="true_value", x_label="true value", y_label="value",
               caption="Validation items by their true value: a perfect model lies on the line "
               "of true values."),
    )  # fmt: skip

    @property
    def examples(self) -> Mapping[str, Evidence]:
        """Small evidence on which the rules fire, read when it is asked for."""
        return read_examples(__file__)

    def measure(self, ctx: "Context") -> Evidence:
        """Collect the curves of the best trial and of the baseline."""
        from recipe_steps.learning_curves.measure import measure

        return measure(ctx)

    def goto(
        self, evidence: Evidence, findings: tuple[Finding, ...], ctx: "Context"
    ) -> Goto | None:
        """The next round of the refined grid, or None when nothing actionable was found."""
        grid = ctx.evidence("refine_grid")
        adopted = grid.flag("adopted") if grid and "adopted" in grid.scalars else None
        return rounds.next_round(
            evidence, findings, dict(ctx.plan), adopted=adopted, left=ctx.epochs_left
        )
