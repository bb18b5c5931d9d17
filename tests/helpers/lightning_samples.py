"""Lightning modules and data modules as users write them."""

import lightning as L
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from tiny import blobs


class Net(L.LightningModule):
    def __init__(self, width: int = 16, lr: float = 0.02):
        super().__init__()
        self.save_hyperparameters()
        self.encoder = nn.Sequential(nn.Linear(2, width), nn.ReLU())
        self.head = nn.Linear(width, 3)

    def forward(self, x):
        return self.head(self.encoder(x))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.cross_entropy(self(x), y)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_loss", F.cross_entropy(self(x), y))

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.hparams.lr, weight_decay=0.01)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
        return [optimizer], [scheduler]


class ProbabilityNet(Net):
    """The fault: a softmax before the loss, in forward."""

    def forward(self, x):
        return super().forward(x).softmax(1)


class LateSoftmaxNet(Net):
    """The same in training_step."""

    def training_step(self, batch, batch_idx):
        x, y = batch
        return F.cross_entropy(torch.softmax(self(x), dim=1), y)


class FrozenNet(Net):
    """The fault: an encoder that nobody meant to leave frozen at its random weights."""

    def __init__(self, width: int = 16, lr: float = 0.02):
        super().__init__(width, lr)
        self.encoder.requires_grad_(False)


class InnerNet(L.LightningModule):
    """Without a forward of its own and without saved arguments."""

    def __init__(self, net):
        super().__init__()
        self.net = net
        self.criterion = nn.CrossEntropyLoss(label_smoothing=0.1)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return {"loss": self.criterion(self.net(x), y)}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9, nesterov=True)


class PenaltyNet(Net):
    """A loss that is no usual one."""

    def training_step(self, batch, batch_idx):
        x, y = batch
        weights = sum(p.abs().sum() for p in self.parameters())
        return F.cross_entropy(self(x), y) + 1e-3 * weights


class Autoencoder(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(2, 8), nn.Linear(8, 2)

    def training_step(self, batch, batch_idx):
        (x,) = batch
        return F.mse_loss(self.decoder(self.encoder(x).tanh()), x)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-2)


class DictNet(Net):
    """Batches by name."""

    def forward(self, points):
        return super().forward(points)

    def training_step(self, batch, batch_idx):
        return F.cross_entropy(self(batch["points"]), batch["label"])


class ByName(torch.utils.data.Dataset):
    def __init__(self, n=240):
        self.x, self.y = blobs(n)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, place):
        return {"points": self.x[place], "label": self.y[place]}


class Gan(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(2, 3), nn.Linear(2, 3)

    def training_step(self, batch, batch_idx):
        return F.cross_entropy(self.a(batch[0]), batch[1])

    def configure_optimizers(self):
        return [torch.optim.Adam(self.a.parameters()), torch.optim.Adam(self.b.parameters())]


class Manual(Net):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False


class Blobs(L.LightningDataModule):
    def __init__(self, batch_size: int = 16):
        super().__init__()
        self.batch_size = batch_size

    def setup(self, stage):
        x, y = blobs(240)
        if stage == "fit":
            self.train_set = TensorDataset(x[:160], y[:160])
            self.val_set = TensorDataset(x[160:200], y[160:200])
        if stage == "test":
            self.test_set = TensorDataset(x[200:], y[200:])

    def train_dataloader(self):
        return DataLoader(self.train_set, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val_set, batch_size=self.batch_size)

    def test_dataloader(self):
        return DataLoader(self.test_set, batch_size=self.batch_size)
