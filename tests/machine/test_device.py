import pytest
import torch

from recipe.core.errors import UsageError
from recipe.machine import device
from recipe.machine.device import pick_device


@pytest.fixture
def machine(monkeypatch):
    def has(*, cuda, mps):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(device, "why_unusable", lambda _: None)

    return has


@pytest.mark.parametrize(
    ("cuda", "mps", "picked"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest_present(machine, cuda, mps, picked):
    machine(cuda=cuda, mps=mps)
    assert pick_device("auto") == torch.device(picked)
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device(picked) == torch.device(picked)


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_missing_device_is_named_with_a_way_out(machine, name):
    machine(cuda=False, mps=False)
    with pytest.raises(UsageError, match=f"--device {name}: .*--device cpu"):
        pick_device(name)
