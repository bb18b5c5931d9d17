from sklearn.datasets import load_digits
import torch
from torch import nn
from recipe import Experiment

# compress 64 pixels to 10 numbers and back; the target is the image itself
images = torch.tensor(load_digits().data, dtype=torch.float32) / 16
perm = torch.randperm(len(images), generator=torch.Generator().manual_seed(2))
train_images, val_images = images[perm[:1400]], images[perm[1400:]]


class Autoencoder(nn.Module):
    def __init__(self, code: int = 10):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(64, 48),
            nn.ReLU(),
            nn.Linear(48, code),
        )
        self.decoder = nn.Sequential(
            nn.Linear(code, 48),
            nn.ReLU(),
            nn.Linear(48, 64),
            nn.Sigmoid(),  # pixels lie between 0 and 1
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


def reconstruction(output, target):
    return ((output - target) ** 2).mean()


def explained(output, target):
    rest = ((output - target) ** 2).sum()
    whole = ((target - target.mean(0)) ** 2).sum()
    return float(1 - rest / whole)


experiment = Experiment(
    model=lambda code=10: Autoencoder(code),
    train=(train_images, train_images.clone()),
    val=(val_images, val_images.clone()),
    task="regression",
    loss=reconstruction,
    metric=explained,
    optimizer="adam",
    lr=5e-3,
    batch_size=32,
    epochs=50,
)
