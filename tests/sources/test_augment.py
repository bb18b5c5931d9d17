import pytest
import torch

from recipe.sources.augment import augmentation


@pytest.mark.parametrize("name", ["shift", "flip"])
def test_each_image_is_moved_and_maybe_mirrored_exactly(name):
    torch.manual_seed(0)
    x = torch.rand(64, 3, 16, 16)
    moved = augmentation(name)(x)
    seen = set()
    for image, now in zip(x, moved, strict=True):
        found = None
        for flip in (False, True):
            base = image.flip(-1) if flip else image
            padded = torch.nn.functional.pad(base[None], (2, 2, 2, 2), "replicate")[0]
            for down in range(5):
                for right in range(5):
                    if torch.equal(padded[:, down : down + 16, right : right + 16], now):
                        found = (flip, down, right)
        assert found is not None
        seen.add(found)
    assert {flip for flip, *_ in seen} == ({False, True} if name == "flip" else {False})
    assert len({place for _, *place in map(tuple, seen) for place in [tuple(place)]}) > 10


def test_none_is_none():
    assert augmentation("none") is None
