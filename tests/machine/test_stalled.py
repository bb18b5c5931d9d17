"""A process that stands still is given up, one that works or sleeps is not."""

import os
import signal
import subprocess
import sys
import time

import pytest

from recipe.machine import processes, stalled
from recipe.machine.processes import RequestFailed, answer_requests
from recipe.machine.stalled import Stillness

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are forked on Linux")


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(stalled, "LONGEST", 0.5)
    monkeypatch.setattr(stalled, "LOOK_EVERY", 0.1)


def test_only_a_stopped_process_stands_still():
    process = subprocess.Popen(["sleep", "60"])
    still = Stillness(process.pid)
    try:
        time.sleep(0.2)
        assert still.seconds() == 0
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        still.seconds()
        time.sleep(0.2)
        assert still.seconds() > 0.1
        process.send_signal(signal.SIGCONT)
        time.sleep(0.1)
        assert still.seconds() == 0
    finally:
        process.kill()
        process.wait()
    assert still.seconds() == 0


def serve_stopped(times, folder):
    def serve(line):
        while True:
            message, _ = line.receive()
            died = len(list(folder.iterdir()))
            if died < times:
                (folder / str(died)).touch()
                os.kill(os.getpid(), signal.SIGSTOP)
            line.send({"answer": message["ask"]})

    return serve


def test_what_a_stopped_process_was_asked_is_asked_again(tmp_path, soon):
    answers = dict(answer_requests(serve_stopped(1, tmp_path), [{"ask": 1}, {"ask": 2}], 2))
    assert {n: a["answer"] for n, a in answers.items()} == {0: 1, 1: 2}


def test_twice_stopped_it_is_given_up(tmp_path, soon):
    with pytest.raises(RequestFailed) as caught:
        list(answer_requests(serve_stopped(2, tmp_path), [{"ask": 1}], 1))
    assert "stood still" in caught.value.how


def test_one_that_not_even_a_kill_ends_is_left_behind(tmp_path, soon, monkeypatch):
    monkeypatch.setattr(processes, "LAST_WAIT", 0.1)
    left = []

    class Endless(processes.Child):
        def __init__(self, serve):
            super().__init__(serve)
            left.append(self.process.pid)
            self.process.kill = lambda: None

    monkeypatch.setattr(processes, "Child", Endless)
    with pytest.raises(RequestFailed):
        list(answer_requests(serve_stopped(2, tmp_path), [{"ask": 1}], 1))
    for pid in left:
        os.kill(pid, signal.SIGKILL)
