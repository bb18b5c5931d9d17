"""A plain module with what stands beside it, and what a target may be."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from frameworks import own_losses, their_losses
from recipe.core.errors import UsageError
from recipe.frameworks.modules import from_module
from recipe.sources.targets import as_experiment, load_target
from recipe.training.schedules import schedule_rates
from tiny import blobs

FILE = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from tiny import blobs

x, y = blobs(240)
train_loader = DataLoader(TensorDataset(x[:160], y[:160]), batch_size=16, shuffle=True)
val_loader = DataLoader(TensorDataset(x[160:], y[160:]), batch_size=16)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))

    def forward(self, x):
        return self.layers(x){ending}


torch.manual_seed(0)
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
EPOCHS = 6
GRAD_CLIP = 2.0
"""


@pytest.fixture
def file(tmp_path):
    def write(ending="", text=FILE):
        path = tmp_path / f"user_{abs(hash((ending, text)))}.py"
        path.write_text(text.replace("{ending}", ending))
        return path

    return write


def test_what_is_read_from_the_file(file):
    made = load_target(f"{file()}:model")
    assert (made.lr, made.weight_decay, made.epochs, made.batch_size) == (0.1, 1e-3, 6, 16)
    assert (made.task, made.loss, made.clip_norm) == ("classification", None, 2.0)
    told = " ".join(made.notes)
    for said in ("train: train_loader.", "val: val_loader.", "Loss: criterion", "Net() anew",
                 "StepLR, stepped once per epoch", "SGD (momentum 0.9)", "clipped at"):  # fmt: skip
        assert said in told
    assert load_target(str(file())).lr == 0.1, "the one model of a file needs no name"
    assert load_target(f"{file()}:Net").epochs is not None


def test_the_losses_are_those_of_a_plain_loop(file):
    made = load_target(f"{file()}:model")
    losses, batches = own_losses(made, 25)
    rates = schedule_rates(made.lr, made.schedule, 0.0, 60)[:25]
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    real = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    for epoch in range(2):
        assert rates[epoch * 10] == pytest.approx(real.get_last_lr()[0])
        optimizer.step()
        real.step()
    theirs = their_losses(
        made, batches, lambda model, x, y: nn.functional.cross_entropy(model(x), y),
        lambda m: torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3),
        rates, clip=2.0,
    )  # fmt: skip
    assert losses == pytest.approx(theirs, abs=1e-5)


def loader():
    x, y = blobs(64)
    return DataLoader(TensorDataset(x, y), batch_size=8)


def test_groups_of_parameters_and_those_left_out_stay_what_they_are():
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3), nn.Linear(3, 3))
    optimizer = torch.optim.AdamW([
        {"params": model[0].parameters(), "lr": 1e-4, "weight_decay": 0.0},
        {"params": model[2].parameters(), "lr": 1e-3, "weight_decay": 0.1},
    ])  # fmt: skip
    made = from_module(model, {"train_loader": loader(), "optimizer": optimizer}, "model")
    assert (made.lr, made.weight_decay) == (1e-3, 0.1)
    network = made.model()
    rebuilt = made.optimizer(list(network.parameters()), 1e-2, 0.2)
    assert [(g["lr"], g["weight_decay"], [tuple(p.shape) for p in g["params"]])
            for g in rebuilt.param_groups] == [
        (pytest.approx(1e-3), 0.0, [(4, 2), (4,)]), (1e-2, 0.2, [(3, 4), (3,)]),
    ]  # fmt: skip
    other = made.optimizer([nn.Parameter(torch.zeros(1))], 1e-2, 0.2)
    assert len(other.param_groups) == 1, "another model gets the settings of its kind"


def test_a_loss_that_is_not_the_usual_one_is_kept():
    weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
    made = from_module(nn.Linear(2, 3), {"train_loader": loader(), "criterion": weighted}, "model")
    assert made.loss is weighted
    assert made.lr is None
    x, y = blobs(64)
    yes = DataLoader(TensorDataset(x, (y > 0).float()[:, None]), batch_size=8)
    made = from_module(
        nn.Linear(2, 1), {"train_loader": yes, "criterion": nn.BCEWithLogitsLoss()}, "model"
    )
    assert (made.task, made.loss) == ("binary", None)
    made = from_module(nn.Linear(2, 1), {"train_loader": DataLoader(
        TensorDataset(x, x[:, :1]), batch_size=8), "loss_fn": nn.L1Loss()}, "model")  # fmt: skip
    assert made.task == "regression"


def test_a_scheduler_that_waits_is_said():
    model = nn.Linear(2, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    beside = {
        "train_loader": loader(), "optimizer": optimizer,
        "scheduler": torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer),
    }  # fmt: skip
    made = from_module(model, beside, "model")
    assert (made.schedule, made.momentum) == ("constant", 0.0)
    assert "waits for the validation" in " ".join(made.notes)


@pytest.mark.parametrize(
    ("value", "beside", "said"),
    [
        (nn.Linear(2, 3), {}, "There is no data beside model"),
        (3, {}, "model is a int: name a recipe.Experiment"),
        (nn.Linear, {"train_loader": loader()}, r"model\(\) raised TypeError"),
        (lambda: 3, {}, "name a recipe.Experiment"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(value, beside, said):
    with pytest.raises(UsageError, match=said):
        as_experiment(value, "file.py:model", beside)


def test_a_file_with_nothing_to_find_lists_what_can_be_given(file):
    with pytest.raises(UsageError, match=r"defines no 'experiment'.*a transformers\.Trainer"):
        load_target(str(file(text="number = 3\n")))


@pytest.mark.slow
def test_the_command_line_checks_a_module(file, recipe, tmp_path, without_plots):
    code, said, _ = recipe(
        "check", f"{file()}:model", "--until", "overfit_sample", "--out", tmp_path / "a"
    )
    assert code == 0, said
    assert "train: train_loader." in said
    code, said, _ = recipe(
        "check",
        f"{file('.softmax(1)')}:model",
        "--until",
        "overfit_sample",
        "--out",
        tmp_path / "b",
    )
    assert code == 1
    assert "softmax-before-loss" in said
