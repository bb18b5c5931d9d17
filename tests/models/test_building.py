import pytest
import torch
from torch import nn
from torch.nn import functional as F

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.models.building import build_model, channels_last_works
from recipe.models.dropout import no_dropout
from recipe.models.randomness import Noise, seeded

CPU = torch.device("cpu")


def build(model, seed=0, **args):
    return build_model(Experiment(model=model, train=1, model_args=args), seed, CPU)


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    first = build(lambda: nn.Linear(3, 4), 5)
    torch.manual_seed(2)
    again, other = build(lambda: nn.Linear(3, 4), 5), build(lambda: nn.Linear(3, 4), 6)
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)


def test_the_callers_random_numbers_go_on_as_if_nothing_happened():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    build(lambda: nn.Linear(3, 4))
    with pytest.raises(UsageError), seeded(1, CPU):
        build(lambda: 1 / 0)
    assert torch.equal(torch.rand(4), expected)


def test_noise_goes_on_where_it_was_left():
    with seeded(4, CPU):
        expected = torch.rand(6)
    torch.manual_seed(3)
    after = torch.rand(2)
    torch.manual_seed(3)
    noise, drawn = Noise(4, CPU), []
    for _ in range(3):
        with noise.running():
            drawn.append(torch.rand(2))
        with Noise(5, CPU).running():
            torch.rand(7)
    assert torch.equal(torch.cat(drawn), expected)
    assert torch.equal(torch.rand(2), after)


def test_the_factory_gets_the_models_arguments():
    assert build(lambda width: nn.Linear(3, width), width=7).weight.shape == (7, 3)


def broken(width):
    raise RuntimeError("no such width")


@pytest.mark.parametrize(
    ("factory", "args", "words"),
    [
        (broken, {"width": 3}, ["RuntimeError: no such width", "width=3", "test_building.py:"]),
        (lambda: 1 / 0, {}, ["ZeroDivisionError"]),
        (lambda: nn.Linear(2, 2), {"dropout": 0.1}, ["TypeError", "dropout=0.1"]),
        (lambda: None, {}, ["returned NoneType", "torch.nn.Module"]),
        (lambda: nn.Linear, {}, ["returned type"]),
    ],
)
def test_a_broken_factory_is_named(factory, args, words):
    with pytest.raises(UsageError) as caught:
        build(factory, **args)
    assert [word for word in words if word not in str(caught.value)] == []


class Functional(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class SelfAttention(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, dropout=p, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class Recurrent(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.lstm = nn.LSTM(8, 8, num_layers=2, dropout=p, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]


DROPPING = {
    "module": lambda p: nn.Sequential(nn.Linear(8, 8), nn.Dropout(p)),
    "channels": lambda p: nn.Sequential(nn.Dropout1d(p), nn.Linear(8, 8)),
    "alpha": nn.AlphaDropout,
    "functional": lambda p: Functional(lambda x: F.dropout(x, p)),
    "functional by name": lambda p: Functional(lambda x: F.dropout(input=x, p=p, training=True)),
    "functional 1d": lambda p: Functional(lambda x: F.dropout1d(x, p, training=True)),
    "torch": lambda p: Functional(lambda x: torch.dropout(x, p, True)),
    "attention call": lambda p: Functional(
        lambda x: F.scaled_dot_product_attention(x, x, x, dropout_p=p)
    ),
    "attention call by place": lambda p: Functional(
        lambda x: F.scaled_dot_product_attention(x, x, x, None, p)
    ),
    "attention": SelfAttention,
    "recurrent": Recurrent,
    "transformer": lambda p: nn.TransformerEncoderLayer(8, 2, 16, dropout=p, batch_first=True),
}


@pytest.mark.parametrize("name", DROPPING)
def test_training_without_dropout_is_training_at_rate_zero(name):
    model, without = build(DROPPING[name], p=0.5).train(), build(DROPPING[name], p=0.0).train()
    x = torch.randn(4, 6, 8, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(model(x), model(x))
    with no_dropout(model):
        assert torch.allclose(model(x), without(x), atol=1e-6)


def test_dropout_functions_return_their_input_only_inside_the_block():
    x = torch.ones(100)
    with no_dropout(nn.Identity()):
        assert torch.equal(F.dropout(x, 0.5), x)
    assert not torch.equal(F.dropout(x, 0.5), x)


class Convolution(nn.Module):
    def __init__(self, flatten):
        super().__init__()
        self.convolution, self.flatten = nn.Conv2d(3, 4, 3), flatten
        self.head = nn.Linear(4 * 6 * 6, 2)

    def forward(self, x):
        return self.head(self.flatten(self.convolution(x)))


@pytest.mark.parametrize(
    ("model", "shape", "works"),
    [
        (Convolution(lambda x: x.flatten(1)), (5, 3, 8, 8), True),
        (Convolution(lambda x: x.reshape(len(x), -1)), (1, 3, 8, 8), True),
        (Convolution(lambda x: x.view(x.shape[0], -1)), (5, 3, 8, 8), False),
        (nn.Linear(8, 2), (5, 3, 8, 8), False),
        (nn.Linear(8, 2), (5, 8), False),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_channels_last_is_tried(model, shape, works, training):
    model.train(training)
    assert channels_last_works(model, torch.randn(shape)) is works
    assert model.training is training


def test_trying_channels_last_changes_nothing():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert channels_last_works(model, torch.randn(4, 3, 8, 8))
    assert all(torch.equal(before[n], v) for n, v in model.state_dict().items())
    assert model[0].weight.grad is None
