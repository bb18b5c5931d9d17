"""Damaged logs: whatever happened to a file, it is read or refused in one sentence."""

import os
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipe.core.errors import UsageError
from recipe.logs.listing import list_lines
from recipe.logs.opening import sheet_of_bytes
from recipe.logs.reading import read

FIXTURES = Path(__file__).parent / "fixtures"
FILES = sorted(path for path in FIXTURES.rglob("*") if path.is_file())
FEW, MANY = 200, 2000
SLOW = 20.0
"""Seconds for one file of some kilobytes: what takes longer grows with more than its size."""


def flipped(content, random):
    for _ in range(random.randint(1, 20)):
        if content:
            content[random.randrange(len(content))] = random.randrange(256)
    return content


def torn(content, random):
    return content[: random.randrange(len(content) + 1)]


def beheaded(content, random):
    return content[random.randrange(len(content) + 1) :]


def spliced(content, random):
    other = random.choice(FILES).read_bytes()
    return torn(content, random) + beheaded(bytearray(other), random)


def shuffled(content, random):
    lines = bytes(content).split(b"\n")
    random.shuffle(lines)
    return bytearray(b"\n".join(lines))


def repeated(content, random):
    lines = bytes(content).split(b"\n")
    at = random.randrange(len(lines))
    return bytearray(
        b"\n".join(lines[:at] + lines[at : at + 1] * random.randint(2, 300) + lines[at:])
    )


def with_odd_numbers(content, random):
    odd = (b"nan", b"inf", b"-1e999", b"1e308", b"0" * 400, b"1,000", b"", b"None", b"\xff", b"1/0")
    digits = [i for i, c in enumerate(content) if 48 <= c <= 57]
    for _ in range(random.randint(1, 10)):
        if digits:
            at = random.choice(digits)
            content[at : at + 1] = random.choice(odd)
    return content


def with_odd_marks(content, random):
    odd = (
        b"\0",
        b"\r",
        b"\x1b[31m",
        b"{",
        b"]" * 50,
        b'"',
        b",",
        b"|",
        b"\t",
        b"\xe2\x80\xae",
        b"\n\n",
    )
    for _ in range(random.randint(1, 10)):
        at = random.randrange(len(content) + 1)
        content[at:at] = random.choice(odd)
    return content


MUTATIONS = (flipped, torn, beheaded, spliced, shuffled, repeated, with_odd_numbers, with_odd_marks)


def read_or_refused(path):
    began = time.process_time()
    try:
        log = read(path)
    except UsageError as error:
        said = str(error)
        assert "\n" not in said
        assert repr(str(path))[1:-1] in said
    else:
        curves = [*log.curves.values(), *(c for part in log.parts.values() for c in part.values())]
        assert curves
        assert all(curves)
        assert "\n" not in log.said
        assert list_lines(path)
    assert time.process_time() - began < SLOW


def mutate_all(folder, count):
    random = Random(28)
    for k in range(count):
        original = random.choice(FILES)
        content = random.choice(MUTATIONS)(bytearray(original.read_bytes()), random)
        if random.random() < 0.3:
            content = random.choice(MUTATIONS)(bytearray(content), random)
        path = folder / f"{k}-{original.name}"
        path.write_bytes(content)
        read_or_refused(path)
        path.unlink()


def test_mutated_files(tmp_path):
    mutate_all(tmp_path, int(os.environ.get("RECIPE_MUTATIONS", FEW)))


@pytest.mark.torture
def test_many_mutated_files(tmp_path):
    mutate_all(tmp_path, MANY)


WORDS = st.sampled_from([
    "epoch", "Epoch:", "step", "loss", "train loss:", "val_loss=", "acc", "[", "]", "(", ")", "/", "|",
    ",", ": ", "=", "%", "\t", "\n", "\r", "{", "}", '"', "'", "nan", "inf", "1", "0.5", "1e-3",
    "100%|##|", "-", "Test:", "Validation", "lr", "\x1b[1m", "tensor(", "--", "  ", "\n\n", "1/3",
])  # fmt: skip


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(words=st.lists(WORDS, max_size=80))
def test_words_of_logs_in_any_order(tmp_path, words):
    path = tmp_path / "words.log"
    path.write_text("".join(words), "utf-8")
    read_or_refused(path)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=300), head=st.sampled_from([
    b"", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK\x03\x04", b":W&B\xcc\xcc\x01", b"\xff\xfe", b"{", b"[",
    b"\x18\0\0\0\0\0\0\0aaaa\x09", b"epoch,loss\n", b"- a: ", b"\x80\x04",
]))  # fmt: skip
def test_any_bytes(content, head):
    try:
        sheet_of_bytes(head + content, "log")
    except UsageError as error:
        assert not str(error).count("\n")  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    "line",
    ["1 " * 20_000, "loss: 1 " * 5_000, "a" * 100_000 + " 1", "((((" * 20_000 + "1", "[1," * 20_000,
     "loss - " * 20_000 + "1", "\x1b[" * 50_000, "  |  " * 20_000 + "1", "=" * 100_000 + "1",
     "1:" * 50_000, "1-" * 50_000, "1/" * 50_000, "a.b" * 30_000 + ".py 1", "tensor(" * 20_000 + "1"],
    ids=lambda line: line[:8],
)  # fmt: skip
def test_a_long_line_takes_no_longer_than_its_length(tmp_path, line):
    path = tmp_path / "long.log"
    path.write_text("epoch 1 loss 2\n" + line + "\nepoch 2 loss 1\n")
    read_or_refused(path)
