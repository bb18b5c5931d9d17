"""Runs on items of several parts, loaded again and asked for answers."""

import csv

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

import recipe
from recipe import Experiment
from recipe.data.splitting import load_splits
from recipe.trained.prediction import predict

CPU = torch.device("cpu")
X = torch.randn(80, 6, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(1)


class Listed(Dataset):
    def __init__(self, make):
        self.make = make

    def __len__(self):
        return 80

    def __getitem__(self, index):
        return self.make(index)


class ByName(nn.Module):
    """Returns more than its outputs."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, left, right):
        state = self.body(torch.cat([left, right], 1)).tanh()
        return {"state": state, "logits": self.head(state)}


class Words(nn.Module):
    """Is told where sequences end."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(9, 5), nn.Linear(5, 3)

    def forward(self, tokens, lengths):
        steps = torch.arange(tokens.shape[1]) < lengths[:, None]
        return self.head((self.embed(tokens) * steps[..., None]).sum(1))


def words(i):
    found = torch.randint(0, 9, (3 + i % 3,), generator=torch.Generator().manual_seed(i))
    return found, int(found.sum()) % 3


def named(i):
    return {"left": X[i, :2], "right": X[i, 2:], "label": int(Y[i])}


GIVEN = {"lr": 0.1, "epochs": 3, "batch_size": 8}
FORMS = {
    "dicts": Experiment(model=ByName, train=Listed(named), test=Listed(named), **GIVEN),
    "sequences": Experiment(model=Words, train=Listed(words), test=Listed(words), **GIVEN),
}
FORWARD = {
    "dicts": lambda model, x: model(**x.value)["logits"],
    "sequences": lambda model, x: model(x.value.values, x.value.lengths),
}


@pytest.fixture(scope="module", params=FORMS)
def run(request, tmp_path_factory):
    made = FORMS[request.param]
    out = tmp_path_factory.mktemp("runs")
    folder = recipe.run(made, out=out, only=["coarse_grid"], device="cpu").folder
    return request.param, made, folder


def classes(form, made, folder, split):
    """What the user's own model says, with the weights of the run."""
    model = made.model()
    model.load_state_dict(recipe.load(folder, made).state_dict())
    batches = getattr(load_splits(made, CPU, 0), split).eval_batches()
    with torch.no_grad():
        return torch.cat([FORWARD[form](model.eval(), x).softmax(1) for x, _ in batches])


@pytest.mark.parametrize(("split", "count"), [("val", 16), ("train", 64), ("test", 80)])
def test_answers_are_those_of_the_users_model(run, split, count):
    form, made, folder = run
    found = list(predict(folder, split, made))
    assert len(found) == count
    if split == "test":
        return
    shares = classes(form, made, folder, split)
    assert [each.answer for each in found] == [str(int(k)) for k in shares.argmax(1)]
    assert [each.probability for each in found] == pytest.approx(
        shares.max(1).values.tolist(), rel=1e-5
    )


def test_a_loaded_model_is_called_as_the_user_wrote_it(run):
    form, made, folder = run
    model = recipe.load(folder, made)
    assert not model.training
    if form == "dicts":
        assert set(model(X[:4, :2], X[:4, 2:])) == {"state", "logits"}
    else:
        assert model(torch.zeros(2, 3, dtype=torch.long), torch.tensor([3, 2])).shape == (2, 3)


def test_answers_on_the_command_line(recipe, tmp_path, monkeypatch):
    (tmp_path / "named.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "from recipe import Experiment\n"
        "X = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.layer = nn.Linear(4, 2)\n"
        "    def forward(self, a, b):\n"
        "        return self.layer(torch.cat([a, b], 1)), a\n"
        "experiment = Experiment(model=Net, lr=0.1, epochs=2, batch_size=8,\n"
        "    train={'a': X[:, :1], 'b': X[:, 1:], 'label': (X[:, 0] > 0).long()})\n"
    )
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "runs"
    code, *_ = recipe("run", "named.py", "--only", "coarse_grid", "--out", out, "--device", "cpu")
    assert code == 0
    (folder,) = (path.parent for path in out.rglob("best.safetensors"))
    code, said, _ = recipe("predict", folder, "val")
    assert code == 0
    rows = list(csv.DictReader(said.splitlines()))
    assert len(rows) == 8


def test_data_are_not_read_for_a_model_that_was_seen_to_take_one_tensor(tmp_path, monkeypatch):
    made = Experiment(model=lambda: nn.Linear(6, 3), train=(X, Y), **GIVEN)
    steps = ["inspect", "coarse_grid"]
    folder = recipe.run(made, out=tmp_path, only=steps, device="cpu").folder
    monkeypatch.setattr("recipe.trained.loading.load_splits", None)
    assert recipe.load(folder, made)(X).shape == (80, 3)
