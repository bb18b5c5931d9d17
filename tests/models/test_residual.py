import torch
from torch import nn

from recipe.models.residual import norms_go_first, residual_branches, with_zero_branches


class Block(nn.Module):
    def __init__(self, norm=True, project=False, inplace=False):
        super().__init__()
        self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4) if norm else nn.Identity()
        self.short = nn.Linear(4, 4) if project else nn.Identity()
        self.relu = nn.ReLU(inplace=inplace)
        self.inplace = inplace

    def forward(self, x):
        y = self.norm(self.two(self.relu(self.one(x))))
        if self.inplace:
            y += self.short(x)
            return self.relu(y)
        return torch.relu(y + self.short(x))


def net(*blocks):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 4), *blocks, nn.Linear(4, 3))


X = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))


def test_branches_are_found_with_their_last_weight():
    found = residual_branches(net(Block(), Block(norm=False, project=True)), X)
    assert [branch.last for branch in found] == ["1.norm", "2.two"]
    assert [branch.normalised for branch in found] == [True, False]
    assert found[0].modules == ("1.one", "1.relu", "1.two", "1.norm")
    assert not any(branch.starts_at_zero for branch in found)


def test_additions_and_activations_in_place():
    (branch,) = residual_branches(net(Block(inplace=True)), X)
    assert branch.last == "1.norm"


def test_a_plain_network_has_none():
    class Biased(nn.Linear):
        def forward(self, x):
            return super().forward(x) + self.bias + 1.0

    assert residual_branches(net(nn.ReLU(), Biased(4, 4)), X) == ()


def test_two_branches_of_equal_length_are_no_shortcut():
    class Twin(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x):
            return self.a(x) + self.b(x)

    assert residual_branches(net(Twin()), X) == ()


def test_zero_branches_leave_the_shortcut():
    model = net(Block(norm=False), Block())
    with_zero_branches(model, ("1.two", "2.norm"))
    model.eval()
    first, *_, last = model
    assert torch.allclose(model(X), last(torch.relu(first(X))))
    assert all(branch.starts_at_zero for branch in residual_branches(model, X))


def test_layers_of_a_transformer():
    def layer(**given):
        return nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True, **given)

    model = nn.Sequential(nn.Linear(4, 4), layer(), nn.Linear(4, 3))
    found = residual_branches(model, X.reshape(2, 4, 4))
    assert [branch.last for branch in found] == ["1.self_attn", "1.linear2"]
    assert not any(branch.normalised for branch in found)
    changed = norms_go_first(model)
    assert all(branch.normalised for branch in residual_branches(changed, X.reshape(2, 4, 4)))
    assert norms_go_first(model) is None
    with_zero_branches(model, ("1.self_attn", "1.linear2"))
    model.eval()
    with torch.enable_grad():
        assert torch.allclose(model(X.reshape(2, 4, 4)), model[2](model[0](X.reshape(2, 4, 4))))


def test_torchvisions_resnet():
    from torchvision.models import resnet18

    found = residual_branches(resnet18(num_classes=3), torch.randn(2, 3, 32, 32))
    assert len(found) == 8
    assert all(branch.last.endswith("bn2") and branch.normalised for branch in found)
