"""Small data that can be learnt, in the forms in which people have them."""

import torch
from torch.utils.data import Dataset

VOCABULARY, CLASSES = 60, 3
BEGIN, END, FIRST_WORD = 1, 2, 10


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def sentences(count, seed=0, *, least=5, most=20):
    """Token lists of several lengths, and the class that the words tell."""
    g = source(seed)
    found = []
    for index in range(count):
        label, length = index % CLASSES, int(torch.randint(least, most, (1,), generator=g))
        words = torch.randint(FIRST_WORD, VOCABULARY, (length,), generator=g)
        told = torch.rand(length, generator=g) < 0.4
        words[told] = 3 + label
        words[0] = 3 + label
        found.append(([BEGIN, *words.tolist(), END], label))
    return found


def progressions(count, length=24, seed=0):
    """Token sequences in steps of one to three, so that the next token can be known."""
    g = source(seed)
    starts = torch.randint(3, 10, (count,), generator=g).tolist()
    steps = torch.randint(1, 4, (count,), generator=g).tolist()
    return [
        [3 + (a + b * t) % 40 for t in range(length)] for a, b in zip(starts, steps, strict=True)
    ]


def blobs(count=300, width=8, classes=CLASSES, seed=0):
    """Points [count, width] around one centre per class."""
    centres = 2 * torch.randn(classes, width, generator=source())
    g = source(seed + 1)
    y = torch.arange(count) % classes
    return centres[y] + torch.randn(count, width, generator=g), y


def images(count=240, size=32, seed=0):
    """Images [count, 3, size, size] with a bright square in one of three corners."""
    g = source(seed)
    y = torch.arange(count) % CLASSES
    x = 0.5 * torch.randn(count, 3, size, size, generator=g)
    half = size // 2
    for index, label in enumerate(y.tolist()):
        row, column = divmod(label, 2)
        x[
            index, label % 3, row * half : row * half + half, column * half : column * half + half
        ] += 1.5
    return x, y


def masks(count=96, size=24, seed=0):
    """Images and the class of every pixel: background, a bright square, a dark one."""
    g = source(seed)
    x = 0.2 * torch.randn(count, 3, size, size, generator=g)
    y = torch.zeros(count, size, size, dtype=torch.long)
    for index in range(count):
        for label, value in ((1, 1.5), (2, -1.5)):
            top, left = torch.randint(0, size - 8, (2,), generator=g).tolist()
            x[index, :, top : top + 8, left : left + 8] = value
            y[index, top : top + 8, left : left + 8] = label
    return x, y


class Listed(Dataset):
    """Items of a list, changed by a function where one is given."""

    def __init__(self, items, make=lambda item: item):
        self.items, self.make = list(items), make

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.make(self.items[index])
