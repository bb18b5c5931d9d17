"""One call of the user's code that does not come to an end is given up, and its line is named."""

import threading
import time

import pytest
from user_files import Ran, assert_told, command, line_of, written

from recipe.border import call_limit
from recipe.border.call_limit import limited_calls
from recipe.border.faults import CallTooLong, usage_error
from recipe.core.budget import Budget

SECOND = Budget(1, "seconds")


def spin():
    while True:
        pass


def sleep():
    time.sleep(60)


def stubborn():
    while True:
        try:
            time.sleep(0.01)
        except Exception:  # noqa: BLE001, S112 - what code of users does
            continue


def wait():
    threading.Event().wait()


def lock():
    held = threading.Lock()
    held.acquire()
    held.acquire()


def entry(call):
    return call()


@pytest.mark.parametrize("call", [spin, sleep, stubborn, wait, lock], ids=lambda c: c.__name__)
def test_whatever_keeps_a_call_it_is_given_up(call):
    began = time.monotonic()
    with pytest.raises(CallTooLong) as stopped, limited_calls(SECOND, entry.__code__):
        entry(call)
    assert time.monotonic() - began < 4
    said = str(usage_error(stopped.value))
    assert said.startswith(f"{call.__name__[0].upper()}{call.__name__[1:]} did not finish")
    assert "within 1s (test_call_limit.py:" in said
    assert "--call-limit" in said


def test_in_another_thread_a_loop_is_given_up_too():
    told = []

    def work():
        try:
            with limited_calls(SECOND, entry.__code__):
                entry(spin)
        except CallTooLong as error:
            told.append(str(usage_error(error)))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(6)
    assert told
    assert told[0].startswith("Spin did not finish within 1s (test_call_limit.py:")


def test_many_calls_may_take_longer_together():
    def short():
        time.sleep(0.2)

    def many():
        for _ in range(12):
            entry_of(short)

    with limited_calls(SECOND, many.__code__):
        many()


def entry_of(call):
    return call()


def test_a_generator_that_comes_back_with_items_may_take_its_time():
    def items():
        for number in range(12):
            time.sleep(0.2)
            yield number

    def read():
        for _ in items():
            call_limit.beat()

    with limited_calls(SECOND, read.__code__):
        read()


def test_a_call_that_takes_long_is_told(monkeypatch):
    monkeypatch.setattr(call_limit, "TOLD_AFTER", 0.3)
    monkeypatch.setattr(call_limit, "LOOK_EVERY", 0.1)
    said = []

    def slow():
        time.sleep(1.5)

    with limited_calls(Budget(10, "seconds"), entry.__code__, said.append):
        entry(slow)
    (sentence,) = said
    assert "has been running for" in sentence
    assert "(test_call_limit.py:" in sentence
    assert "after 10s it is given up" in sentence


def test_without_a_limit_nothing_is_watched():
    threads = threading.active_count()
    with limited_calls(None, entry.__code__):
        assert threading.active_count() == threads
        entry(lambda: None)


ENDLESS = {
    "an item": (
        "class D(Dataset):\n"
        "    def __len__(self): return 160\n"
        "    def __getitem__(self, i):\n"
        "        while i > 100: pass\n"
        "        return X[i], Y[i]\n"
        "experiment = Experiment(model=mlp, **{**DATA, 'train': D()})\n",
        "while i > 100",
    ),
    "a forward pass": (
        "import time\n"
        "class M(Net):\n"
        "    def forward(self, x):\n"
        "        while self.training: time.sleep(1)\n"
        "        return super().forward(x)\n"
        "experiment = Experiment(model=M, **DATA)\n",
        "while self.training",
    ),
    "an update": (
        "def update(model, optimizer, batch):\n"
        "    while True:\n"
        "        F.cross_entropy(model(batch[0]), batch[1]).backward()  # for ever\n"
        "experiment = Experiment(model=mlp, update=update, **DATA)\n",
        "# for ever",
    ),
    "a stream": (
        "from torch.utils.data import IterableDataset\n"
        "class S(IterableDataset):\n"
        "    def __iter__(self):\n"
        "        yield from zip(X[:40], Y[:40].tolist())\n"
        "        while True: pass\n"
        "experiment = Experiment(model=mlp, **{**DATA, 'train': S()})\n",
        "while True: pass",
    ),
}  # fmt: skip


def is_given_up(tmp_path, name, run=None):
    text, line = ENDLESS[name]
    path = written(tmp_path, text)
    options = ("--call-limit", "2s")
    ran = command(tmp_path, path, *options) if run is None else Ran(*run("check", path, *options))
    assert_told(ran, "did not finish within 2s", "--call-limit")
    if name != "an update":  # wherever it was
        assert f"mine.py:{line_of(path, line)}" in ran.err


@pytest.mark.usefixtures("without_plots")
def test_an_item_that_never_comes(recipe, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    is_given_up(tmp_path, "an item", recipe)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ENDLESS if name != "an item"])
def test_a_run_is_given_up(tmp_path, name):
    is_given_up(tmp_path, name)


@pytest.mark.slow
def test_an_item_that_never_comes_from_a_process_of_a_loader(tmp_path):
    text = (
        "class D(Dataset):\n"
        "    def __len__(self): return 3000\n"
        "    def __getitem__(self, i):\n"
        "        while i == 1234: pass\n"
        "        return X[i % 200] + torch.randn(16), Y[i % 200]\n"
        "experiment = Experiment(model=mlp, **{**DATA, 'train': D()})\n"
    )
    ran = command(tmp_path, written(tmp_path, text), "--call-limit", "3s")
    assert_told(ran, "--call-limit")


@pytest.mark.slow
def test_an_item_that_never_comes_from_a_process_that_decodes(tmp_path):
    text = (
        "class D(Dataset):\n"
        "    def __len__(self): return 3000\n"
        "    def __getitem__(self, i):\n"
        "        while i == 1234: pass\n"
        "        return X[i % 200], Y[i % 200]\n"
        "experiment = Experiment(model=mlp, **{**DATA, 'train': D()})\n"
    )
    path = written(tmp_path, text)
    ran = command(tmp_path, path, "--call-limit", "3s")
    assert_told(ran, "--call-limit", f"mine.py:{line_of(path, 'while i == 1234')}")
