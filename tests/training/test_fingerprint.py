import importlib.util
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.data.item_data import StreamData
from recipe.data.splitting import load_splits
from recipe.training.fingerprint import configuration, fingerprint

CPU = torch.device("cpu")
X, Y = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 2


def net(width=4):
    return nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 2))


def smoothed(outputs, targets):
    return F.cross_entropy(outputs, targets, label_smoothing=0.1)


def weighted(weight):
    return lambda outputs, targets: weight * F.cross_entropy(outputs, targets)


def print_of(**given):
    experiment = Experiment(**{"model": net, "train": (X, Y), "val": 0.25, **given}).resolved()
    return fingerprint(experiment, load_splits(experiment, CPU, 0))


def test_equal_experiments_have_equal_fingerprints():
    assert print_of() == print_of()
    assert print_of(train=(X.clone(), Y.clone())) == print_of()
    assert print_of(loss=weighted(2.0)) == print_of(loss=weighted(2.0))


def changed(tensor):
    tensor = tensor.clone()
    tensor[-1] += 1
    return tensor


@pytest.mark.parametrize(
    "change",
    [
        {"train": (changed(X), Y)},
        {"train": (X, 1 - Y)},
        {"train": (X[:39], Y[:39])},
        {"val": 0.5},
        {"model_args": {"width": 5}},
        {"model": lambda: nn.Linear(3, 2)},
        {"model": lambda: nn.Linear(3, 2, bias=False)},
        {"loss": smoothed},
        {"loss": weighted(2.0)},
        {"loss": weighted(3.0)},
        {"metric": smoothed},
        {"augment": torch.neg},
        {"optimizer": lambda p, lr, wd: torch.optim.SGD(p, lr)},
        {"optimizer": lambda p, lr, wd: torch.optim.SGD(p, lr, momentum=0.5)},
        {"task": "regression", "train": (X, torch.stack([Y, Y], 1).float())},
    ],
)
def test_what_changes_it(change):
    assert print_of(**change) != print_of()


@pytest.mark.parametrize("change", [{"train": (changed(X), Y)}, {"train": (X, 1 - Y)},
                                    {"val": (changed(X), Y)}, {"val": (X, 1 - Y)}])  # fmt: skip
def test_both_splits_count(change):
    assert print_of(**{"val": (X, Y), **change}) != print_of(val=(X, Y))


def test_values_that_a_loss_captures_count():
    assert print_of(loss=weighted(2.0)) != print_of(loss=weighted(3.0))
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    assert print_of(loss=loss) != print_of(loss=nn.MSELoss())


def test_hyperparameters_that_a_search_sets_do_not_count():
    assert print_of(lr=0.1, weight_decay=0.5, epochs=7, batch_size=3, warmup=0.1) == print_of()


def test_a_column_counts_by_its_values_whatever_its_strides():
    column = Y.float()[:, None]
    odd = torch.as_strided(column.clone(), (40, 1), (1, 0))  # a slice of a wider table has these
    assert print_of(train=(X, odd)) == print_of(train=(X, column))
    assert print_of(train=(X, odd + 1)) != print_of(train=(X, column))


def test_random_data_counts_by_its_kind_and_length():
    class Noise(torch.utils.data.Dataset):
        def __init__(self, n):
            self.n = n

        def __len__(self):
            return self.n

        def __getitem__(self, index):
            return torch.rand(3), index % 2

    first = print_of(train=Noise(40))
    assert isinstance(load_splits(Experiment(model=net, train=Noise(40)), CPU, 0).train, StreamData)
    assert first == print_of(train=Noise(40)) != print_of(train=Noise(44))


SOURCE = """from torch import nn

HIDDEN = 4

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return self.layer(x)
"""


@pytest.fixture
def written(tmp_path):
    """Import a module's source as a user's file; each in place of the one before."""
    path, name = tmp_path / "user_net.py", "user_net_of_the_fingerprint_test"

    def load(source):
        path.write_text(source)
        import linecache

        linecache.clearcache()
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102
        return print_of(model=module.Net)

    yield load
    sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("HIDDEN = 4", "HIDDEN = 4  # a comment", True),
        ("HIDDEN = 4", "# a comment\n\nHIDDEN = (4)", True),
        ("HIDDEN = 4", "HIDDEN = 5", False),
        ("return self.layer(x)", "return self.layer(x + 1)", False),
        ("nn.Linear(3, 2)", "nn.Linear(3, 3)", False),
    ],
)
def test_statements_of_the_users_module_count_and_comments_do_not(written, old, new, same):
    assert (written(SOURCE) == written(SOURCE.replace(old, new))) is same


@pytest.mark.parametrize(
    "change",
    [{"lr": 0.2}, {"weight_decay": 1.0}, {"epochs": 3}, {"batch_size": 7}, {"schedule": "step"},
     {"warmup": 0.5}, {"optimizer": "adam"}, {"clip_norm": 1.0}, {"shuffle": False},
     {"augment": torch.neg}, {"model_args": {"width": 9}}],
)  # fmt: skip
def test_configuration_has_every_hyperparameter(change):
    plain = Experiment(model=net, train=(X, Y), lr=0.1).resolved()
    assert configuration(replace(plain, **change)) != configuration(plain)
