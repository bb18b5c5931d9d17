"""Items and models of any form, against the same training on pairs of tensors."""

from collections import namedtuple
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.core.keys_and_seeds import derive_seed
from recipe.data.splitting import load_splits
from recipe.data.trees import natural
from recipe.models.adapted import adapter_of
from recipe.models.building import build_model
from recipe.training.loop import Training
from recipe.training.preparation import prepare

CPU = torch.device("cpu")
G = torch.Generator().manual_seed(0)
X = torch.randn(60, 6, generator=G)
Y = X[:, :3].argmax(1)


class Listed(Dataset):
    def __init__(self, make, n=60):
        self.make, self.n = make, n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return self.make(index)


class Pair(nn.Module):
    """One input of six numbers."""

    def __init__(self):
        super().__init__()
        self.body, self.drop, self.head = nn.Linear(6, 8), nn.Dropout(0.2), nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.drop(self.body(x).tanh()))


class ByName(Pair):
    def forward(self, left, right):
        return super().forward(torch.cat([left, right], 1))


class OneDict(Pair):
    def forward(self, batch):
        return super().forward(torch.cat([batch["left"], batch["right"]], 1))


Out = namedtuple("Out", "logits aux")  # noqa: PYI024 - as torchvision writes it


class Aux(Pair):
    """As GoogLeNet: more outputs in training mode."""

    def forward(self, x):
        logits = super().forward(x)
        return Out(logits, logits.flip(1)) if self.training else logits


def returning(make):
    class Returning(Pair):
        def forward(self, x):
            return make(super().forward(x))

    return Returning


class MinGpt(Pair):
    def forward(self, x, targets=None):
        logits = super().forward(x)
        return logits, None if targets is None else F.cross_entropy(logits, targets)


class OddLoss(Pair):
    """Its loss is another than the usual one."""

    def forward(self, x, labels=None):
        logits = super().forward(x)
        found = {"logits": logits}
        if labels is not None:
            found["loss"] = 0.5 * F.cross_entropy(logits, labels, label_smoothing=0.1)
        return found


def experiment(**given):
    return Experiment(
        **{"model": Pair, "train": (X, Y), "val": 0.25, "lr": 0.1, "epochs": 2, "batch_size": 8,
           "schedule": "constant", "weight_decay": 1e-3, **given}
    )  # fmt: skip


def prepared(said=None, **given):
    made = experiment(**given)
    return prepare(made, load_splits(made, CPU, 0), (said if said is not None else []).append)


def trained(**given):
    """Losses, figures and weights of a training."""
    training = Training(*prepared(**given), seed=3, device=CPU)
    epochs = list(training.epochs())
    return [(e.losses, e.figures) for e in epochs], training.model.state_dict()


def same(a, b):
    assert a[0] == b[0]
    assert list(a[1]) == list(b[1])
    assert all(torch.equal(a[1][name], b[1][name]) for name in a[1])


def split_item(i):
    return {"left": X[i, :2], "right": X[i, 2:], "label": int(Y[i])}


FORMS = {
    "by name": {"train": Listed(split_item), "model": ByName},
    "arrays by name": {"train": {"left": X[:, :2], "right": X[:, 2:], "label": Y}, "model": ByName},
    "a dict as it is": {"train": Listed(split_item), "model": OneDict},
    "one of a dict": {"train": Listed(lambda i: {"x": X[i], "name": f"{i}.png", "label": int(Y[i])})},
    "in a row": {"train": Listed(lambda i: (X[i, :2], X[i, 2:], int(Y[i]))), "model": ByName},
    "other keys": {"train": Listed(lambda i: {"left": X[i, :2], "right": X[i, 2:], "kind": int(Y[i])}),
                   "model": ByName, "target": "kind"},
    "own parts": {"train": Listed(split_item), "batch": lambda r: (torch.cat([r["left"], r["right"]]), r["label"])},
    "own batches": {"train": Listed(split_item), "model": ByName, "collate": torch.utils.data.default_collate},
    "a tuple of outputs": {"model": returning(lambda logits: (logits, logits.mean()))},
    "outputs by name": {"model": returning(lambda logits: {"hidden": logits.exp(), "logits": logits})},
    "declared outputs": {"model": returning(lambda logits: {"a": logits.exp(), "b": logits}), "outputs": "b"},
    "outputs by a function": {"model": returning(lambda logits: [[logits]]), "outputs": lambda found: found[0][0]},
    "more in training": {"model": Aux},
    "the usual loss of its own": {"model": MinGpt, "loss": "model"},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_training_is_the_same_in_every_form(form):
    given = FORMS[form]
    if form == "own batches":  # labels are not at hand without making batches: no stratified split
        given = given | {"val": (({"left": X[:15, :2], "right": X[:15, 2:]}, Y[:15]))}
        same(trained(val=(X[:15], Y[:15])), trained(**given))
        return
    same(trained(), trained(**given))


def test_pairs_of_tensors_are_left_as_they_are():
    made = experiment().resolved()
    said = []
    found, _ = prepare(made, load_splits(made, CPU, 0), said.append)
    assert found == made
    assert said == []


def test_the_update_step_is_given_what_the_user_knows():
    seen = []

    def update(model, optimizer, batch):
        inputs, y = batch
        seen.append((type(inputs), sorted(inputs)))
        found = model(**inputs)
        optimizer.zero_grad()
        loss = F.cross_entropy(found["logits"], y)
        loss.backward()
        optimizer.step()
        return loss

    class Told(ByName):
        def forward(self, left, right):
            return {"logits": super().forward(left, right)}

    own, _ = trained(train=Listed(split_item), model=Told, update=update)
    usual, _ = trained()
    assert seen[0] == (dict, ["left", "right"])
    for (mine, figures), (theirs, known) in zip(own, usual, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-5)
        assert figures["val_score"] == pytest.approx(known["val_score"])


def test_the_update_step_calls_a_model_of_one_tensor_as_it_was_written():
    def update(model, optimizer, batch):
        logits, mean = model(batch[0])
        optimizer.zero_grad()
        loss = F.cross_entropy(logits, batch[1]) + 0 * mean
        loss.backward()
        optimizer.step()
        return loss

    own, _ = trained(model=returning(lambda logits: (logits, logits.mean())), update=update)
    for (mine, _), (theirs, _) in zip(own, trained()[0], strict=True):
        assert mine == pytest.approx(theirs, rel=1e-5)


def test_a_loss_of_the_models_own_is_trained_on():
    def loss(outputs, y):
        return 0.5 * F.cross_entropy(outputs, y, label_smoothing=0.1)

    said = []
    found, _ = prepared(said, model=OddLoss, loss="model")
    assert said[-1] == "The loss is the model's own, which is given the targets as labels."
    own, weights = trained(model=OddLoss, loss="model")
    wanted, others = trained(loss=loss)
    for (mine, figures), (theirs, known) in zip(own, wanted, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-5)
        assert figures["val_loss"] == pytest.approx(known["val_loss"], rel=1e-5)
        assert figures["val_score"] == pytest.approx(known["val_score"])
    for name, value in weights.items():
        torch.testing.assert_close(value, others[name])
    assert found.resolved_task.metric == "accuracy"


def test_a_usual_loss_of_the_models_own_need_not_be_asked_for():
    said = []
    made, data = prepared(said, model=MinGpt, loss="model")
    assert made.loss is None
    assert any("usual one of classification" in line for line in said)
    assert natural(data.train.x).shape == (45, 6)


def test_a_loss_that_takes_all_of_the_outputs():
    def loss(outputs, y):
        parts = outputs if isinstance(outputs, tuple) else (outputs,)
        return sum(F.cross_entropy(part, y) for part in parts)

    own, _ = trained(model=Aux, loss=loss)
    both, _ = trained(model=returning(lambda logits: (logits, logits.flip(1))), loss=loss)
    assert [losses for losses, _ in both] == [losses for losses, _ in own]
    # One number is what the outputs give, the other what all of them do.
    assert own[0][1]["val_score"] == both[0][1]["val_score"]
    assert own[0][1]["val_loss"] < both[0][1]["val_loss"]


class TwoHeads(Pair):
    def __init__(self):
        super().__init__()
        self.size = nn.Linear(6, 1)

    def forward(self, x):
        return {"kind": super().forward(x), "size": self.size(x).squeeze(1)}


def both(outputs, y):
    return F.cross_entropy(outputs["kind"], y["kind"]) + F.mse_loss(outputs["size"], y["size"])


def test_several_targets_and_a_plain_loop():
    items = Listed(lambda i: (X[i], {"kind": int(Y[i]), "size": X[i].sum()}))
    made, data = prepared(train=items, model=TwoHeads, loss=both)
    made = made.resolved()
    training = Training(made, data, seed=3, device=CPU)
    epochs = list(training.epochs())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(3, "weights"))
        model = TwoHeads()
    model.eval()
    x, y = data.val.x, natural(data.val.y)
    trained_model = TwoHeads().eval()
    trained_model.load_state_dict(training.model.state_dict())
    with torch.no_grad():
        wanted = both(trained_model(x), y).item()
    assert epochs[-1].figures["val_loss"] == pytest.approx(wanted, rel=1e-5)
    assert epochs[-1].figures["val_score"] == pytest.approx(-wanted, rel=1e-5)
    assert made.resolved_task.metric == "minus_loss"
    assert epochs[-1].figures["train_loss"] < both(model(x), y).item()


def test_a_metric_is_given_the_trees_that_the_user_knows():
    given = []

    def metric(outputs, y):
        given.append((sorted(outputs), sorted(y), len(outputs["kind"]), len(y["kind"])))
        return (outputs["kind"].argmax(1) == y["kind"]).float().mean()

    items = Listed(lambda i: (X[i], {"kind": int(Y[i]), "size": X[i].sum()}))
    epochs, _ = trained(train=items, model=TwoHeads, loss=both, metric=metric)
    assert given[-1] == (["kind", "size"], ["kind", "size"], 15, 15)
    assert 0 <= epochs[-1][1]["val_score"] <= 1


class Words(nn.Module):
    """Mean of the embeddings of real tokens."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(12, 5), nn.Linear(5, 3)

    def forward(self, tokens, lengths):
        steps = torch.arange(tokens.shape[1]) < lengths[:, None]
        return self.head((self.embed(tokens) * steps[..., None]).sum(1) / lengths[:, None])


def sentence(i):
    words = torch.randint(0, 12, (2 + i % 5,), generator=torch.Generator().manual_seed(i))
    return words, int(words.sum()) % 3


def test_padded_sequences_are_trained_on_as_by_a_plain_loop():
    made, data = prepared(train=Listed(sentence), model=Words, optimizer="adam", batch_size=4,
                          weight_decay=0.0, lr=0.01)  # fmt: skip
    training = Training(made, data, seed=3, device=CPU)
    losses = [loss for epoch in training.epochs() for loss in epoch.losses]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(3, "weights"))
        model = Words()
    optimizer, wanted = torch.optim.Adam(model.parameters(), 0.01), []
    for epoch in range(2):
        source = torch.Generator().manual_seed(derive_seed(3, "order", epoch))
        order = torch.randperm(45, generator=source).tolist()
        for start in range(0, 44, 4):
            items = [data.train.kept[i] for i in order[start : start + 4]]
            lengths = torch.tensor([len(words) for words, _ in items])
            tokens = nn.utils.rnn.pad_sequence([words for words, _ in items], batch_first=True)
            loss = F.cross_entropy(model(tokens, lengths), torch.stack([y for _, y in items]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            wanted.append(loss.item())
    assert losses == pytest.approx(wanted, rel=1e-5)


def test_what_is_said_of_it():
    said = []
    prepared(said, train=Listed(lambda i: split_item(i) | {"name": f"{i}"}), model=ByName)
    assert said == [
        "The model is called by name with left, right.",
        "Not given to the model: name.",
    ]
    said.clear()
    prepared(said, model=returning(lambda logits: (logits, logits.mean())))
    assert said == ["Outputs: part 0 of what the model returns."]


def test_adapted_once():
    made, data = prepared(train=Listed(split_item), model=ByName)
    again, other = prepare(made, data)
    model = build_model(again, 0, CPU)
    assert adapter_of(model) == adapter_of(build_model(made, 0, CPU))
    assert len(other.train.suits) == len(data.train.suits)


def test_validation_items_have_to_be_alike():
    for val, words in (
        (
            (X, Y),
            "a tensor .6.* differ in structure from those of train .a dict: left .2., right .4",
        ),
        (
            Listed(lambda i: split_item(i) | {"left": X[i]}),
            "takes the items of train .* not those of val",
        ),
    ):
        with pytest.raises(UsageError, match=words):
            prepared(train=Listed(split_item), model=ByName, val=val)
    prepared(train=Listed(split_item), model=ByName, val=Listed(split_item))


def test_arguments_that_are_searched_reach_the_users_factory():
    def make(width=4):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Linear(6, width)

            def forward(self, left, right):
                return self.body(torch.cat([left, right], 1))

        return Net()

    made, _ = prepared(train=Listed(split_item), model=make, space={"width": [3, 5]})
    model = build_model(replace(made, model_args={"width": 5}), 0, CPU)
    assert model.body.out_features == 5
