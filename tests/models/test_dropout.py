"""Dropout switched off is dropout at rate zero."""

import pytest
import torch
from test_building import build
from torch import nn
from torch.nn import functional as F

from recipe.models.dropout import no_dropout


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
