"""Keras 3 models on the torch backend as experiments, by the real library."""

import copy
import os

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import recipe
from frameworks import own_losses, prepared, their_losses
from recipe.core.errors import UsageError
from recipe.frameworks.recognition import as_known
from recipe.training.schedules import schedule_rates
from tiny import blobs

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras", reason="keras is not installed")
if keras.backend.backend() != "torch":
    pytest.skip("Keras runs on another backend", allow_module_level=True)
pytestmark = [
    pytest.mark.keras,
    # Keras itself turns numbers into arrays in a way that NumPy 2 warns of.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def arrays():
    x, y = blobs(240)
    return {
        "x_train": x[:160].numpy(), "y_train": y[:160].numpy(), "x_test": x[160:].numpy(),
        "y_test": y[160:].numpy(), "EPOCHS": 6, "BATCH_SIZE": 16,
    }  # fmt: skip


def network(ending="softmax", loss="sparse_categorical_crossentropy", optimizer=None, width=16,
            norm=False):  # fmt: skip
    keras.utils.set_random_seed(0)
    layers = [keras.Input((2,)), keras.layers.Dense(width, activation="relu")]
    layers += [keras.layers.BatchNormalization(), keras.layers.Dropout(0.1)] if norm else []
    made = keras.Sequential([*layers, keras.layers.Dense(3, activation=ending)])
    made.compile(optimizer=optimizer or keras.optimizers.Adam(1e-2), loss=loss)
    return made


def experiment(**options):
    return as_known(network(**options), arrays(), "model")


def test_what_is_read_from_the_model():
    made = experiment()
    assert (made.optimizer, made.lr, made.weight_decay) == ("adam", 0.01, 0.0)
    assert (made.batch_size, made.epochs, made.task, made.loss) == (16, 6, "classification", None)
    told = " ".join(made.notes)
    for said in ("x_train and y_train", "softmax at the end is left to the loss", "drawn anew"):
        assert said in told
    decays = experiment(optimizer=keras.optimizers.AdamW(1e-3, weight_decay=0.02))
    assert (decays.optimizer, decays.weight_decay) == ("adamw", 0.02)
    sgd = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, global_clipnorm=1.5)
    made = experiment(optimizer=sgd)
    assert (made.optimizer, made.momentum, made.clip_norm) == ("sgd", None, 1.5)


def test_the_schedule_is_that_of_keras():
    shape = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
    made = experiment(optimizer=keras.optimizers.SGD(shape))
    rates = schedule_rates(made.lr, made.schedule, 0.0, 60)
    assert rates == pytest.approx([float(shape(step)) for step in range(60)], rel=1e-5)
    cosine = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=60)
    assert experiment(optimizer=keras.optimizers.SGD(cosine)).schedule == "cosine"


def keras_step(model, x, y):
    logits = model(x)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, logits)
    return loss.mean()


def test_the_losses_are_those_of_a_plain_loop_with_kerass_loss():
    made = experiment(optimizer=keras.optimizers.SGD(0.1, momentum=0.9))
    losses, batches = own_losses(made, 14)
    theirs = their_losses(
        made, batches, keras_step,
        lambda m: torch.optim.SGD([p for p in m.parameters() if p.requires_grad], 0.1, momentum=0.9),
        [0.1] * 14,
    )  # fmt: skip
    assert losses == pytest.approx(theirs, abs=1e-5)


def test_the_losses_are_those_of_fit():
    """Keras's own `train_on_batch` on the same batches, from the same weights."""
    from recipe.core.keys_and_seeds import derive_seed
    from recipe.models.building import build_model

    made = experiment()
    losses, batches = own_losses(made, 10)
    started = build_model(made, derive_seed(3, "weights"), torch.device("cpu"))
    theirs = network()
    theirs.set_weights(started.keras_model.get_weights())
    found = []
    for x, y in batches:
        theirs.reset_metrics()
        found.append(float(theirs.train_on_batch(x.numpy(), y.numpy())))
    assert losses == pytest.approx(found, abs=1e-4)


def test_evaluation_mode_copies_and_files_of_weights():
    made = experiment(norm=True)
    model = made.model()
    x, _ = blobs(32)
    model.train()(x)
    assert not any("moving" in name for name, _ in model.named_parameters())
    moved = [value for name, value in model.named_buffers() if "moving_mean" in name]
    assert moved
    assert float(moved[0].abs().sum()) > 0
    model.eval()
    assert torch.equal(model(x), model(x))
    copied = copy.deepcopy(model)
    assert torch.equal(copied(x), model(x))
    other = made.model().eval()
    assert not torch.equal(other(x), model(x))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(x), model(x))


def test_other_losses_and_targets():
    beside = arrays()
    beside["y_train"] = np.eye(3, dtype=np.float32)[beside["y_train"]]
    beside["y_test"] = np.eye(3, dtype=np.float32)[beside["y_test"]]
    made = as_known(network(loss="categorical_crossentropy"), beside, "model")
    assert (made.task, made.loss) == ("classification", None)
    assert "the number of the class" in " ".join(made.notes)
    smooth = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    assert as_known(network(loss=smooth), beside, "model").loss is not None
    ready, data, _ = prepared(experiment(ending=None))
    x, y = next(data.val.eval_batches())
    loss = ready.loss_function(ready.model()(x).softmax(1), y)
    assert loss.item() == pytest.approx(
        F.nll_loss(ready.model()(x).softmax(1).log(), y).item(), rel=1
    )


def test_what_cannot_be_used_is_one_sentence():
    bare = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(UsageError, match="model is not compiled"):
        as_known(bare, arrays(), "model")
    with pytest.raises(UsageError, match="There is no data beside model"):
        as_known(network(), {}, "model")
    with pytest.raises(UsageError, match="Adagrad of Keras has no counterpart"):
        experiment(optimizer=keras.optimizers.Adagrad(0.1))


FILE = """
from test_keras import arrays, network, keras
globals().update(arrays())
model = network()
faulty = network(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
"""


@pytest.mark.slow
def test_the_command_line_checks_a_keras_model(tmp_path, recipe, without_plots):
    file = tmp_path / "user_keras.py"
    file.write_text(FILE)
    code, said, _ = recipe(
        "check", f"{file}:model", "--until", "overfit_sample", "--out", tmp_path / "a"
    )
    assert code == 0, said
    code, said, _ = recipe(
        "check", f"{file}:faulty", "--until", "overfit_sample", "--out", tmp_path / "b"
    )
    assert code == 1
    assert "softmax-before-loss" in said


@pytest.mark.slow
def test_a_sound_model_passes(tmp_path, without_plots):
    result = recipe.run(experiment(norm=True), until="overfit_sample", out=tmp_path)
    assert result.diagnosis == ()
    assert {step.name for step in result.steps if step.status in ("fail", "error")} == set()
