import pytest
import torch
from torch import nn

from recipe.core.errors import UsageError
from recipe.testing import judge_scalars, measure
from recipe_steps.inspect import Inspect
from recipe_steps.inspect.scaling import unit_rows
from recipe_steps.inspect.splits import compare_inputs, is_whole_table, repeats_by_chance
from step_samples import blob_experiment, blobs, mlp


def inspect(out, **given):
    """The evidence, and the rules that fire."""
    evidence = measure(Inspect(), blob_experiment(**given), out)
    found = {f.rule: f for f in judge_scalars(Inspect(), evidence.scalars)}
    found.pop("too-little-validation-data", None)  # so small are all data here
    return evidence, found


def test_healthy_data(tmp_path):
    x, y = blobs()
    evidence, found = inspect(tmp_path, train=(x[:180], y[:180]), val=(x[180:], y[180:]))
    assert not found
    number = evidence.number
    assert number("train_items") == 180
    assert number("val_items") == 60
    assert number("classes") == number("outputs") == 3
    assert number("largest_class") == number("smallest_class") == 60
    assert number("parameters") == 4 * 32 + 32 + 32 * 3 + 3
    assert number("train_input_mean") == pytest.approx(x[:180].mean().item())
    assert number("train_input_std") == pytest.approx(x[:180].numpy().std(), rel=1e-5)
    assert number("val_input_min") == x[180:].min().item()
    assert number("val_input_max") == x[180:].max().item()
    assert (number("train_target_min"), number("train_target_max")) == (0, 2)
    assert evidence.text("input_shape") == "[4]"
    assert evidence.text("target_shape") == "[]"
    assert number("overlap") == 0
    assert evidence.flag("deterministic")


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_broken_column_is_named(tmp_path, split, bad):
    data = {"train": blobs(60), "val": blobs(60, seed=8)}
    data[split][0][[3, 5], 2] = bad
    evidence, found = inspect(tmp_path, **data)
    assert evidence.number(f"{split}_input_nonfinite") == 2
    assert f"2 input values of {split}" in found["inputs-not-finite"].message
    assert "(columns 2)" in found["inputs-not-finite"].message
    assert abs(evidence.number(f"{split}_input_mean")) < 10


def test_broken_images_are_named(tmp_path):
    x = torch.randn(40, 1, 2, 2)
    x[[4, 7], 0, 1, 1] = torch.nan
    model = lambda: nn.Sequential(nn.Flatten(), nn.Linear(4, 2))  # noqa: E731
    _, found = inspect(tmp_path, train=(x, torch.arange(40) % 2), val=0.1, model=model)
    assert "input values of train" in found["inputs-not-finite"].message


def test_a_target_that_is_not_finite(tmp_path):
    x, y = blobs(60)
    y = y.float()
    y[0] = torch.nan
    _, found = inspect(
        tmp_path, train=(x, y), val=(x[:5], y[1:6]), task="regression", model=mlp(4, 1)
    )
    assert "1 target values of train" in found["inputs-not-finite"].message


def test_labels_that_start_at_one(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x, y + 1))
    assert set(found) == {"targets-out-of-range"}
    assert "from 1 to 3, expected 0..2" in found["targets-out-of-range"].message
    assert found["targets-out-of-range"].blocks


def test_labels_that_are_no_whole_numbers(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x, y.float()))
    assert "float32" in found["targets-out-of-range"].message


def test_answers_of_minus_one(tmp_path):
    x, y = blobs(classes=2)
    _, found = inspect(tmp_path, train=(x, 2 * y - 1), task="binary", model=mlp(4, 1))
    assert "-1 to 1" in found["targets-out-of-range"].message


def test_too_few_outputs(tmp_path):
    _, found = inspect(tmp_path, train=blobs(classes=5))
    assert set(found) == {"outputs-do-not-match-targets"}


def test_one_hot_labels(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x, nn.functional.one_hot(y)))
    assert "outputs-do-not-match-targets" in found


def sequences(n=120, length=6, classes=3):
    """Items of which every place has a label."""
    x = torch.randn(n, length, 4, generator=torch.Generator().manual_seed(0))
    return x, x[..., :classes].argmax(-1)


class ClassesBehind(nn.Module):
    def __init__(self):
        super().__init__()
        self.each = mlp()()

    def forward(self, x):
        return self.each(x).transpose(1, 2)


def over_places(outputs, targets):
    return nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())


TAGGED = {
    "behind": {"model": ClassesBehind},
    "last": {"model": mlp(), "loss": over_places},
}


@pytest.mark.parametrize("where", TAGGED)
@pytest.mark.parametrize("ignored", [None, -100])
def test_a_label_for_every_place(tmp_path, where, ignored):
    x, y = sequences()
    if ignored is not None:
        y[:, -2:] = ignored
    evidence, found = inspect(tmp_path, train=(x, y), **TAGGED[where])
    assert (evidence.number("classes"), evidence.number("outputs")) == (3, 3)
    assert (evidence.number("train_target_min"), evidence.number("train_target_max")) == (0, 2)
    assert not found


def test_what_is_not_labelled(tmp_path):
    x, y = sequences()
    y[:, :1] = 255
    given = {"model": ClassesBehind, "train": (x, y)}
    loss = nn.CrossEntropyLoss(ignore_index=255)
    assert not inspect(tmp_path / "declared", **given, loss=loss)[1]
    _, found = inspect(tmp_path / "not", **given)
    assert set(found) == {"targets-out-of-range"}
    assert "ignore_index=255" in found["targets-out-of-range"].advice


def test_items_without_a_label(tmp_path):
    x, y = blobs()
    y[::4] = -100
    evidence, found = inspect(tmp_path, train=(x[:180], y[:180]), val=(x[180:], y[180:]))
    assert evidence.number("classes") == 3
    assert evidence.number("largest_class") == 45
    assert not found


@pytest.mark.parametrize(("copies", "severity"), [(0, None), (2, "warn"), (30, "fail")])
def test_overlap(tmp_path, copies, severity):
    train, val = blobs(120), blobs(60, seed=8)
    val[0][:copies] = train[0][:copies]
    evidence, found = inspect(tmp_path, train=train, val=val)
    assert evidence.number("overlap") == copies
    assert evidence.number("overlap_share") == pytest.approx(copies / 60)
    overlap = found.get("train-validation-overlap")
    assert (overlap and overlap.severity) == severity


def test_a_table_of_few_distinct_rows_overlaps_by_chance(tmp_path):
    x = torch.randint(0, 2, (200, 2), generator=torch.Generator().manual_seed(0)).float()
    evidence, found = inspect(tmp_path, train=(x, x[:, 0].long()), model=mlp(2, 2))
    assert evidence.number("overlap_share") == 1
    assert not found


def table_of_levels(columns=6, levels=4, rows=1000, seed=0):
    """Few distinct rows: some repeat by chance."""
    source = torch.Generator().manual_seed(seed)
    x = torch.randint(levels, (rows, columns), generator=source).float()
    return x, (x.sum(1) > columns * (levels - 1) / 2).long()


@pytest.mark.parametrize("held", [3, 20])
@pytest.mark.parametrize("seed", range(4))
def test_a_few_items_that_repeat_by_chance(tmp_path, held, seed):
    x, y = table_of_levels(8, 4, rows=2000, seed=seed)
    x[0] = x[-1]  # one that is known for sure
    evidence, found = inspect(
        tmp_path, model=mlp(8, 2), train=(x[held:], y[held:]), val=(x[:held], y[:held])
    )  # fmt: skip
    assert evidence.number("overlap") >= 1
    assert evidence.number("val_inputs_seen") == held
    assert "train-validation-overlap" not in found


@pytest.mark.parametrize("bits", [5, 6])
def test_all_rows_of_a_truth_table(tmp_path, bits):
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * bits)
    data = x, (x.sum(1) % 2).long()
    evidence, found = inspect(tmp_path, model=mlp(bits, 2), train=data, val=data)
    assert evidence.flag("whole_table")
    assert found["train-validation-overlap"].severity == "note"
    half = slice(0, None, 2)  # no longer all of them
    data = x[half][:-1], data[1][half][:-1]
    evidence, _ = inspect(tmp_path / "half", model=mlp(bits, 2), train=data, val=data)
    assert not evidence.flag("whole_table")


def test_a_table_is_whole_when_all_combinations_occur():
    grid = torch.cartesian_prod(torch.arange(3), torch.arange(4))
    assert is_whole_table(grid, 12)
    assert is_whole_table(grid.repeat(2, 1), 12)
    assert not is_whole_table(grid[:-1], 11)
    assert not is_whole_table(grid[:, :1], 3)  # of one column all values always occur
    assert not is_whole_table(torch.cat([grid[:4], grid[:4]], 1)[:, [0, 1]], 4)  # one that varies
    assert not is_whole_table(torch.randn(12, 2), 12)
    assert not is_whole_table(grid[:, None], 12)


def test_how_often_rows_repeat_by_chance():
    x, _ = table_of_levels(4, 4, rows=4000)
    assert repeats_by_chance(x) == pytest.approx(4000 / 4**4, rel=0.05)
    assert repeats_by_chance(torch.arange(50.0)[:, None]) == 0  # no value occurs twice
    assert repeats_by_chance(torch.ones(50, 2)) == pytest.approx(50)
    assert repeats_by_chance(x[:1]) == 0
    assert repeats_by_chance(x.reshape(-1, 2, 2)) == 0


def test_rare_class(tmp_path):
    x, y = blobs(300)
    y[y == 2] = 0
    y[:12] = torch.arange(12) % 3
    _, found = inspect(tmp_path, train=(x, y))
    assert found["class-imbalance"].severity == "note"


def test_masks_and_tags_are_rarely_positive(tmp_path):
    source = torch.Generator().manual_seed(0)
    images = torch.randn(100, 1, 8, 8, generator=source)
    mask = (torch.rand(100, 1, 8, 8, generator=source) < 0.005).float()
    _, found = inspect(
        tmp_path / "mask", train=(images, mask), task="binary",
        model=lambda: nn.Conv2d(1, 1, 3, padding=1),
    )  # fmt: skip
    assert found["class-imbalance"].severity == "note"
    tags = (torch.rand(300, 100, generator=source) < 0.005).float()
    _, found = inspect(
        tmp_path / "tags", train=(torch.randn(300, 4, generator=source), tags),
        task="multilabel", model=mlp(4, 100),
    )  # fmt: skip
    assert found["class-imbalance"].severity == "note"


RARE = (torch.arange(1000) % 200 == 0).float()[:, None]
RARE_WEIGHT = torch.tensor(200.0)
functional = nn.functional
FRAUD = {
    "no own loss": (None, "warn"),
    "logistic": (nn.BCEWithLogitsLoss(), "warn"),
    "positive weight": (nn.BCEWithLogitsLoss(pos_weight=RARE_WEIGHT), "note"),
    "in a function": (
        lambda o, y: functional.binary_cross_entropy_with_logits(o, y, pos_weight=RARE_WEIGHT),
        "note"),
    "weight of the frequent class": (nn.BCEWithLogitsLoss(pos_weight=1 / RARE_WEIGHT), "warn"),
    "cross-entropy": (nn.CrossEntropyLoss(label_smoothing=0.1), "warn"),
    "class weights": (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 200.0])), "note"),
    "a loss without gradient": (lambda o, _: o.detach().sum(), "warn"),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAUD)
def test_a_rare_class_that_the_loss_weighs(tmp_path, name):
    loss, severity = FRAUD[name]
    x = torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    classes = isinstance(loss, nn.CrossEntropyLoss)
    task = "classification" if classes else "binary"
    evidence, found = inspect(
        tmp_path, train=(x, RARE[:, 0].long() if classes else RARE), task=task, loss=loss,
        model=mlp(4, 2 if classes else 1),
    )  # fmt: skip
    assert found["class-imbalance"].severity == severity
    if severity == "note":
        assert evidence.number("rare_weight") == pytest.approx(200, rel=1e-3)


def test_model_that_does_not_fit_the_data(tmp_path):
    with pytest.raises(UsageError, match=r"batch of shape \[4, 4\].*match the model's first layer"):
        inspect(tmp_path, model=mlp(5, 3))


def test_model_that_returns_a_pair(tmp_path):
    class Pair(nn.Linear):
        def forward(self, x):
            return super().forward(x), x

    with pytest.raises(UsageError, match="returns tuple"):
        inspect(tmp_path, model=lambda: Pair(4, 3))


class Net(nn.Module):
    """Two layers; each subclass spoils its forward pass in one way."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 32), nn.Linear(32, 3)

    def hidden(self, x):
        return torch.relu(self.first(x))

    def forward(self, x):
        return self.last(self.hidden(x))


class AlwaysDropout(Net):
    def hidden(self, x):
        return nn.functional.dropout(super().hidden(x), 0.5)


class LayersMadeAnew(Net):
    def hidden(self, x):
        return torch.relu(nn.Linear(4, 32)(x))


class View(Net):
    def forward(self, x):
        return super().forward(x.T.reshape(x.shape))


class SoftmaxOverBatch(Net):
    def hidden(self, x):
        return torch.softmax(super().hidden(x), 0)


class MeanOverBatch(Net):
    def hidden(self, x):
        return super().hidden(x) - super().hidden(x).mean()


class PlainList(Net):
    def __init__(self):
        super().__init__()
        self.more = [nn.Linear(32, 32)]

    def hidden(self, x):
        return torch.relu(self.more[0](super().hidden(x)))


class Detached(Net):
    def hidden(self, x):
        return super().hidden(x).detach()


class Forgotten(Net):
    def __init__(self):
        super().__init__()
        self.middle = nn.Linear(32, 32)


class Frozen(Net):
    def __init__(self):
        super().__init__()
        self.requires_grad_(requires_grad=False)


class FrozenBackbone(Net):
    def __init__(self):
        super().__init__()
        self.first.requires_grad_(requires_grad=False)


class ZeroHead(Net):
    def __init__(self):
        super().__init__()
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)


class Dropout(Net):
    def hidden(self, x):
        return nn.functional.dropout(super().hidden(x), 0.5, self.training)


class Normalised(Net):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(32)

    def hidden(self, x):
        return self.norm(super().hidden(x))


MODELS = {
    AlwaysDropout: {"nondeterministic-evaluation": "fail"},
    LayersMadeAnew: {"nondeterministic-evaluation": "fail",
                     "parameters-without-gradient": "warn"},
    View: {"batch-mixing": "fail"},
    SoftmaxOverBatch: {"batch-mixing": "fail"},
    MeanOverBatch: {"batch-mixing": "fail"},
    PlainList: {"unregistered-parameters": "fail"},
    Detached: {"parameters-without-gradient": "warn"},
    Forgotten: {"parameters-without-gradient": "warn"},
    Frozen: {"frozen-parameters": "fail"},
    FrozenBackbone: {"frozen-parameters": "note"},
    ZeroHead: {},
    Dropout: {},
    Normalised: {},
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_is_told_by_its_marks(tmp_path, model):
    x, y = blobs()
    data = {"train": (x[:140], y[:140]), "val": (x[140:], y[140:])}
    _, found = inspect(tmp_path, model=model, **data)
    assert {name: f.severity for name, f in found.items()} == MODELS[model]


def test_a_recurrent_layer_that_takes_the_batch_for_time_mixes_items(tmp_path):
    class Recurrent(nn.Module):
        def __init__(self, batch_first):
            super().__init__()
            self.cell = nn.GRU(4, 8, batch_first=batch_first)
            self.last = nn.Linear(8, 2)

        def forward(self, x):
            return self.last(self.cell(x)[0][:, -1])

    x = torch.randn(300, 5, 4, generator=torch.Generator().manual_seed(0))
    for batch_first in (True, False):
        _, found = inspect(
            tmp_path / str(batch_first), model=lambda: Recurrent(batch_first),  # noqa: B023
            train=(x, torch.arange(300) % 2), val=0.5,
        )  # fmt: skip
        assert ("batch-mixing" in found) is not batch_first


def test_a_sorted_tail_held_out(tmp_path):
    x, y = blobs(400, classes=4)
    order = y.argsort(stable=True)
    x, y = x[order], y[order]
    _, found = inspect(
        tmp_path, model=mlp(4, 4), train=(x[:280], y[:280]), val=(x[280:], y[280:])
    )  # fmt: skip
    assert found["validation-missing-classes"].severity == "fail"
    _, found = inspect(tmp_path / "fraction", model=mlp(4, 4), train=(x, y), val=0.3)
    assert not found  # the recipe's own split is stratified


def test_a_rare_class_that_chance_leaves_out(tmp_path):
    x, y = blobs(300)
    y[y == 2] = 0
    y[0] = 2
    _, found = inspect(tmp_path, train=(x[:200], y[:200]), val=(x[200:], y[200:]))
    assert "validation-missing-classes" not in found


@pytest.mark.parametrize(
    "change",
    [lambda x: x * 255, lambda x: x / 255, lambda x: (x - 0.5) / 0.25, lambda x: 2 * x - 1],
    ids=["bytes", "divided twice", "normalised", "-1 to 1"],
)
def test_another_preprocessing_of_validation(tmp_path, change):
    x = torch.rand(300, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    model = lambda: nn.Sequential(nn.Flatten(), nn.Linear(108, 2))  # noqa: E731
    y = torch.arange(300) % 2
    _, found = inspect(
        tmp_path, model=model, train=(x[:200], y[:200]), val=(change(x[200:]), y[200:])
    )
    assert found["validation-preprocessing-differs"].severity == "fail"


def series(kind, n=500, seed=0):
    """Three series that drift."""
    source = torch.Generator().manual_seed(seed)
    noise, time = torch.randn(n, 3, generator=source), torch.arange(n)[:, None] / n
    return {
        "line": time + 0.02 * noise,
        "noisy line": time + 0.3 * noise,
        "growth": (3 * time).exp() * (1 + 0.1 * noise),
        "season": torch.sin(9 * time + torch.tensor([0.0, 0.3, 0.6])),
        "walk": noise.cumsum(0) / n**0.5 + 2 * time,
    }[kind]


DRIFTS = ("line", "noisy line", "growth", "season", "walk")


@pytest.mark.parametrize("kind", DRIFTS)
def test_a_series_that_drifts_was_not_preprocessed_differently(tmp_path, kind):
    x = series(kind)
    y, model = torch.arange(500) % 2, mlp(3, 2)
    evidence, found = inspect(tmp_path, train=(x[:400], y[:400]), val=(x[400:], y[400:]),
                              model=model)  # fmt: skip
    assert evidence.number("differing_features") > 0.5
    assert found["validation-preprocessing-differs"].severity == "note"
    assert "goes on where training ends" in found["validation-preprocessing-differs"].message


@pytest.mark.parametrize("kind", DRIFTS)
@pytest.mark.parametrize(
    "change", [lambda x: 60 * x + 120, lambda x: x / 255, lambda x: x + 3 * x.std()],
    ids=["not normalised", "divided", "shifted"],
)  # fmt: skip
def test_a_series_that_drifts_and_was_preprocessed_differently(kind, change):
    x = series(kind)
    found = compare_inputs(x[:400], change(x)[400:])
    assert found["differing_features"] == 1
    assert found["drifting_features"] < 0.5


def test_what_is_too_short_does_not_drift():
    x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    found = compare_inputs(x[:2], x + 100)
    assert found["differing_features"] == 1
    assert found["drifting_features"] == 0


def test_large_items_are_looked_at_in_part(monkeypatch):
    monkeypatch.setattr("recipe_steps.inspect.drift.MOST_VALUES", 1)
    x = series("line")
    assert compare_inputs(x[:400], x[400:])["drifting_features"] == 1


@pytest.mark.parametrize("seed", range(5))
def test_halves_of_one_table_are_alike(tmp_path, seed):
    source = torch.Generator().manual_seed(seed)
    n = 110
    columns = [
        torch.randn(n, 2, generator=source).exp() ** 2,  # heavy tails
        (torch.rand(n, 3, generator=source) < torch.tensor([0.5, 0.5, 0.04])).float(),
        torch.randint(3, (n, 1), generator=source).float() ** 3,
        torch.zeros(n, 1),
    ]
    x, y = torch.cat(columns, 1), torch.arange(n) % 2
    _, found = inspect(
        tmp_path, model=mlp(7, 2), train=(x[:55], y[:55]), val=(x[55:], y[55:])
    )  # fmt: skip
    assert found.keys() <= {"constant-inputs", "inputs-not-scaled"}


def test_a_loader_that_returns_one_item_again_and_again(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x[:1].expand(240, 4), y))
    assert found["constant-inputs"].severity == "fail"


def test_labels_that_became_one(tmp_path):
    x, y = blobs()
    _, found = inspect(tmp_path, train=(x, y // 255))
    assert found["single-class-labels"].severity == "fail"


def table(n=300, seed=0):
    """A table of which the second column decides."""
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 3, generator=source)
    return x, (x[:, 1] > 0).long()


X, Y = table()
AGES = X * torch.tensor([1.0, 12.0, 30_000.0]) + torch.tensor([0.0, 40.0, 50_000.0])
PIXELS = torch.rand(300, 3, 6, 6, generator=torch.Generator().manual_seed(0))
BRIGHT = (PIXELS[:, 0].mean((1, 2)) > 0.5).long()


def flat(*first):
    return lambda: nn.Sequential(*first, nn.Flatten(), nn.Linear(108, 32), nn.ReLU(),
                                 nn.Linear(32, 2))  # fmt: skip


TEXTS = nn.functional.normalize(
    torch.randn(300, 768, generator=torch.Generator().manual_seed(0)) + 0.1 * (2 * Y[:, None] - 1)
)

SCALES = {
    "standardised": ({"train": (X, Y)}, None),
    "ages and incomes": ({"train": (AGES, Y)}, "inputs-not-scaled"),
    "ages and incomes, adam": ({"train": (AGES, Y), "optimizer": "adam", "lr": 1e-3},
                               "inputs-not-scaled"),
    "normalised by the model": (
        {"train": (AGES, Y),
         "model": lambda: nn.Sequential(nn.BatchNorm1d(3), *mlp(3, 2)())}, None),
    "bytes": ({"train": (255 * PIXELS, BRIGHT), "model": flat()}, "inputs-not-scaled"),
    "divided twice": ({"train": (PIXELS / 255, BRIGHT), "model": flat()},
                      "inputs-over-normalized"),
    "rows of length 1": ({"train": (TEXTS, Y), "model": mlp(768, 2)}, None),
    "rows of length 1, divided": ({"train": (TEXTS / 255, Y), "model": mlp(768, 2)},
                                  "inputs-over-normalized"),
    "targets in thousands": (
        {"train": (X, 200_000 + 80_000 * X[:, 1]), "task": "regression", "model": mlp(3, 1)},
        "targets-not-scaled"),
    "targets in thousands, adam": (
        {"train": (X, 200_000 + 80_000 * X[:, 1]), "task": "regression", "model": mlp(3, 1),
         "optimizer": "adam", "lr": 1e-3}, "targets-not-scaled"),
    "targets of unit scale": (
        {"train": (X, X[:, 1]), "task": "regression", "model": mlp(3, 1)}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_that_hurts(tmp_path, name):
    given, rule = SCALES[name]
    _, found = inspect(tmp_path, **{"model": mlp(3, 2), **given})
    counted = [name for name, f in found.items() if f.counts]
    assert counted == ([rule] if rule else [])


ROWS = torch.rand(40, 500, generator=torch.Generator().manual_seed(0))
LENGTHS = ROWS.norm(dim=1, keepdim=True)
TINY = torch.cat([torch.ones(40, 1), 1e-3 * ROWS], 1)
UNIT_ROWS = {
    "length 1": (ROWS / LENGTHS, True),
    "half precision": ((ROWS / LENGTHS).half(), True),
    "sum of 1": (ROWS / ROWS.sum(1, keepdim=True), True),
    "padding": (ROWS / LENGTHS * (torch.arange(40)[:, None] > 5), True),
    "sequences": ((ROWS / LENGTHS).reshape(8, 5, 500), True),
    "within a hundredth": (1.009 * ROWS / LENGTHS, True),
    "beyond it": (1.011 * ROWS / LENGTHS, False),
    "one row": (torch.cat([ROWS / LENGTHS, ROWS[:1] / LENGTHS[:1] / 2]), False),
    "any rows": (ROWS, False),
    "a column of ones beside tiny ones": (TINY, False),
    "the same rows": (ROWS[:1].expand(40, 500) / LENGTHS[0], False),
    "zeros": (torch.zeros(40, 500), False),
    "not a number": (torch.where(ROWS > 0.99, torch.nan, ROWS / LENGTHS), False),
    "images": ((ROWS / LENGTHS).reshape(40, 1, 1, 500), False),
    "indices": (torch.ones(40, 3).long(), False),
}


@pytest.mark.parametrize("name", UNIT_ROWS)
def test_rows_that_were_brought_to_one_length(name):
    x, unit = UNIT_ROWS[name]
    assert unit_rows(x) is unit


def test_inputs_and_targets_are_told_apart_when_both_are_off(tmp_path):
    y = 200_000 + 80_000 * X[:, 1]
    _, found = inspect(tmp_path, train=(AGES, y), task="regression", model=mlp(3, 1), lr=0.01)
    assert {"inputs-not-scaled", "targets-not-scaled"} <= found.keys()


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_sorted_data_taken_in_order(tmp_path, task):
    x, y = blobs(300)
    values = y if task == "classification" else x[:, 0]
    order = values.argsort()
    given = {"task": task, "model": mlp(4, 3 if task == "classification" else 1), "batch_size": 16}
    data = {"val": (x[200:], values[200:])}
    for shuffle, rows, fires in ((True, order, False), (False, order, True),
                                 (False, torch.arange(300), False)):  # fmt: skip
        where = tmp_path / f"{shuffle}{len(rows)}{fires}"
        _, found = inspect(where, train=(x[rows], values[rows]), shuffle=shuffle, **data, **given)
        found.pop("train-validation-overlap", None)
        assert ("data-not-shuffled" in found) == fires
