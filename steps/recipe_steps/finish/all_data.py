"""The best setting once more, on training and validation data together: what a product is made of
when everything is decided.
"""

from dataclasses import replace

from recipe.plugin import (
    Context,
    Fit,
    Scalar,
    Splits,
    TensorData,
    Training,
    Trial,
    configuration,
    join,
    key,
    snapshot_of,
    write_bytes,
)

FILE = "all-data.safetensors"
"""In the run folder."""
VERSION = 1
LATE = 0.75
"""Share of a training behind which its best epoch says nothing against all of it."""


def train_on_all(ctx: Context, best: Trial) -> dict[str, Scalar]:
    """Train, and keep the weights at the end, of which no data are left to tell a score.

    As long as the best trial was planned; where its best epoch came before three quarters of that,
    as long as that. Written down in the journal, and not trained again where the file is there.
    """
    train, val = ctx.data.train, ctx.data.val
    if not isinstance(train, TensorData) or not isinstance(val, TensorData):
        ctx.meter.leave_out(f"{ctx.step}: a training on all data", "they are read anew each time")
        return {}
    epochs = _length(best)
    experiment = replace(ctx.experiment_of(best), epochs=epochs)
    label = key("all data", VERSION, ctx.runner.fingerprint, configuration(experiment), ctx.seed)
    path = ctx.runner.folder / FILE
    if ctx.runner.journal.get("all data", label) is None or not path.exists():
        from safetensors.torch import save

        together = replace(train, x=join([train.x, val.x]), y=join([train.y, val.y]))
        training = Training(
            experiment, Splits(together, val), seed=ctx.seed, device=ctx.device,
            mode=ctx.runner.mode.single,
        )  # fmt: skip
        fit = Fit(training, epochs)
        fit.advance(epochs, lambda fit: ctx.progress(fit.done, epochs, "training on all data"))
        if fit.status == "diverged":
            ctx.say("The training on all data diverged: its weights are not kept.")
            return {}
        write_bytes(path, save(snapshot_of(training.model)))
        ctx.runner.journal.put("all data", label, {"epochs": fit.done})
    ctx.meter.spend(epochs)
    return {"all_data_file": FILE, "all_data_items": len(train) + len(val),
            "all_data_epochs": epochs}  # fmt: skip


def _length(best: Trial) -> int:
    planned = best.planned_epochs
    if best.best_epoch is None or best.best_epoch + 1 >= LATE * planned:
        return planned
    return best.best_epoch + 1
