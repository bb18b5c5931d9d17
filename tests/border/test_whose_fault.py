"""Faults in what users bring, as they are told: their line, what it was, and what to do."""

import pytest
from user_files import Ran, assert_told, line_of, written


@pytest.fixture
def check(recipe, monkeypatch, tmp_path, without_plots):
    monkeypatch.chdir(tmp_path)

    def run(text, *options):
        path = written(tmp_path, text)
        return path, Ran(*recipe("check", path, "--no-input", "--exact", *options))

    return run


TOLD = {
    "batch norm with batches of one": (
        "def m(): return nn.Sequential(nn.Linear(16, 64), nn.BatchNorm1d(64), nn.Linear(64, 4))\n"
        "experiment = Experiment(model=m, **{**DATA, 'batch_size': 1})",
        "def m()", ("BatchNorm1d", "batches of one", "batch_size to 2 or more"),
    ),
    "in-place addition": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        h = torch.sigmoid(self.a(x))\n"
        "        h += 1\n"
        "        return self.b(h)\n"
        "experiment = Experiment(model=M, **DATA)",
        "h += 1", ("modified by an inplace operation", "write 'h = h + 1'"),
    ),
    "in-place method": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        h = torch.exp(self.a(x) / 9)\n"
        "        h.mul_(2)\n"
        "        return self.b(h)\n"
        "experiment = Experiment(model=M, **DATA)",
        "h.mul_(2)", ("write 'h = h.mul(2)'",),
    ),
    "in-place item": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        h = torch.tanh(self.a(x))\n"
        "        h[:, 0] = 0\n"
        "        return self.b(h)\n"
        "experiment = Experiment(model=M, **DATA)",
        "h[:, 0] = 0", ("h[:, 0]", "create a new tensor"),
    ),
    "in-place layer behind a sigmoid": (
        "def m():\n"
        "    return nn.Sequential(nn.Linear(16, 8), nn.Sigmoid(), nn.ReLU(True), nn.Linear(8, 4))\n"
        "experiment = Experiment(model=m, **DATA)",
        "def m()", ("ReLU(inplace=True)",),
    ),
    "in-place in an update": (
        "def update(model, optimizer, batch):\n"
        "    optimizer.zero_grad()\n"
        "    h = torch.sigmoid(model(batch[0]))\n"
        "    loss = F.cross_entropy(h, batch[1])\n"
        "    h -= 1\n"
        "    loss.backward()\n"
        "    optimizer.step()\n"
        "    return loss\n"
        "experiment = Experiment(model=mlp, update=update, **DATA)",
        "h -= 1", ("write 'h = h - 1'",),
    ),
    "sparse gradients under Nesterov momentum": (
        "T = torch.randint(0, 20, (200, 6), generator=g)\n"
        "class M(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.e = nn.EmbeddingBag(20, 16, sparse=True, mode='sum')\n"
        "        self.o = nn.Linear(16, 2)\n"
        "    def forward(self, x):\n"
        "        return self.o(self.e(x))\n"
        "y = (T.sum(1) > 57).long()\n"
        "experiment = Experiment(model=M, **{**DATA, 'train': (T[:160], y[:160]), "
        "'val': (T[160:], y[160:])})",
        "def forward(self, x):\n        return self.o", ("SGD", "SparseAdam", "sparse=False"),
    ),
    "an update that returns nothing": (
        "def update(model, optimizer, batch):\n"
        "    optimizer.zero_grad()\n"
        "    F.cross_entropy(model(batch[0]), batch[1]).backward()\n"
        "    optimizer.step()\n"
        "experiment = Experiment(model=mlp, update=update, **DATA)",
        "def update", ("returned nothing", "return loss"),
    ),
    "shapes that do not fit": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        return self.b(self.a(x)[:, :60])\n"
        "experiment = Experiment(model=M, **DATA)",
        "[:, :60]", ("mat1 and mat2",),
    ),
    "a hidden state with a graph": (
        "class M(Net):\n"
        "    kept = 0\n"
        "    def forward(self, x):\n"
        "        h = torch.tanh(self.a(x)) + (self.kept if self.training else 0)\n"
        "        if self.training: self.kept = h.mean(0)\n"
        "        return self.b(h)\n"
        "experiment = Experiment(model=M, **DATA)",
        "def forward(self, x):\n        h = torch.tanh", ("second time", "h.detach()"),
    ),
    "complex features": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        return self.b(torch.fft.fft(self.a(x)))\n"
        "experiment = Experiment(model=M, **DATA)",
        "torch.fft.fft", ("",),
    ),
    "complex inputs": (
        "Z = torch.fft.fft(X)\n"
        "experiment = Experiment(model=mlp, **{**DATA, 'train': (Z[:160], Y[:160]), "
        "'val': (Z[160:], Y[160:])})",
        "", ("omplex", "view_as_real"),
    ),
    "the end of the program": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        raise SystemExit(0)\n"
        "experiment = Experiment(model=M, **DATA)",
        "raise SystemExit(0)", ("SystemExit", "sys.exit()"),
    ),
    "the end of the program while it is imported": (
        "import sys\n"
        "sys.exit()\n"
        "experiment = Experiment(model=mlp, **DATA)",
        "sys.exit()", ("SystemExit",),
    ),
    "an interrupt that nobody pressed": (
        "def loss(outputs, y):\n"
        "    raise KeyboardInterrupt\n"
        "experiment = Experiment(model=mlp, loss=loss, **DATA)",
        "raise KeyboardInterrupt", ("KeyboardInterrupt",),
    ),
    "recursion": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        return self(x)\n"
        "experiment = Experiment(model=M, **DATA)",
        "return self(x)", ("recursion", "calls itself"),
    ),
    "a shared model": (
        "net = mlp()\n"
        "experiment = Experiment(model=lambda: net, **DATA)",
        "lambda: net", ("one and the same Sequential",),
    ),
    "a shared backbone": (
        "body = nn.Sequential(nn.Linear(16, 32), nn.ReLU())\n"
        "def m(): return nn.Sequential(body, nn.Linear(32, 4))\n"
        "experiment = Experiment(model=m, **DATA)",
        "def m()", ("share 0.0.weight, 0.0.bias", "copy.deepcopy"),
    ),
    "shared weights under another name": (
        "first = torch.randn(64, 16) / 4\n"
        "class M(Net):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.a.weight = nn.Parameter(first)\n"
        "experiment = Experiment(model=M, **DATA)",
        "def __init__(self):\n        super().__init__()\n        self.a.weight", ("share a.weight",),
    ),
    "a shared batch norm": (
        "norm = nn.BatchNorm1d(16, affine=False)\n"
        "def m(): return nn.Sequential(norm, mlp())\n"
        "experiment = Experiment(model=m, **DATA)",
        "def m()", ("share 0.running_mean",),
    ),
    "tensors on another device": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        return self.b(F.relu(self.a(x)) + torch.zeros(64, device='meta'))\n"
        "experiment = Experiment(model=M, **DATA)",
        "device='meta'", ("device",),
    ),
    "more memory than there is": (
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        return self.b(self.a(x)) + torch.empty(1 << 50).sum()\n"
        "experiment = Experiment(model=M, **DATA)",
        "1 << 50", ("memory",),
    ),
    "a schedule that returns nothing": (
        "def schedule(progress):\n"
        "    pass\n"
        "experiment = Experiment(model=mlp, schedule=schedule, lr=0.1, **DATA)",
        "def schedule", ("schedule",),
    ),
    "a generator that stops early": (
        "class D(Dataset):\n"
        "    def __len__(self): return 64\n"
        "    def __getitem__(self, i): return next(iter([]))\n"
        "experiment = Experiment(model=mlp, **{**DATA, 'train': D()})",
        "next(iter([]))", ("StopIteration",),
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", TOLD)
def test_a_fault_of_the_users_is_one_sentence(check, name):
    text, where, words = TOLD[name]
    path, ran = check(text)
    assert_told(ran, *words)
    if where:
        first = where.splitlines()[0] if "\n" not in where else None
        number = line_of(path, first) if first else _line_of_lines(path, where)
        assert f"mine.py:{number}" in ran.err, (number, ran.err)


def _line_of_lines(path, text):
    return path.read_text("utf-8").partition(text)[0].count("\n") + 1
