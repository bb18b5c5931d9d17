"""Folders of small images as people have them: bars that stand upright in one class and lie in the
other, so that reading them wrongly shows.
"""

import numpy as np
from PIL import Image

CLASSES = ("across", "down")


def bar(name, k, side=24):
    """Grey values of the k-th image of a class: a bar on noise."""
    pixels = np.random.default_rng(k * 2 + (name == "down")).integers(0, 80, (side, side))
    place = 3 + k % (side - 8)
    pixels[:, place : place + 4] = 200 + k % 50
    return (pixels.T if name == "across" else pixels).astype(np.uint8)


def picture(name, k, side=24):
    return Image.fromarray(bar(name, k, side)).convert("RGB")


def bars(folder, save=None, suffix="png", *, count=8, classes=CLASSES, first=0):
    """Write folder/class/k.suffix, from the `first` k on; `save(image, path, k)` writes one."""
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for k in range(first, first + count):
            path = folder / name / f"{k}.{suffix}"
            if save is None:
                picture(name, k).save(path)
            else:
                save(picture(name, k), path, k)
    return folder


def flat(folder, name_of, count=8, suffix="png"):
    """Write all images into one folder; `name_of(class, k)` is what each is called."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in CLASSES:
        for k in range(count):
            picture(name, k).save(folder / f"{name_of(name, k)}.{suffix}")
    return folder


def items(data):
    """Inputs and names of classes of a data set."""
    names = getattr(data, "dataset", data).classes
    return [(x, names[y]) for x, y in (data[k] for k in range(len(data)))]


def is_right(source, data=None):
    """Whether every image is of the class that it shows."""
    return all(
        (x.mean((0, 2)).std() > x.mean((0, 1)).std()) == (name == "across")
        for x, name in items(data or source.train)
    )
