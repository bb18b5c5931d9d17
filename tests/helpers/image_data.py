"""Small data sets of images."""

import torch
from torchvision import transforms as v1
from torchvision.transforms import v2

from recipe.data.decoding import PARALLEL_FROM

PIPELINES = {
    "v1": v1.Compose([v1.ToTensor(), v1.Normalize([0.5] * 3, [0.25, 0.2, 0.3])]),
    "v2": v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True),
                      v2.Normalize([0.5] * 3, [0.25, 0.2, 0.3])]),
    "resized": v2.Compose([v2.Resize((6, 6)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]),
    "tensor alone": v1.ToTensor(),
    "bytes": v1.PILToTensor(),
}  # fmt: skip


def one_by_one(dataset):
    pairs = [dataset[i] for i in range(len(dataset))]
    return torch.stack([x for x, _ in pairs]), torch.tensor([y for _, y in pairs])


class Many:
    """Items that say who read them."""

    def __init__(self, n=PARALLEL_FROM + 5, make=None):
        self.n, self.make = n, make or (lambda i: (torch.tensor([float(i)]), i % 7))

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return self.make(i)
