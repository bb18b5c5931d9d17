import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.data.datasets import Splits, TensorData
from recipe.data.item_data import StreamData
from recipe.data.splitting import load_splits
from recipe.models.building import build_model
from recipe.training.fingerprint import fingerprint
from recipe.training.fresh_factory import check_fresh
from recipe.training.loop import Training
from recipe.training.preparation import is_lazy, prepare, with_outputs

CPU = torch.device("cpu")


def pair(n=40):
    x = torch.randn(n, 4, generator=torch.Generator().manual_seed(0))
    return x, x[:, :1].clone()


def lazy(width=8):
    return nn.Sequential(nn.LazyLinear(width), nn.LazyBatchNorm1d(), nn.Dropout(), nn.LazyLinear(1))


def declared(model, **given):
    return Experiment(
        **{"model": model, "train": pair(), "task": "regression", "lr": 0.1, "epochs": 2,
           "batch_size": 16, "loss": nn.MSELoss(), **given}
    ).resolved()  # fmt: skip


def made(experiment):
    return prepare(experiment, load_splits(experiment, CPU, 0))


def test_lazy_layers_know_their_sizes_and_depend_on_the_seed_alone():
    experiment, _ = made(declared(lazy))
    first, again, other = (build_model(experiment, seed, CPU) for seed in (5, 5, 6))
    assert [list(p.shape) for p in first.parameters()] == [[8, 4], [8], [8], [8], [1, 8], [1]]
    assert torch.equal(first[0].weight, again[0].weight)
    assert not torch.equal(first[0].weight, other[0].weight)
    assert first[1].num_batches_tracked == 0
    assert all(module.training for module in first.modules())
    assert not is_lazy(first)
    wide = build_model(experiment.with_params({"width": 3}), 0, CPU)
    assert wide[3].weight.shape == (1, 3)


def test_layers_that_the_factory_left_in_evaluation_mode_stay_there():
    def make():
        model = lazy()
        model[1].eval()
        return model

    model = build_model(made(declared(make))[0], 0, CPU)
    assert [module.training for module in model] == [True, False, True, True]


def test_a_model_with_lazy_layers_trains():
    experiment, data = made(declared(lazy))
    epochs = list(Training(experiment, data, seed=0, device=CPU).epochs())
    assert len(epochs) == 2
    assert not epochs[-1].diverged


def test_lazy_layers_on_data_that_do_not_fit_are_named():
    model = lambda: nn.Sequential(nn.LazyLinear(3), nn.Linear(4, 1))  # noqa: E731
    experiment, _ = made(declared(model))
    with pytest.raises(UsageError, match=r"lazy layers.*shape \[2, 4\].*cannot be multiplied"):
        build_model(experiment, 0, CPU)


def test_the_fingerprint_of_a_model_with_lazy_layers():
    experiment = declared(lazy)
    data = load_splits(experiment, CPU, 0)
    found = {fingerprint(declared(model), data) for model in (lazy, lazy, lambda: lazy(9))}
    assert len(found) == 2


def test_any_other_model_stays_as_it_is():
    experiment = declared(lambda: nn.Linear(4, 1))
    data = load_splits(experiment, CPU, 0)
    assert prepare(experiment, data) == (experiment, data)


class Noise(Dataset):
    def __len__(self):
        return 20

    def __getitem__(self, index):
        return torch.randn(4), torch.tensor([float(index)])


@pytest.mark.parametrize(("source", "kind"), [(pair(), TensorData), (Noise(), StreamData)])
def test_data_are_as_wide_as_the_models_weights(source, kind):
    experiment, data = made(declared(lambda: nn.Linear(4, 1).double(), train=source))
    assert isinstance(data.train, kind)
    for part in (data.train, data.val):
        for batch in (next(part.batches(8)), next(iter(part.eval_batches()))):
            assert [values.dtype for values in batch] == [torch.float64] * 2
    epoch = next(Training(experiment, data, seed=0, device=CPU).epochs())
    assert epoch.figures["val_loss"] > 0


def test_class_indices_stay_whole_numbers():
    x, _ = pair()
    experiment = declared(
        lambda: nn.Linear(4, 3).double(), train=(x, torch.arange(40) % 3), task="classification"
    )
    _, data = made(experiment)
    assert (data.train.x.dtype, data.train.y.dtype) == (torch.float64, torch.int64)


def test_a_model_of_two_precisions_gets_float32():
    model = lambda: nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1).double())  # noqa: E731
    _, data = made(declared(model))
    assert isinstance(data, Splits)
    assert data.train.x.dtype == torch.float32


def test_the_check_for_fresh_models_calls_the_factory_once_more():
    calls = []

    def factory():
        calls.append(None)
        return nn.Sequential(nn.Linear(4, 1))

    experiment = declared(factory)
    data = load_splits(experiment, CPU, 0)
    with_outputs(experiment, data)
    without = len(calls)
    with_outputs(experiment, data, model=check_fresh(experiment))
    assert len(calls) - 2 * without == 1
