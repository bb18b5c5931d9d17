import random

import pytest
from PIL import Image


@pytest.fixture
def draw():
    """Write images of one colour, a little noisy, into folder/class/: `draw(folder, red=3)`."""

    def make(folder, size=(16, 16), mode="RGB", suffix="png", **classes):
        dice = random.Random(0)
        for name, count in classes.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            for index in range(count):
                colour = tuple(dice.randrange(256) for _ in range(3))
                image = Image.new("RGB", size, colour).convert(mode)
                image.save(folder / name / f"{index}.{suffix}")
        return folder

    return make
