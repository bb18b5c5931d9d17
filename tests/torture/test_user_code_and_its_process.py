"""What code of a user's may do to its process is harmless, or one sentence."""

import pytest
from attacks import assert_told, command, written

from marks import slow_but

pytestmark = pytest.mark.torture
FORWARD = """\
import os, sys
class M(nn.Module):
    def __init__(self): super().__init__(); self.a = nn.Linear(4, 3)
    def forward(self, x):
        {}
        return self.a(x)
mlp = M
"""
HARMLESS = {
    "standard output closed": "import sys\nsys.stdout.close()\n",
    "both streams closed in forward": FORWARD.format("sys.stdout.close(); sys.stderr.close()"),
    "no rights for new files": "import os\nos.umask(0o777)\n",
    "few files": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))\n",
    "a name that acts": "mlp.__name__ = '\\x1b]0;x\\x07::error::a'\n",
}
TOLD = {
    "a default device without values": ("torch.set_default_device('meta')\n", "meta"),
    "a working directory that is gone": (
        "import os, tempfile\nd = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d)\n", "directory",
    ),
    "an error that acts": ("raise ValueError('\\x1b[31ma\\n::error::b')\n", "ValueError"),
}  # fmt: skip


@pytest.mark.parametrize("name", slow_but({"standard output closed"}, HARMLESS))
def test_it_is_harmless(tmp_path, name):
    path = written(tmp_path, HARMLESS[name])
    ended = command(tmp_path, "check", path, "--until", "initial_loss")
    assert ended.code == 0, ended.err
    assert "Verdict: pass" in ended.out
    assert "\x1b" not in ended.out


@pytest.mark.parametrize("name", slow_but({"an error that acts"}, TOLD))
def test_it_is_told(tmp_path, name):
    text, word = TOLD[name]
    ended = command(tmp_path, "check", written(tmp_path, text))
    assert_told(ended, word)
    assert "\x1b" not in ended.err
