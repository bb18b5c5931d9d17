"""Callbacks of frameworks, by the real libraries: the training stays as it was, bit for bit."""

import os
import sys
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import recipe
from recipe.core.errors import UsageError
from recipe.watching.told import told_metrics
from tiny import blobs

QUIET = {"say": lambda _: None, "share": 1e9}


@pytest.fixture
def given(tmp_path):
    """Arguments of a callback."""
    return {"out": tmp_path / "runs", **QUIET}


def looked_well(watch, *, iterations, points, rates=True):
    """A run folder with curves came of it."""
    record = watch.listener.record
    assert record.iterations == iterations
    assert record.points == points
    assert watch.listener.pace.looks > 3
    wanted = {"train_loss", "val_loss", "grad_norm", "update_ratio"} | ({"lr"} if rates else set())
    assert wanted <= set(record.curves), record.curves.keys()
    assert 1e-6 < record.curves["update_ratio"][-1] < 0.5
    result = watch.result
    assert (result.folder / "report.md").exists()
    assert result.verdict in ("pass", "warn")


@pytest.mark.lightning
class TestLightning:
    @staticmethod
    def trained(callbacks=(), kind=None, epochs=3, **options):
        pytest.importorskip("lightning", reason="lightning is not installed")
        import lightning as L

        from lightning_samples import Blobs, Net

        class Kept(L.Callback):
            def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
                self.losses.append(outputs["loss"].clone())

        kept = Kept()
        kept.losses = []
        L.seed_everything(3, verbose=False)
        module = (kind or Net)()
        trainer = L.Trainer(
            logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu",
            enable_model_summary=False, max_epochs=epochs, callbacks=[kept, *callbacks], **options,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.fit(module, Blobs())
        return torch.stack(kept.losses), module

    @pytest.mark.parametrize(
        "options", [{}, {"accumulate_grad_batches": 2, "gradient_clip_val": 0.5}]
    )
    def test_the_same_training(self, given, options):
        without, _ = self.trained(**options)
        callback = recipe.LightningWatch(**given)
        watched, module = self.trained([callback], **options)
        assert torch.equal(without, watched)
        looked_well(callback.watch, iterations=len(watched), points=3)
        assert not any(m._forward_pre_hooks or m._forward_hooks for m in module.modules())

    def test_what_a_training_step_divides_by_zero_is_named(self, given):
        from lightning_samples import Net

        class Late(Net):
            def training_step(self, batch, batch_idx):
                x, y = batch
                self.seen = getattr(self, "seen", 0) + 1
                outputs = self(x)
                if self.seen > 5:
                    outputs = outputs / (outputs - outputs).norm(dim=1, keepdim=True)
                return F.cross_entropy(outputs, y)

        said = []
        callback = recipe.LightningWatch(**{**given, "say": said.append})
        self.trained([callback], kind=Late, epochs=2)
        assert not [line for line in said if "watch ended" in line]
        result = callback.watch.result
        assert result.diagnosis[0] == "operation-not-finite"
        assert "a division by a norm of zero" in result.findings[0].message


@pytest.mark.transformers
class TestTransformers:
    @staticmethod
    def trained(folder, callbacks=(), **options):
        tf = pytest.importorskip("transformers", reason="transformers is not installed")
        pytest.importorskip("accelerate")
        from transformers_samples import trainer

        class Kept(tf.TrainerCallback):
            def on_log(self, args, state, control, logs=None, **_):
                if "loss" in logs:
                    self.losses.append(logs["loss"])

        kept = Kept()
        kept.losses = []
        kept_options = {
            "logging_steps": 1,
            "eval_strategy": "epoch",
            "num_train_epochs": 2,
            **options,
        }
        made = trainer(folder, options=kept_options, callbacks=[kept, *callbacks],
                       compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(1) == p.label_ids).mean())})  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made.train()
        weights = torch.cat([p.detach().flatten() for p in made.model.parameters()])
        return kept.losses, weights, made.model

    @pytest.mark.parametrize("options", [{}, {"gradient_accumulation_steps": 3}, {"bf16": True}])
    def test_the_same_training(self, tmp_path, given, options):
        losses, weights, _ = self.trained(tmp_path, **options)
        callback = recipe.TrainerWatch(**given)
        watched, same, model = self.trained(tmp_path, [callback], **options)
        assert losses == watched
        assert torch.equal(weights, same)
        looked_well(callback.watch, iterations=len(watched), points=2)
        record = callback.watch.listener.record
        assert np.allclose(record.losses, watched, atol=2e-3 if options else 1e-4)
        assert record.curves["val_score"][-1] > 0
        assert not any(m._forward_pre_hooks for m in model.modules())


def seeded_keras():
    """The library on the torch backend."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras", reason="keras is not installed")
    if keras.backend.backend() != "torch":
        pytest.skip("Keras runs on another backend")
    keras.utils.set_random_seed(0)
    return keras


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
class TestKeras:
    @staticmethod
    def trained(callbacks=(), epochs=3):
        keras = seeded_keras()
        x, y = (part.numpy() for part in blobs(240))
        model = keras.Sequential([
            keras.Input((2,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(0.1),
            keras.layers.Dense(3),
        ])  # fmt: skip
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=keras.optimizers.Adam(1e-2), loss=loss, metrics=["accuracy"])
        kept = []
        each = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda _, logs: kept.append(logs["loss"])
        )
        model.fit(x[:160], y[:160], batch_size=16, epochs=epochs, verbose=0,
                  validation_data=(x[160:], y[160:]), callbacks=[each, *callbacks])  # fmt: skip
        return kept, model

    def test_the_same_training(self, given):
        without, _ = self.trained()
        callback = recipe.KerasWatch(**given)
        watched, model = self.trained([callback])
        assert without == watched
        looked_well(callback.watch, iterations=30, points=3)
        curves = callback.watch.listener.record.curves
        assert curves["train_loss"][-1] == pytest.approx(watched[-1], rel=1e-3)
        assert curves["val_score"][-1] > 0.3
        assert "dead_units" in curves
        assert not model._forward_hooks
        assert "train_step" not in vars(model)

    @pytest.mark.parametrize("late", [False, True])
    def test_the_operation_that_gave_a_nan_is_named(self, given, late):
        keras = seeded_keras()
        x, y = (part.numpy() for part in blobs(240))
        if late:
            x[-1] = 0.0  # shuffled among the others: the weights have moved before it comes
        inputs = keras.Input((2,))
        hidden = keras.ops.abs(keras.layers.Dense(8, use_bias=False, name="first")(inputs))
        hidden = keras.ops.log(hidden if late else keras.ops.relu(hidden - 1.0))
        model = keras.Model(inputs, keras.layers.Dense(3)(hidden))
        model.compile(
            optimizer=keras.optimizers.SGD(1e-3),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        said = []
        callback = recipe.KerasWatch(**{**given, "say": said.append})
        model.fit(x, y, batch_size=16, epochs=2, verbose=0, callbacks=[callback])
        assert not [line for line in said if "watch ended" in line]
        result = callback.watch.result
        assert result.diagnosis[0] == "operation-not-finite"
        assert "log" in result.findings[0].message


@pytest.mark.fastai
@pytest.mark.filterwarnings("ignore")
class TestFastai:
    @staticmethod
    def trained(callbacks=()):
        pytest.importorskip("fastai", reason="fastai is not installed")
        from fastai.callback import progress, schedule  # noqa: F401 - they add methods
        from fastai.data.core import DataLoaders
        from fastai.data.load import DataLoader
        from fastai.learner import Callback, Learner
        from fastai.metrics import accuracy
        from fastai.torch_core import set_seed

        class Kept(Callback):
            def after_loss(self):
                if self.training:
                    kept.append(self.loss.detach().clone())

        kept = []
        set_seed(0)
        x, y = blobs(240)
        items = list(zip(x, y, strict=True))
        loaders = DataLoaders(
            DataLoader(items[:160], bs=16, shuffle=True),
            DataLoader(items[160:], bs=40),
            device="cpu",
        )
        from loops import network

        learn = Learner(
            loaders,
            network(),
            loss_func=torch.nn.CrossEntropyLoss(),
            metrics=accuracy,
            cbs=[Kept()],
        )
        with learn.no_bar(), learn.no_logging():
            learn.fit_one_cycle(3, 1e-2, cbs=list(callbacks))
        return torch.stack(kept)

    def test_the_same_training(self, given):
        without = self.trained()
        callback = recipe.FastaiWatch(**given)
        watched = self.trained([callback])
        assert torch.equal(without, watched)
        looked_well(callback.watch, iterations=30, points=3)
        assert callback.watch.listener.record.curves["val_score"][-1] > 0.3


@pytest.mark.parametrize(
    ("metrics", "score", "told"),
    [
        ({"eval_loss": 1.0, "eval_accuracy": 0.5, "epoch": 2}, None, {"loss": 1.0, "score": 0.5}),
        ({"train_loss": 2.0, "val_loss": torch.tensor(1.0)}, None, {"loss": 1.0}),
        ({"val_acc": 0.5, "val_f1": 0.4}, "val_f1", {"score": 0.4}),
        ({"train_accuracy": 0.9, "lr": 0.1, "text": "no"}, None, {"train_score": 0.9}),
        ({}, None, {}),
    ],
)
def test_metrics_by_their_names(metrics, score, told):
    assert told_metrics(metrics, score) == told


def test_a_library_that_is_missing_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastai.callback.core", None)
    monkeypatch.delitem(sys.modules, "recipe.watching.fastai", raising=False)
    with pytest.raises(
        UsageError,
        match=r"recipe.FastaiWatch needs .*fastai.*pip install 'training-recipe\[fastai\]'",
    ):
        recipe.FastaiWatch  # noqa: B018


def test_a_callback_may_be_used_twice(given):
    callback = recipe.LightningWatch(**given)
    trained = partial(TestLightning.trained, [callback], epochs=1)
    first = trained()
    assert torch.equal(first[0], trained()[0])
    assert len(list(given["out"].iterdir())) == 2
