"""No end of the process that code of a user's brings about passes a gate."""

import pytest
from attacks import DECLARED, assert_told, command, written

from marks import slow_but

pytestmark = pytest.mark.torture

MODEL = """\
class M(nn.Module):
    def __init__(self): super().__init__(); self.a = nn.Linear(4, 3)
    def forward(self, x): END()
mlp = M
"""
ITEMS = """\
class D(torch.utils.data.Dataset):
    def __len__(self): return 200
    def __getitem__(self, i): END()
"""
PLACES = {
    "import": ("END()\n", DECLARED),
    "factory": ("def mlp(): END()\n", DECLARED),
    "forward": (MODEL, DECLARED),
    "loss": ("def loss(o, y): END()\n", DECLARED.replace("lr=", "loss=loss, lr=")),
    "metric": ("def metric(o, y): END()\n", DECLARED.replace("lr=", "metric=metric, lr=")),
    "augment": ("def augment(x): END()\n", DECLARED.replace("lr=", "augment=augment, lr=")),
    "item": (
        ITEMS, DECLARED.replace("(X, Y)", "D()"),
    ),
    "collate": (
        "def collate(items): END()\n",
        DECLARED.replace("lr=", "collate=collate, lr=").replace(
            "(X, Y)", "torch.utils.data.TensorDataset(X, Y)"
        ),
    ),
    "exit handler": ("import atexit; atexit.register(END)\n", DECLARED + "raise ValueError\n"),
}  # fmt: skip
ENDS = {
    "os._exit(0)": "import os\nEND = lambda: os._exit(0)\n",
    "sys.exit()": "import sys\nEND = sys.exit\n",
    "another program": "import os\nEND = lambda: os.execv('/bin/true', ['true'])\n",
    "libc": "import ctypes\nEND = lambda: ctypes.CDLL(None)._exit(0)\n",
}
CASES = [("import", end) for end in ENDS] + [
    (place, end) for place in PLACES for end in ("os._exit(0)", "sys.exit()") if place != "import"
]


QUICK = {
    *CASES[:4], ("forward", "os._exit(0)"), ("forward", "sys.exit()"), ("item", "os._exit(0)"),
    ("exit handler", "sys.exit()"),
}  # fmt: skip


@pytest.mark.parametrize(("place", "end"), slow_but(QUICK, CASES))
def test_it_is_told_from_success(tmp_path, place, end):
    before, after = PLACES[place]
    until = ["--until", "coarse_grid"] if place in ("metric", "augment") else []
    name = "run" if until else "check"
    ended = command(tmp_path, name, written(tmp_path, ENDS[end] + before, after), *until)
    assert_told(ended)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "memory"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.abort()", "SIGABRT"),
        ("import os; os._exit(7)", "exit code 7"),
    ],
)
def test_a_crash_is_one_sentence(tmp_path, how, says):
    assert_told(command(tmp_path, "check", written(tmp_path, f"{how}\n")), says)
