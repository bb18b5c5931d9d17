"""Tables, pairs, series, graphs, streams, and several targets at once."""

import io
import tarfile
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from made_up import CLASSES, Listed, blobs, source
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, WeightedRandomSampler

from recipe import Experiment

TRAINED = {"lr": 0.05, "batch_size": 32, "epochs": 4}


def mlp(width=8, outputs=CLASSES):
    return nn.Sequential(nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, outputs))


def soft(width=8):
    return nn.Sequential(*mlp(width), nn.Softmax(1))


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.head = nn.Linear(4, 16), nn.Linear(4, 16), nn.Linear(32, CLASSES)

    def forward(self, a, b):
        return self.head(F.relu(torch.cat([self.a(a), self.b(b)], 1)))


def two_inputs(make=lambda a, b, y: ((a, b), y), **given):
    x, y = blobs()
    items = [make(row[:4], row[4:], int(label)) for row, label in zip(x, y, strict=True)]
    return Experiment(model=TwoInputs, train=Listed(items), **TRAINED, **given)


def two_inputs_nested():
    return two_inputs()


def two_inputs_in_a_row():
    return two_inputs(lambda a, b, y: (a, b, y))


def two_inputs_by_name():
    return two_inputs(lambda a, b, y: {"a": a, "b": b, "target": y})


def two_inputs_labels_shifted():
    return two_inputs(lambda a, b, y: (a, b, y + 1))


class Siamese(nn.Module):
    def __init__(self, *, frozen=False):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 8))
        if frozen:
            for parameter in self.encoder.parameters():
                parameter.requires_grad_(False)
        self.head = nn.Linear(8, 8)

    def forward(self, anchor, positive, negative):
        return tuple(self.head(self.encoder(each)) for each in (anchor, positive, negative))


def triplets(count=300, seed=0):
    x, y = blobs(count, seed=seed)
    g = source(seed)
    items = []
    for index in range(count):
        same = (y == y[index]).nonzero().flatten()
        other = (y != y[index]).nonzero().flatten()
        items.append({
            "anchor": x[index],
            "positive": x[same[torch.randint(len(same), (1,), generator=g)]][0],
            "negative": x[other[torch.randint(len(other), (1,), generator=g)]][0],
            "target": int(y[index]),
        })  # fmt: skip
    return Listed(items)


def triplet_loss(outputs, y):
    return F.triplet_margin_loss(*outputs)


def siamese():
    return Experiment(
        model=Siamese, train=triplets(), loss=triplet_loss, task="embedding",
        **TRAINED | {"lr": 0.01},
    )  # fmt: skip


def siamese_frozen():
    return Experiment(
        model=lambda: Siamese(frozen=True), train=triplets(), loss=triplet_loss,
        task="embedding", **TRAINED | {"lr": 0.01},
    )  # fmt: skip


class Reader(nn.Module):
    """Scores of five letters and of a blank for every step of a sequence of vectors."""

    def __init__(self, *, softmax=False):
        super().__init__()
        self.gru = nn.GRU(8, 32, batch_first=True, bidirectional=True)
        self.head, self.softmax = nn.Linear(64, 6), softmax

    def forward(self, x):
        found = self.head(self.gru(x)[0])
        return found.softmax(-1) if self.softmax else found.log_softmax(-1)


def spoken(count=200, seed=0):
    g = source(seed)
    letters = 2 * torch.randn(6, 8, generator=g)
    items = []
    for _ in range(count):
        word = torch.randint(1, 6, (int(torch.randint(2, 5, (1,), generator=g)),), generator=g)
        steps = word.repeat_interleave(3)
        items.append((letters[steps] + 0.3 * torch.randn(len(steps), 8, generator=g), word))
    return items


def ctc_batch(items):
    sounds, words = zip(*items, strict=True)
    return nn.utils.rnn.pad_sequence(list(sounds), batch_first=True), {
        "letters": nn.utils.rnn.pad_sequence(list(words), batch_first=True),
        "steps": torch.tensor([len(sound) for sound in sounds]),
        "lengths": torch.tensor([len(word) for word in words]),
    }


def ctc_loss(outputs, y):
    return F.ctc_loss(outputs.transpose(0, 1), y["letters"], y["steps"], y["lengths"])


def ctc():
    return Experiment(
        model=Reader, train=Listed(spoken()), collate=ctc_batch, loss=ctc_loss,
        optimizer="adam", **TRAINED | {"lr": 3e-3},
    )  # fmt: skip


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
        self.kind, self.size = nn.Linear(32, CLASSES), nn.Linear(32, 1)

    def forward(self, x):
        found = self.body(x)
        return {"kind": self.kind(found), "size": self.size(found)}


def two_targets():
    x, y = blobs()
    return Listed([
        (row, {"kind": int(label), "size": row.sum()}) for row, label in zip(x, y, strict=True)
    ])  # fmt: skip


def both_losses(outputs, y):
    size = F.mse_loss(outputs["size"].squeeze(1), y["size"])
    return F.cross_entropy(outputs["kind"], y["kind"]) + 0.1 * size


def multi_task():
    return Experiment(
        model=TwoHeads, train=two_targets(), loss=both_losses, **TRAINED | {"lr": 0.01}
    )  # fmt: skip


def multi_task_one_forgotten():
    def one_loss(outputs, y):
        return F.cross_entropy(outputs["kind"], y["kind"])

    return Experiment(
        model=TwoHeads, train=two_targets(), loss=one_loss, **TRAINED | {"lr": 0.01}
    )  # fmt: skip


class Columns(nn.Module):
    """Numbers and two columns of categories with an embedding each."""

    def __init__(self):
        super().__init__()
        self.town, self.job = nn.Embedding(10, 4), nn.Embedding(5, 4)
        self.rest = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, numbers, town, job):
        return self.rest(torch.cat([numbers, self.town(town), self.job(job)], 1))


def rows(count=400, scale=1.0, seed=0):
    g = source(seed)
    town, job = torch.randint(10, (count,), generator=g), torch.randint(5, (count,), generator=g)
    numbers = torch.randn(count, 4, generator=g)
    y = (numbers[:, 0] + 0.3 * (town - 4.5) + 0.5 * (job - 2) > 0).long()
    return {"numbers": scale * numbers + 3 * (scale - 1), "town": town, "job": job, "label": y}


def dict_of_columns():
    return Experiment(model=Columns, train=rows(), **TRAINED)


def dict_of_columns_unscaled():
    return Experiment(model=Columns, train=rows(scale=1000.0), **TRAINED)


def weighted_loader():
    x, y = blobs()
    rare = torch.cat([torch.arange(len(y))[y != 0], torch.arange(len(y))[y == 0][:20]])
    x, y = x[rare], y[rare]
    weights = 1 / torch.bincount(y).float()[y]
    sampler = WeightedRandomSampler(weights.tolist(), len(y), generator=source())
    val = DataLoader(TensorDataset(*blobs(90, seed=1)), 64)
    return Experiment(
        model=mlp, train=DataLoader(TensorDataset(x, y), 32, sampler=sampler), val=val,
        lr=0.05, epochs=4,
    )  # fmt: skip


def weighted_loader_softmax():
    from dataclasses import replace

    return replace(weighted_loader(), model=soft)


class Stream(IterableDataset):
    def __init__(self, count=400, seed=0):
        self.count, self.seed = count, seed

    def __iter__(self):
        yield from zip(*blobs(self.count, seed=self.seed), strict=True)


def stream():
    return Experiment(model=mlp, train=Stream(), **TRAINED)


def stream_softmax():
    return Experiment(model=soft, train=Stream(), **TRAINED)


class Endless(IterableDataset):
    """Never the same twice, and never at an end."""

    def __iter__(self):
        seed = 0
        while True:
            x, y = blobs(64, seed=0)
            noise = torch.randn(x.shape, generator=source(seed))
            yield from zip(x + 0.1 * noise, y, strict=True)
            seed += 1


def endless_stream():
    return Experiment(model=mlp, train=Endless(), val=100 / 640, epoch_items=640, **TRAINED)


def endless_stream_softmax():
    return Experiment(model=soft, train=Endless(), val=100 / 640, epoch_items=640, **TRAINED)


def tar_file(folder):
    """A WebDataset of points and labels."""
    import numpy as np

    path = folder / "points.tar"
    x, y = blobs()
    with tarfile.open(path, "w") as tar:
        for index, (row, label) in enumerate(zip(x.numpy(), y.tolist(), strict=True)):
            held = io.BytesIO()
            np.save(held, row)
            for ending, content in (("npy", held.getvalue()), ("cls", str(label).encode())):
                entry = tarfile.TarInfo(f"{index:06d}.{ending}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return path


def web_dataset(folder, model=mlp):
    import webdataset

    path = str(tar_file(folder))
    made = webdataset.WebDataset(path, shardshuffle=False).decode().to_tuple("npy", "cls")
    return Experiment(model=model, train=made, **TRAINED)


def windows(count=400, past=16, ahead=4, seed=0):
    g = source(seed)
    t = torch.arange(count + past + ahead).float()
    series = torch.sin(t / 5) + 0.05 * torch.randn(len(t), generator=g)
    x = torch.stack([series[i : i + past] for i in range(count)])
    y = torch.stack([series[i + past : i + past + ahead] for i in range(count)])
    return x, y


def time_series():
    return Experiment(
        model=lambda: mlp(16, 4), train=windows(), task="forecasting", **TRAINED | {"lr": 0.01}
    )  # fmt: skip


def time_series_relu():
    return Experiment(
        model=lambda: nn.Sequential(*mlp(16, 4), nn.ReLU()), train=windows(), task="forecasting",
        **TRAINED | {"lr": 0.01},
    )  # fmt: skip


@dataclass
class Graphs:
    """Several graphs side by side, as libraries for graphs batch them."""

    nodes: torch.Tensor
    edges: torch.Tensor
    graph: torch.Tensor
    y: torch.Tensor


def graphs(count=200, seed=0):
    g = source(seed)
    items = []
    for index in range(count):
        n = int(torch.randint(4, 9, (1,), generator=g))
        nodes = torch.randn(n, 4, generator=g) + index % 2
        ring = torch.stack([torch.arange(n), (torch.arange(n) + 1) % n])
        items.append((nodes, ring, index % 2))
    return items


def graph_batch(items):
    sizes = [len(nodes) for nodes, _, _ in items]
    starts = torch.tensor([0, *sizes]).cumsum(0)
    return Graphs(
        torch.cat([nodes for nodes, _, _ in items]),
        torch.cat([e + s for (_, e, _), s in zip(items, starts.tolist(), strict=False)], 1),
        torch.repeat_interleave(torch.arange(len(items)), torch.tensor(sizes)),
        torch.tensor([label for _, _, label in items]),
    )


class GraphNet(nn.Module):
    def __init__(self, *, softmax=False):
        super().__init__()
        self.own, self.other, self.head = nn.Linear(4, 16), nn.Linear(4, 16), nn.Linear(16, 2)
        self.softmax = softmax

    def forward(self, nodes, edges, graph):
        sent = torch.zeros_like(nodes).index_add(0, edges[1], nodes[edges[0]])
        states = F.relu(self.own(nodes) + self.other(sent))
        count = int(graph.max()) + 1
        pooled = torch.zeros(count, 16).index_add(0, graph, states)
        sizes = torch.bincount(graph, minlength=count).clamp(min=1)
        outputs = self.head(pooled / sizes[:, None])
        return outputs.softmax(1) if self.softmax else outputs


def graph_net(model=GraphNet):
    return Experiment(model=model, train=Listed(graphs()), collate=graph_batch, **TRAINED)


def graph_net_softmax():
    return graph_net(lambda: GraphNet(softmax=True))


class WithState(nn.Module):
    """Returns its hidden state beside the outputs, as recurrent networks do."""

    def __init__(self, *, softmax=False):
        super().__init__()
        self.body, self.head, self.softmax = nn.Linear(8, 32), nn.Linear(32, CLASSES), softmax

    def forward(self, x):
        state = F.relu(self.body(x))
        outputs = self.head(state)
        return (outputs.softmax(1) if self.softmax else outputs), state


def outputs_and_state():
    return Experiment(model=WithState, train=blobs(), **TRAINED)


def outputs_and_state_softmax():
    return Experiment(model=lambda: WithState(softmax=True), train=blobs(), **TRAINED)


def own_parting():
    x, y = blobs()
    records = [{"features": row, "meta": {"class": int(c)}} for row, c in zip(x, y, strict=True)]
    return Experiment(
        model=mlp, train=Listed(records), batch=lambda r: (r["features"], r["meta"]["class"]),
        **TRAINED,
    )  # fmt: skip


def own_parting_softmax():
    from dataclasses import replace

    return replace(own_parting(), model=soft)


def function_of_batches():
    """A stream that a function begins."""

    def begun():
        return iter(Stream())

    return Experiment(model=mlp, train=begun, **TRAINED)


def web_dataset_softmax(folder):
    return web_dataset(folder, soft)


def function_of_batches_softmax():
    from dataclasses import replace

    return replace(function_of_batches(), model=soft)


def two_inputs_softmax():
    from dataclasses import replace

    class Soft(TwoInputs):
        def forward(self, a, b):
            return super().forward(a, b).softmax(1)

    return replace(two_inputs_in_a_row(), model=Soft)


def ctc_frozen():
    from dataclasses import replace

    def frozen():
        model = Reader()
        for parameter in model.gru.parameters():
            parameter.requires_grad_(False)
        return model

    return replace(ctc(), model=frozen)
