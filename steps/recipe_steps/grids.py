"""What the coarse and the refined grid share: their evidence, figure and bookkeeping."""

from collections.abc import Sequence

from recipe.plugin import Evidence, Figure, Scalar, Trial

MAP = Figure(
    "map",
    "Validation score over learning rate and weight decay",
    series=("val_score", "weight_decay"),
    kind="map",
    x="lr",
    x_label="learning rate",
    y_label="weight decay",
    log_x=True,
    log_y=True,
    caption="The best validation score at every learning rate and weight decay that was tried: the "
    "winner is framed, and a cross was stopped, failed or diverged before it had a score.",
)


def number(value: Scalar) -> float | None:
    """A parameter as a number, None for text."""
    return float(value) if isinstance(value, int | float) else None


def runner_up(trials: Sequence[Trial], best: Trial | None) -> float | None:
    """The best score of the other trials that were trained to their end and not set aside."""
    ended = (t for t in trials if t.status == "finished" and not t.set_aside)
    others = (t.val_score for t in ended if t is not best)
    return max((score for score in others if score is not None), default=None)


def grid_evidence(trials: Sequence[Trial], best: Trial | None, more: dict[str, Scalar]) -> Evidence:
    """Columns of the grid, and its best cell."""
    scalars: dict[str, Scalar] = {
        "trials": len(trials),
        "diverged": sum(trial.status == "diverged" for trial in trials),
        "failed": sum(trial.status == "failed" for trial in trials),
        "first_failure": next((t.reason for t in trials if t.status == "failed"), None),
        "epochs": sum(trial.trained for trial in trials),
        "batch_sizes": len({t.params["batch_size"] for t in trials if "batch_size" in t.params}),
        **more,
    }
    if best is not None:
        scalars |= {"best_score": best.val_score, "best_loss": best.val_loss}
        scalars |= {f"best_{name}": value for name, value in best.params.items()}
    return Evidence(
        scalars,
        {
            "lr": tuple(number(trial.params.get("lr")) for trial in trials),
            "weight_decay": tuple(number(trial.params.get("weight_decay")) for trial in trials),
            "val_score": tuple(trial.val_score for trial in trials),
            "val_loss": tuple(trial.val_loss for trial in trials),
            "epochs": tuple(trial.trained for trial in trials),
        },
    )
