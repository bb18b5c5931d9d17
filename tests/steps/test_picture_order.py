"""Pictures that were reshaped in place of permuted."""

import os
from pathlib import Path

import pytest
import torch

from recipe.models.reshapes import as_channels_last
from recipe_steps.inspect.picture_order import picture_order

SIDE = 16


def smooth(n=60, channels=3, alike=0.9, noise=0.02, seed=0):
    """Waves in a random direction, the channels alike or not."""
    source = torch.Generator().manual_seed(seed)
    place = torch.arange(SIDE)
    turn = 0.25 * torch.randn(n, 2, 1, 1, 1, generator=source)
    wave = torch.sin(turn[:, 0] * place[:, None] + turn[:, 1] * place)
    own = torch.rand(n, channels, 1, 1, generator=source)
    pictures = alike * wave + (1 - alike) * own * wave.flip(2) + own
    return pictures + noise * torch.randn(pictures.shape, generator=source)


def scrambled(pictures):
    """What a reshape from height x width x channel makes of them."""
    return pictures.permute(0, 2, 3, 1).contiguous().view(pictures.shape)


def share(pictures):
    return picture_order(pictures).get("smoother_channels_last")


@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_scrambled_pictures_are_told_from_sound_ones(alike, channels):
    pictures = smooth(channels=channels, alike=alike)
    assert share(pictures) < 0.2
    assert share(scrambled(pictures)) > 0.9
    assert torch.equal(as_channels_last(scrambled(pictures)), pictures)


def test_noise_tells_nothing_and_other_inputs_are_left_alone():
    assert (
        0.3
        < share(torch.randn(200, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)))
        < 0.7
    )
    one = {"channels": 1}
    assert share(smooth(**one)) is None
    assert share(smooth(8)) is None
    assert share(torch.rand(60, 3, 4, 4)) is None
    assert share(torch.rand(60, 20)) is None
    assert share(torch.zeros(60, 3, SIDE, SIDE)) is None
    assert share(torch.full((60, 3, SIDE, SIDE), torch.nan)) is None


def test_photographs(request):
    from torchvision.io import decode_image

    root = Path(os.environ.get("RECIPE_TEST_DATA", request.config.rootpath.parent / "shared/data"))
    files = sorted(root.glob("cifar10/**/*.jpg"))[::37][:200]
    if not files:
        pytest.skip(f"no pictures in {root}: set RECIPE_TEST_DATA")
    pictures = torch.stack([decode_image(str(file)) for file in files])
    if pictures.shape[1] < 2:
        pytest.skip(f"the pictures in {root} have one channel")
    assert share(pictures) < 0.05
    assert share(scrambled(pictures)) > 0.9
