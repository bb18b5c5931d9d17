"""`recipe diagnose --follow`: a log that grows while it is watched."""

import math
import signal
import subprocess
import sys
import time

import pytest

from children import start
from recipe.ui.growing_log import Growing

GOOD = 12
"""Points before the loss is thrown back to where it began."""


def loss(i):
    return 2.3 * 0.8**i + 0.3 if i < GOOD else 2.6


def line(i):
    return f"{i},{loss(i):.4f},{loss(i) + 0.1:.4f}\n"


def watched(*args, **more):
    command = [sys.executable, "-m", "recipe", "diagnose", *map(str, args), "--follow"]
    pipe = subprocess.PIPE
    return start(command, stdout=pipe, stderr=pipe, text=True, bufsize=1, **more)


def said_of(path, child, points):
    """Append points one by one, each in two pieces, until something is said; what, and after
    which point.
    """
    import threading

    heard = []
    reader = threading.Thread(target=lambda: heard.append(child.stdout.readline()), daemon=True)
    reader.start()
    with path.open("a") as file:
        for i in range(points):
            text = line(i)
            for piece in (text[:5], text[5:]):
                file.write(piece)
                file.flush()
                time.sleep(0.05)
            reader.join(1.0 if i >= GOOD else 0.3)
            if heard:
                return heard[0], i
    return "", points


@pytest.fixture
def growing(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss,val_loss\n")
    return path


def test_a_finding_is_said_within_two_points_and_once(growing):
    child = watched(growing, "--idle", 3)
    time.sleep(3)
    text, after = said_of(growing, child, 40)
    assert text.startswith("fail: collapsed: Here the training loss")
    assert GOOD < after <= GOOD + 2  # the second bad point makes it certain
    with growing.open("a") as file:
        file.writelines(map(line, range(after + 1, after + 6)))
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert sum(text.startswith("fail: collapsed") for text in out.splitlines()) == 0
    assert "train_loss" in out  # at its end all that was read and found
    assert "   fail: collapsed" in out


def test_a_good_log_says_nothing_until_it_ends(growing):
    child = watched(growing, "--idle", 1)
    with growing.open("a") as file:
        for i in range(GOOD):
            file.write(line(i))
            file.flush()
            time.sleep(0.1)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    assert out.splitlines()[0].endswith("train_loss (12), val_loss (12)")


def test_control_c_ends_it_with_130_and_what_is_known(growing):
    growing.write_text("epoch,loss,val_loss\n" + "".join(map(line, range(30))))
    child = watched(growing)
    assert child.stdout.readline().startswith("fail: collapsed")
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "   fail: collapsed" in out


def test_standard_input_that_grows():
    child = watched("-", stdin=subprocess.PIPE)
    child.stdin.write("epoch,loss,val_loss\n" + "".join(map(line, range(20))))
    child.stdin.flush()
    assert child.stdout.readline().startswith("fail: collapsed")
    rest, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert rest.startswith("standard input: train_loss (20)")


def test_nothing_ever_comes(tmp_path):
    child = watched(tmp_path / "none.csv", "--idle", 0.5)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 2
    assert len(err.splitlines()) == 1


def test_half_a_line_is_no_number(growing):
    growing.write_text("epoch,loss\n0,2.5\n1,1.25")
    log = Growing(growing, idle=math.inf)
    assert next(log.snapshots()).read_text() == "epoch,loss\n0,2.5\n"
    assert log.whole().read_text().endswith("1,1.25")
    log.close()


def test_only_one_log_is_followed(recipe):
    code, _, err = recipe("diagnose", "a", "b", "--follow")
    assert (code, err) == (2, "Error: --follow watches one log; name one.\n")
