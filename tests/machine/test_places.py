"""Which devices trials train on, by what was typed."""

import pytest
import torch

from lab import EXPERIMENT
from recipe import run
from recipe.core.errors import UsageError
from recipe.core.settings import resolve
from recipe.machine import places
from recipe.machine.places import VISIBLE, device_of, find_places

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def gpus(monkeypatch):
    """Four GPUs, as far as numbers go."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(places, "cores", lambda: 16)
    monkeypatch.setattr(places, "pick_device", lambda name, *_: torch.device(name))
    monkeypatch.delenv(VISIBLE, raising=False)


def seen(chosen):
    return [place.environment.get(VISIBLE) for place in chosen.places]


@pytest.mark.usefixtures("gpus")
@pytest.mark.parametrize(
    ("devices", "wanted"),
    [("all", "0123"), ("2", "01"), ("1,3", "13"), ("cuda:2", "2"), ("0,0,1", "001")],
)
def test_each_worker_sees_its_gpu_alone(devices, wanted):
    chosen = find_places(devices, CUDA)
    assert seen(chosen) == list(wanted)
    assert {place.device for place in chosen.places} == {"cuda"}
    assert chosen.places[0].threads == 16 // len(wanted)


@pytest.mark.usefixtures("gpus")
def test_numbers_count_among_the_gpus_that_this_process_sees(monkeypatch):
    monkeypatch.setenv(VISIBLE, "4,5,6,7")
    assert seen(find_places("1,3", CUDA)) == ["5", "7"]


@pytest.mark.usefixtures("gpus")
def test_a_share_of_a_gpu_gives_several_workers_on_it():
    assert seen(find_places("2", CUDA, 0.5)) == ["0", "0", "1", "1"]


@pytest.mark.usefixtures("gpus")
def test_idle_gpus_are_named():
    alone = find_places(None, CUDA)
    assert not alone.places
    assert alone.idle == ("3 of 4 GPUs stay idle: --devices all trains trials on all of them.")
    assert find_places("2", CUDA).idle == "2 of 4 GPUs stay idle: --devices 2 leaves them out."
    assert find_places("0,1,2", CUDA).idle.startswith("1 of 4 GPUs stays idle: ")
    assert not find_places("all", CUDA).idle


def test_processors_take_so_many_workers(monkeypatch):
    monkeypatch.setattr(places, "cores", lambda: 6)
    for devices, count, threads in (
        ("2", 2, 3),
        ("cpu,cpu,cpu", 3, 2),
        ("all", 6, 1),
        ("cpu", 1, 6),
    ):
        chosen = find_places(devices, CPU).places
        assert [place.device for place in chosen] == ["cpu"] * count
        assert {place.threads for place in chosen} == {threads}
        assert len({place.name for place in chosen}) == count
    assert find_places(None, CPU).places == ()


@pytest.mark.parametrize(
    ("devices", "device", "said"),
    [
        (
            "0,1",
            "auto",
            "--devices 0,1 names GPUs and PyTorch sees none on this machine: --devices",
        ),
        ("cpu,cpu", "cuda", "--devices cpu,cpu and --device cuda name different devices"),
        ("0,1", "cpu", "--devices 0,1 names GPUs and --device cpu does not: leave one out."),
    ],
)
def test_what_is_not_there_is_one_sentence(monkeypatch, devices, device, said):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError) as error:
        find_places(devices, device_of(devices, device))
    assert str(error.value).startswith(said)


@pytest.mark.usefixtures("gpus")
def test_more_gpus_than_there_are_is_one_sentence():
    with pytest.raises(
        UsageError, match=r"^--devices 1,4: this machine has 4 GPUs, counted from 0"
    ):
        find_places("1,4", CUDA)


@pytest.mark.usefixtures("gpus")
def test_the_leading_process_computes_on_the_first_of_them():
    assert device_of("2,3", "auto") == torch.device("cuda:2")
    assert device_of("0,3", "cuda") == CUDA
    assert device_of("cpu,cpu", "auto") == CPU


@pytest.mark.parametrize("value", ["0", "none", "-1", "0,cpu", "1.5", "", ",", True, "cpu,0"])
def test_other_words_are_refused(value):
    with pytest.raises(UsageError, match=r"--devices: "):
        resolve({"devices": value})


@pytest.mark.parametrize(
    ("value", "read"),
    [(2, "2"), ([0, 1], "0,1"), ("cuda:0,cuda:1", "0,1"), ("0, 1", "0,1"), ("all", "all")],
)
def test_numbers_lists_and_texts_are_read_alike(value, read):
    assert resolve({"devices": value}).devices == read


def test_a_share_of_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"^--gpu-share goes with --devices or --ray"):
        run(EXPERIMENT, out=tmp_path, gpu_share=0.5, device="cpu")


@pytest.mark.parametrize("value", ["0", "1.1", "x", "-1"])
def test_a_share_is_above_zero_and_at_most_one(value):
    with pytest.raises(UsageError, match=r"--gpu-share: "):
        resolve({"gpu_share": value})
