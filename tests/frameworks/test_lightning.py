"""Lightning modules as experiments, by the real library."""

import copy
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import recipe
from frameworks import own_losses, prepared, their_losses
from recipe.core.errors import UsageError
from recipe.core.keys_and_seeds import derive_seed
from recipe.models.building import build_model
from recipe.sources.targets import load_target
from recipe.training.schedules import schedule_rates
from tiny import blobs

L = pytest.importorskip("lightning", reason="lightning is not installed")
from lightning_samples import (  # noqa: E402
    Autoencoder,
    Blobs,
    ByName,
    DictNet,
    Gan,
    InnerNet,
    LateSoftmaxNet,
    Manual,
    Net,
    PenaltyNet,
    ProbabilityNet,
)

pytestmark = pytest.mark.lightning


def trainer(**options):
    return L.Trainer(
        logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu",
        enable_model_summary=False, **options,
    )  # fmt: skip


def test_what_is_read_from_the_objects():
    made = recipe.from_lightning(
        Net(), Blobs(),
        trainer=trainer(max_epochs=6, accumulate_grad_batches=2, gradient_clip_val=0.5),
    )  # fmt: skip
    assert (made.optimizer, made.lr, made.weight_decay) == ("adamw", 0.02, 0.01)
    assert (made.batch_size, made.epochs, made.clip_norm) == (32, 6, 0.5)
    assert (made.task, made.loss, made.name) == ("classification", None, "Net")
    assert made.model(width=4).encoder[0].out_features == 4
    told = " ".join(made.notes)
    assert "accumulated 2 times" in told
    assert "CosineAnnealingLR, stepped once per epoch" in told


def test_the_schedule_is_that_of_the_real_scheduler():
    made = recipe.from_lightning(Net(), Blobs(), trainer=trainer(max_epochs=6))
    rates = schedule_rates(made.lr, made.schedule, made.warmup, 60)  # ten iterations per epoch
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.02)
    real = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    for epoch in range(6):
        assert rates[10 * epoch : 10 * epoch + 10] == pytest.approx([real.get_last_lr()[0]] * 10)
        optimizer.step()
        real.step()


def test_the_epochs_of_a_schedule_stand_in_for_those_of_a_trainer():
    assert recipe.from_lightning(Net(), Blobs()).epochs == 6


class PerStep(Net):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.5, nesterov=True)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=0.3, total_steps=self.trainer.estimated_stepping_batches,
            cycle_momentum=False,
        )  # fmt: skip
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


def test_a_schedule_by_steps_asks_the_trainer_for_their_number():
    made = recipe.from_lightning(PerStep(), Blobs(), trainer=trainer(max_epochs=3))
    assert (made.optimizer, made.momentum, made.epochs) == ("sgd", 0.5, 3)
    rates = schedule_rates(made.lr, made.schedule, made.warmup, 30)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.1, momentum=0.5)
    real = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.3, total_steps=30, cycle_momentum=False
    )
    for rate in rates:
        assert rate == pytest.approx(real.get_last_lr()[0])
        optimizer.step()
        real.step()


def training_step(model, x, y):
    return model.training_step((x, y), 0)


@pytest.mark.parametrize("kind", [Net, PenaltyNet, ProbabilityNet, LateSoftmaxNet])
def test_the_losses_are_those_of_a_plain_loop_with_the_real_step(kind):
    made = recipe.from_lightning(
        kind(), Blobs(), trainer=trainer(max_epochs=6, gradient_clip_val=0.5)
    )
    losses, batches = own_losses(made, 14)
    if kind is PenaltyNet:
        batches = [(x.value.inputs, y) for x, y in batches]
    plain = copy.copy(made)
    rates = schedule_rates(made.lr, made.schedule, 0.0, 60)[:14]
    fresh = recipe.from_lightning(kind(), Blobs()).model
    object.__setattr__(plain, "model", lambda: _declared(fresh()))
    theirs = their_losses(
        plain, batches, training_step, lambda m: m.configure_optimizers()[0][0], rates, clip=0.5
    )
    assert losses == pytest.approx(theirs, abs=1e-5)


def _declared(model):
    """The user's own class again."""
    state = model.state_dict()
    model = type(model).__mro__[1](**model.hparams) if "_recipe_path" in vars(model) else model
    model.load_state_dict(state)
    return model


def test_a_module_without_a_forward_is_called_by_its_network():
    torch.manual_seed(0)
    module = InnerNet(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3)))
    made = recipe.from_lightning(module, Blobs())
    assert (made.optimizer, made.lr, made.momentum, made.task) == (
        "sgd",
        0.1,
        None,
        "classification",
    )
    assert made.loss.label_smoothing == 0.1
    x, _ = blobs(6)
    assert torch.equal(made.model()(x), module.net(x))
    assert "begins with the weights of this InnerNet" in " ".join(made.notes)
    assert set(made.model().state_dict()) == set(module.state_dict())


def test_a_loss_of_its_own_is_asked_for():
    made, data, said = prepared(recipe.from_lightning(PenaltyNet(), Blobs()))
    assert "The loss is that of training_step, which is given whole batches." in said
    x, y = next(data.val.eval_batches())
    model = made.model().eval()
    outputs = model(x)
    with torch.no_grad():
        expected = model.training_step((x.value.inputs, y), 0)
    assert made.loss_function(outputs, y).item() == pytest.approx(expected.item())
    score = made.resolved_task.score(made.resolved_task.sums(outputs, y))
    right = (model(x.value.inputs).argmax(1) == y).float().mean()
    assert score == pytest.approx(right.item())


class WeightedNet(Net):
    """Weights of classes, of which the first items do not tell."""

    def training_step(self, batch, batch_idx):
        x, y = batch
        return F.cross_entropy(self(x), y, weight=torch.tensor([1.0, 1.0, 5.0]))


def test_weights_of_a_class_that_the_first_items_lack_are_seen():
    x, y = blobs(64)
    x, y = x[y.argsort()], y.sort().values
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=16)
    made = recipe.from_lightning(WeightedNet(), loader)
    assert made.loss == "model"


def test_batches_by_name_and_batches_without_a_target():
    loader = torch.utils.data.DataLoader(ByName(), batch_size=16)
    made, _, said = prepared(recipe.from_lightning(DictNet(), loader))
    assert made.loss is None
    assert "The model is called by name with points." in said
    x, _ = blobs(64)
    alone = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=16)
    made, data, _ = prepared(recipe.from_lightning(Autoencoder(), alone))
    batch = next(data.val.eval_batches())
    assert torch.isfinite(made.loss_function(made.model()(batch[0]), batch[1]))


def test_the_objects_are_not_changed_and_nothing_warns():
    module, data = Net(), Blobs()
    before = copy.deepcopy(module.state_dict())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made, splits, _ = prepared(recipe.from_lightning(module, data))
        made.model().training_step(next(splits.val.eval_batches()), 0)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert not hasattr(data, "train_set")
    assert "log" not in vars(module)
    assert module._trainer is None


def test_test_data_are_set_up_when_they_are_asked_for():
    made = recipe.from_lightning(Net(), Blobs())
    assert len(made.test().dataset) == 40


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (lambda: recipe.from_lightning(Manual(), Blobs()), "automatic_optimization = False"),
        (lambda: recipe.from_lightning(Gan(), Blobs()), "2 optimizers, as GANs"),
        (lambda: recipe.from_lightning(Net()), "pass a LightningDataModule"),
        (lambda: recipe.from_lightning(nn.Linear(2, 3), Blobs()), "not a LightningModule"),
        (lambda: recipe.from_lightning(3, Blobs()), "got a int"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(give, said):
    with pytest.raises(UsageError, match=said):
        give()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Net, PenaltyNet])
def test_a_sound_module_passes(kind, tmp_path, without_plots):
    made = recipe.from_lightning(kind(), Blobs(), trainer=trainer(max_epochs=6))
    result = recipe.run(made, until="overfit_sample", out=tmp_path)
    assert result.diagnosis == ()
    assert {step.name for step in result.steps if step.status in ("fail", "error")} == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (ProbabilityNet, "softmax-before-loss"), (LateSoftmaxNet, "softmax-before-loss"),
    ],
)  # fmt: skip
def test_a_fault_is_named_first(kind, rule, tmp_path, without_plots):
    made = recipe.from_lightning(kind(), Blobs(), trainer=trainer(max_epochs=6))
    result = recipe.run(made, until="overfit_sample", out=tmp_path)
    assert result.diagnosis[0] == rule


class Recorder(L.Callback):
    def __init__(self):
        self.losses = []

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        self.losses.append(float(outputs["loss"]))


@pytest.mark.slow
def test_the_losses_are_those_of_a_real_fit():
    made = recipe.from_lightning(
        Net(), Blobs(), trainer=trainer(max_epochs=6, gradient_clip_val=0.5)
    )
    losses, batches = own_losses(made, 20)
    module = build_model(made, derive_seed(3, "weights"), torch.device("cpu"))
    del vars(module)["log"], vars(module)["log_dict"]
    seen = Recorder()
    fit = trainer(max_epochs=2, gradient_clip_val=0.5, callbacks=[seen])
    epochs = iter([batches[:10], batches[10:]])

    class Given(L.LightningDataModule):
        def train_dataloader(self):
            return torch.utils.data.DataLoader(next(epochs), batch_size=None)

    fit = trainer(
        max_epochs=2, gradient_clip_val=0.5, callbacks=[seen], num_sanity_val_steps=0,
        limit_val_batches=0, reload_dataloaders_every_n_epochs=1,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit.fit(module, Given())
    assert losses == pytest.approx(seen.losses, abs=1e-5)


FILE = """
import lightning as L
from lightning_samples import Blobs, Net, ProbabilityNet
model, faulty, data = Net(), ProbabilityNet(), Blobs()
trainer = L.Trainer(
    max_epochs=4, logger=False, enable_checkpointing=False, accelerator="cpu",
    enable_progress_bar=False, enable_model_summary=False, gradient_clip_val=1.5,
)
"""


@pytest.mark.slow
def test_the_command_line_checks_a_module_with_its_data_module(tmp_path, recipe, without_plots):
    file = tmp_path / "user_lightning.py"
    file.write_text(FILE)
    made = load_target(f"{file}:model")
    assert (made.epochs, made.clip_norm, made.batch_size) == (4, 1.5, 16)
    with pytest.raises(UsageError, match="name the LightningModule"):
        load_target(f"{file}:trainer")
    code, said, _ = recipe(
        "check", f"{file}:model", "--until", "overfit_sample", "--out", tmp_path / "a"
    )
    assert code == 0, said
    assert "Model: every trial makes Net anew" in said
    code, said, _ = recipe(
        "check", f"{file}:faulty", "--until", "initial_loss", "--out", tmp_path / "b"
    )
    assert code == 1
    assert "softmax-before-loss" in said
