"""What `recipe.watch` costs, and whether the losses stay the same: runs with and without, in turn.

    python tests/benchmarks/watch_cost.py [--pairs N] [--only NAME ...] [--write]

Seconds of the processor are compared, since other work beside it makes the clock's unsteady; both
are shown. What is timed is the loop from its first to its last iteration, validations and judgement
included; importing before it and writing the report behind it are not.
"""

import argparse
import os
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median, stdev

os.environ.setdefault("KERAS_BACKEND", "torch")
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import recipe
from recipe.watching.watch import Watch

PAGE = Path(__file__).with_name("WATCH.md")
ITEMS, BATCH, EPOCHS = 1280, 64, 8


def images():
    source = torch.Generator().manual_seed(0)
    y = torch.randint(0, 10, (ITEMS,), generator=source)
    return torch.randn(ITEMS, 3, 16, 16, generator=source) + y[:, None, None, None] / 5, y


def cnn(width=24):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1), nn.BatchNorm2d(2 * width), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(2 * width, 10),
    )  # fmt: skip


class Clock:
    """Seconds of the processor and of the wall."""

    def __init__(self):
        self.began = time.process_time(), time.perf_counter()

    def read(self):
        return time.process_time() - self.began[0], time.perf_counter() - self.began[1]


def plain(watch, *, model=cnn, data=images, epochs=EPOCHS, every=1, dtype=None, batch=BATCH):
    x, y = data()
    made = model()
    optimizer = torch.optim.SGD(made.parameters(), 0.05, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", enabled=dtype is not None)
    held = watch(made, optimizer) if watch else None
    torch.manual_seed(1)
    losses = []
    clock = Clock()
    for _ in range(epochs):
        made.train()
        for i, part in enumerate(torch.randperm(len(x)).split(batch)):
            with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
                loss = F.cross_entropy(made(x[part]), y[part])
            scaler.scale(loss / every).backward()
            losses.append(loss.detach())
            if held:
                held.step(loss)
            if i % every == every - 1:
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
        made.eval()
        with torch.no_grad():
            outputs = made(x[:256])
            scored = (
                F.cross_entropy(outputs, y[:256]).item(),
                (outputs.argmax(1) == y[:256]).float().mean().item(),
            )
        if held:
            held.val(loss=scored[0], score=scored[1])
    took = clock.read()
    if held:
        held.close()
    return took, torch.stack(losses)


def mixed(watch):
    return plain(watch, every=4, dtype=torch.bfloat16, epochs=2)


def table(width=128):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)
    )


def rows():
    source = torch.Generator().manual_seed(0)
    y = torch.randint(0, 10, (6400,), generator=source)
    return torch.randn(6400, 64, generator=source) + y[:, None] / 5, y


def small(watch):
    """Iterations of less than a millisecond."""
    return plain(watch, model=table, data=rows, epochs=8, batch=32)


def lightning(watch):
    import lightning as L

    class Net(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = cnn()

        def training_step(self, batch, batch_idx):
            return F.cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch, batch_idx):
            self.log("val_loss", F.cross_entropy(self.net(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.05, momentum=0.9)

    class Kept(L.Callback):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            if not kept:
                kept.append(Clock())

        def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
            losses.append(outputs["loss"].clone())

        def on_train_epoch_end(self, trainer, module):
            took.append(kept[0].read())

    kept, losses, took = [], [], []
    L.seed_everything(1, verbose=False)
    loader = DataLoader(TensorDataset(*images()), BATCH, shuffle=True)
    val = DataLoader(TensorDataset(*(part[:256] for part in images())), BATCH)
    watching = [recipe.LightningWatch(**watch.given)] if watch else []
    trainer = L.Trainer(
        logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu",
        enable_model_summary=False, max_epochs=EPOCHS, callbacks=[Kept(), *watching],
    )  # fmt: skip
    trainer.fit(Net(), loader, val)
    return took[-1], torch.stack(losses)


def trainer(watch):
    import transformers as tf

    class Kept(tf.TrainerCallback):
        def on_step_begin(self, args, state, control, **given):
            if not kept:
                kept.append(Clock())

        def on_log(self, args, state, control, logs=None, **given):
            if "loss" in logs:
                losses.append(logs["loss"])

        def on_epoch_end(self, args, state, control, **given):
            took.append(kept[0].read())

    kept, losses, took = [], [], []
    torch.manual_seed(0)
    made = tf.BertForSequenceClassification(tf.BertConfig(
        hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=256,
        vocab_size=100, max_position_embeddings=32, num_labels=4,
    ))  # fmt: skip
    source = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 100, (960, 32), generator=source)
    items = [{"input_ids": row, "labels": int(row[0]) % 4} for row in ids]
    with tempfile.TemporaryDirectory() as folder:
        arguments = tf.TrainingArguments(
            folder, num_train_epochs=2, per_device_train_batch_size=16, report_to="none", use_cpu=True,
            save_strategy="no", logging_steps=1, disable_tqdm=True, learning_rate=1e-3,
        )  # fmt: skip
        callbacks = [Kept(), *([recipe.TrainerWatch(**watch.given)] if watch else [])]
        made = tf.Trainer(model=made, args=arguments, train_dataset=items, callbacks=callbacks)
        made.remove_callback(tf.trainer_callback.PrinterCallback)
        made.train()
    return took[-1], torch.tensor(losses)


def keras(watch):
    import keras as k

    class Kept(k.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if not kept:
                kept.append(Clock())

        def on_train_batch_end(self, batch, logs=None):
            losses.append(logs["loss"])

        def on_epoch_end(self, epoch, logs=None):
            took.append(kept[0].read())

    kept, losses, took = [], [], []
    k.utils.set_random_seed(0)
    x, y = (part.numpy() for part in images())
    made = k.Sequential([
        k.Input((3, 16, 16)), k.layers.Conv2D(24, 3, padding="same", data_format="channels_first", activation="relu"),
        k.layers.MaxPooling2D(2, data_format="channels_first"),
        k.layers.Conv2D(48, 3, padding="same", data_format="channels_first", activation="relu"),
        k.layers.GlobalAveragePooling2D(data_format="channels_first"), k.layers.Dense(10),
    ])  # fmt: skip
    made.compile(
        k.optimizers.SGD(0.05),
        k.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    callbacks = [Kept(), *([recipe.KerasWatch(**watch.given)] if watch else [])]
    made.fit(
        x,
        y,
        BATCH,
        epochs=EPOCHS,
        verbose=0,
        validation_data=(x[:256], y[:256]),
        callbacks=callbacks,
    )
    return took[-1], torch.tensor(losses)


LOOPS = {
    "plain loop, small CNN": plain,
    "plain loop, MLP, under a millisecond": small,
    "AMP, accumulation over 4": mixed,
    "Lightning, small CNN": lightning,
    "transformers Trainer, small BERT": trainer,
    "Keras 3 on torch, small CNN": keras,
}


SPENT = []
"""Of every watch the share of the time that it counted itself."""
closed = Watch.close


def close(self, **given):
    pace = self.listener.pace
    if not self.closed:
        SPENT.append(pace.spent / (pace.clock() - pace.began))
    return closed(self, **given)


Watch.close = close


class Watching:
    """Makes watches that write into a folder and say nothing."""

    def __init__(self, folder):
        self.given = {"out": folder, "say": lambda _: None}

    def __call__(self, model, optimizer):
        return recipe.watch(model, optimizer, **self.given)


def measured(loop, pairs):
    """(cpu without, cpu with, wall without, wall with, iterations, same losses)."""
    found = {False: [], True: []}
    losses = {}
    SPENT.clear()
    with tempfile.TemporaryDirectory() as folder:
        loop(None)  # what is done once
        for number in range(pairs):
            for watched in (False, True) if number % 2 == 0 else (True, False):
                took, made = loop(Watching(folder) if watched else None)
                found[watched].append(took)
                same = torch.equal(losses.setdefault("first", made), made)
                losses["same"] = losses.get("same", True) and same
    return found, len(losses["first"]), losses["same"]


def row(name, found, iterations, same):
    without, watched = ([took[0] for took in found[key]] for key in (False, True))
    walls = [median(took[1] for took in found[key]) for key in (False, True)]
    ratios = [b / a for a, b in zip(without, watched, strict=True)]
    spread = stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else 0.0
    counted = 100 * median(SPENT)
    per = 1000 * median(without) / iterations
    lowest = min(watched) / min(without) - 1
    return (
        f"| {name} | {per:.2f} | {100 * (median(watched) / median(without) - 1):+.1f} % "
        f"(± {100 * spread:.1f}) | {100 * lowest:+.1f} % | {100 * (walls[1] / walls[0] - 1):+.1f} % | {counted:.1f} % | {'yes' if same else 'NO'} |"
    )


HEAD = """# What watching costs

`python tests/benchmarks/watch_cost.py --write`: runs without a watch and with one, in turn, one
thread, two processor cores. The share that watching may take was 3 %. Seconds of the processor are
compared, of medians (± the standard error of the ratios of neighbours) and of the fastest runs;
those of the clock are beside them. `counted` is what the watch measured of itself, by the clock of
its thread; where the load by other work is above one for a core, that is the figure to trust: the
same loop twice then differs by several per cent. Losses are compared bit for bit.

| loop | pairs | load | ms an iteration | processor, medians | processor, fastest | clock, medians | counted | same losses |
|---|---|---|---|---|---|---|---|---|
"""


def kept_rows():
    """Those of the page, by the name of the loop."""
    lines = PAGE.read_text("utf-8").splitlines() if PAGE.exists() else []
    cells = [line.split(" | ") for line in lines if line.startswith("| ")]
    return {cell[0].removeprefix("| "): " | ".join(cell) for cell in cells if len(cell) > 8}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--only", nargs="*", default=list(LOOPS))
    parser.add_argument("--write", action="store_true", help="the other rows of the page stay")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rows = kept_rows()
    for name in given.only:
        before = os.getloadavg()[0]
        made = row(name, *measured(LOOPS[name], given.pairs))
        load = (before + os.getloadavg()[0]) / 2
        rows[name] = made.replace(f"| {name} |", f"| {name} | {given.pairs} | {load:.1f} |")
        print(rows[name], flush=True)
        if given.write:
            PAGE.write_text(HEAD + "\n".join(rows[n] for n in LOOPS if n in rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
