import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Forty small images in two classes."""
    root = tmp_path_factory.mktemp("images")
    source = np.random.default_rng(0)
    for i in range(40):
        (root / f"class{i % 2}").mkdir(exist_ok=True)
        pixels = source.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / f"class{i % 2}" / f"{i:03d}.png")
    return root
