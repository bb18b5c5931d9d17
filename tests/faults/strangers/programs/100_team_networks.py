"""Is a small team of twelve people one circle or two? Adjacency matrices, some links missing."""
import torch
from torch import nn
from recipe import Experiment

PEOPLE = 12


def teams(n, seed):
    g = torch.Generator().manual_seed(seed)
    two = torch.randint(0, 2, (n,), generator=g)
    side = torch.zeros(n, PEOPLE, dtype=torch.long)
    side[:, PEOPLE // 2 :] = two[:, None]
    perm = torch.rand(n, PEOPLE, generator=g).argsort(1)
    side = side.gather(1, perm)
    same = side[:, :, None] == side[:, None, :]
    chance = torch.where(two.bool()[:, None, None], torch.where(same, 0.72, 0.08), torch.tensor(0.38))
    upper = torch.triu((torch.rand(n, PEOPLE, PEOPLE, generator=g) < chance).float(), 1)
    return upper + upper.transpose(1, 2), two


class GraphNet(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.inp = nn.Linear(4, width)
        self.lin1, self.lin2 = nn.Linear(2 * width, width), nn.Linear(2 * width, width)
        self.out = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, a):
        degree = a.sum(2, keepdim=True)
        a2 = a @ a
        triangles = (a2 * a).sum(2, keepdim=True)
        paths = a2.sum(2, keepdim=True)
        closed = triangles / (degree * (degree - 1)).clamp(min=1)
        h = torch.relu(self.inp(torch.cat([degree / 4, triangles / 8, paths / 20, closed], 2)))
        norm = a / degree.clamp(min=1)
        h = h + torch.relu(self.lin1(torch.cat([h, norm @ h], 2)))
        h = h + torch.relu(self.lin2(torch.cat([h, norm @ h], 2)))
        return self.out(h.mean(1))


experiment = Experiment(
    model=GraphNet,
    train=teams(2000, 100),
    val=teams(500, 101),
    optimizer="adam",
    lr=2e-3,
    batch_size=64,
    epochs=10,
)
