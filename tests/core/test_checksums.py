"""A file of weights says itself whether it is what was written."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save

from recipe.core.checksums import is_intact, read_sealed, sealed, write_sealed

WEIGHTS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(3, dtype=torch.int64)}
FILE = sealed(save(WEIGHTS))


def test_a_sealed_file_is_an_ordinary_one():
    found = load(FILE)
    assert {name: value.tolist() for name, value in found.items()} == {
        name: value.tolist() for name, value in WEIGHTS.items()
    }
    assert is_intact(FILE)
    assert sealed(FILE) == FILE
    assert sealed(save(WEIGHTS)) == FILE


def test_an_empty_one_is_too():
    assert is_intact(sealed(save({})))


def test_one_of_an_earlier_version_is_taken_where_it_is_whole():
    plain = save(WEIGHTS)
    assert is_intact(plain)
    assert not is_intact(plain[:-1])
    assert not is_intact(plain + b"\0")


@given(place=st.integers(0, len(FILE) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed_or_changes_nothing(place, bit):
    damaged = bytearray(FILE)
    damaged[place] ^= 1 << bit
    if is_intact(bytes(damaged)):  # the name of the checksum itself
        found = load(bytes(damaged))
        assert all(torch.equal(found[name], value) for name, value in WEIGHTS.items())


@given(end=st.integers(0, len(FILE) - 1))
def test_a_cut_file_is_noticed(end):
    assert not is_intact(FILE[:end])


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff" * 100, b"\x02\0\0\0\0\0\0\0[]"])
def test_what_is_no_file_of_weights_is_not_intact(content):
    assert not is_intact(content)


def test_only_a_plain_file_is_read(tmp_path):
    path = tmp_path / "w.safetensors"
    assert read_sealed(path) is None
    write_sealed(path, save(WEIGHTS))
    assert read_sealed(path) == FILE
    link = tmp_path / "link.safetensors"
    link.symlink_to(path)
    assert read_sealed(link) is None
    (tmp_path / "folder").mkdir()
    assert read_sealed(tmp_path / "folder") is None
