"""Views in place of transpositions."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import recipe
from recipe import Experiment
from recipe.models.reshapes import transposed_instead, turned, views_for_transpositions

SHAPES = [
    ((8, 40, 6), (8, 6, 40), (0, 2, 1)),
    ((8, 20, 20, 3), (8, 3, 20, 20), (0, 3, 1, 2)),
    ((8, 10, 4, 16), (8, 4, 10, 16), (0, 2, 1, 3)),
    ((8, 1, 40), (8, 40, 1), None),  # nothing changes places but an axis of one value
    ((8, 40, 6), (8, 40, 6), None),
    ((8, 40, 6), (40, 8, 6), None),  # items: another rule
    ((8, 40, 6), (8, 240), None),
    ((8, 40, 6), (8, 12, 20), None),
    ((8, 20, 20), (8, 20, 20), None),
    ((8, 6), (8, 6), None),
]


@pytest.mark.parametrize(("before", "after", "order"), SHAPES)
def test_the_order_of_axes_between_two_shapes(before, after, order):
    assert turned(before, after) == order


class Windows(nn.Module):
    """Of six sensors at forty times, which the convolution wants as [n, 6, 40]."""

    def __init__(self, how="view"):
        super().__init__()
        self.how = how
        self.conv = nn.Conv1d(6, 24, 5, padding=2)
        self.out = nn.Linear(24, 3)

    def forward(self, x):
        if self.how == "view":
            x = x.view(len(x), 6, 40)
        elif self.how == "reshape":
            x = torch.reshape(x, (x.size(0), 6, -1))
        else:
            x = x.transpose(1, 2)
        return self.out(F.relu(self.conv(x)).amax(2))


class Heads(nn.Module):
    """Attention whose heads are made by a view alone."""

    def forward(self, x):
        heads = x.view(len(x), 10, 4, 4).view(len(x), 4, 10, 4)
        mixed = F.scaled_dot_product_attention(heads, heads, heads)
        return mixed.reshape(len(x), 10, 16)


@pytest.mark.parametrize("how", ["view", "reshape"])
def test_views_that_turn_axes_are_seen(how):
    seen = views_for_transpositions(Windows(how), torch.rand(5, 40, 6), torch.rand(7, 40, 6))
    assert seen == [((40, 6), (6, 40))]


def test_heads_by_a_view_are_seen():
    seen = views_for_transpositions(Heads(), torch.rand(5, 10, 16), torch.rand(7, 10, 16))
    assert seen == [((10, 4, 4), (4, 10, 4))]


class Sound(nn.Module):
    """What libraries do with views."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(64, 8)
        self.shuffle, self.fold = nn.PixelShuffle(2), nn.Unfold(2, stride=2)

    def forward(self, x):
        mixed, _ = self.attention(x, x, x)  # [n, 8, 64], the batch taken for time
        groups = mixed.view(len(x), 2, 4, 64).transpose(1, 2).reshape(len(x), 8, 64)
        image = self.shuffle(groups.view(len(x), 8, 8, 8))
        return self.fold(image).flatten(1).view(len(x), 1, -1).view(len(x), -1, 1)


def test_usual_views_are_not():
    assert not views_for_transpositions(Sound(), torch.rand(5, 8, 64), torch.rand(7, 8, 64))


def test_the_repaired_model_is_the_one_that_transposes():
    torch.manual_seed(0)
    meant = Windows("transpose")
    mended = transposed_instead(Windows, [((40, 6), (6, 40))])()
    mended.model.load_state_dict(meant.state_dict())
    x = torch.rand(3, 40, 6)
    assert torch.equal(mended(x), meant(x))
    assert not torch.allclose(mended.model(x), meant(x))


def windows(n, seed):
    """Which of three sensors carries a slow wave."""
    source = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 3, (n,), generator=source)
    x = 0.7 * torch.randn(n, 40, 6, generator=source)
    phase = 6.28 * torch.rand(n, 1, generator=source)
    wave = torch.sin(0.6 * torch.arange(40) + phase)
    x[torch.arange(n), :, y] += wave
    return x, y


@pytest.mark.slow
@pytest.mark.parametrize("how", ["view", "transpose"])
def test_it_is_named_where_transposing_is_better(tmp_path, how):
    experiment = Experiment(
        model=lambda: Windows(how), train=windows(900, 0), val=windows(400, 1), optimizer="adam",
        lr=3e-3, batch_size=32, epochs=8,
    )  # fmt: skip
    result = recipe.run(experiment, out=tmp_path, device="cpu", until="initial_loss")
    assert result.diagnosis == (("view-for-transpose",) if how == "view" else ())
