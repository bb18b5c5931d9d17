"""Every reader of a file, given damaged ones: it reads them, or says one sentence."""

import json
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import CASES, altered, damaged
from PIL import Image

import recipe
from recipe.core.checksums import read_sealed, sealed
from recipe.core.errors import UsageError
from recipe.notebook.journal import FILE, Journal, read_entries
from recipe.notebook.run_folder import RESULT, read_result
from recipe.report.markdown import render
from recipe.sources import csv_table, image_folder
from recipe.sources.by_name import experiment_by_name
from recipe.sources.inputs_json import InputsRecord
from recipe.ui.config import read_config
from tiny import experiment

pytestmark = [pytest.mark.torture, pytest.mark.usefixtures("without_plots")]
often = settings(
    max_examples=CASES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@contextmanager
def told_at_most():
    """Nothing but one sentence comes out of it."""
    said = "read"
    try:
        yield
    except UsageError as error:
        said = str(error)
    assert said
    assert len(said) < 2000
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A whole run folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recipe.report.write.draw_plots", lambda *_, **__: ())
        patch.setattr("recipe.engine.drawing.can_fork", lambda _: False)
        return recipe.run(
            experiment, out=tmp_path_factory.mktemp("run"), until="overfit_sample"
        ).folder


@often
@given(data=st.data())
def test_a_journal_gives_what_was_written_or_nothing(tmp_path_factory, run, data):
    content = (run / FILE).read_bytes()
    whole = read_entries(run / FILE)
    folder = tmp_path_factory.mktemp("journal")
    (folder / FILE).write_bytes(data.draw(damaged(content)))
    entries = {}
    with told_at_most(), Journal(folder) as journal:
        entries |= journal.entries
    for key, value in entries.items():
        assert json.dumps(whole[key]) == json.dumps(value)


@often
@given(data=st.data())
def test_a_result(tmp_path_factory, run, data):
    folder = tmp_path_factory.mktemp("result")
    content = (run / RESULT).read_bytes()
    text = data.draw(st.one_of(damaged(content), altered(json.loads(content)).map(str.encode)))
    (folder / RESULT).write_bytes(text)
    with told_at_most():
        result = read_result(folder)
        render(result, ())


@often
@given(data=st.data())
def test_options_of_a_file(tmp_path_factory, run, data):
    folder = tmp_path_factory.mktemp("options")
    content = (run / "recipe.toml").read_bytes()
    content += (
        b'epochs = 3\nbudget = "40epochs"\nskip = ["finish"]\n[ignore]\nnoisy-labels = "known"\n'
    )
    (folder / "recipe.toml").write_bytes(data.draw(damaged(content)))
    with told_at_most():
        read_config(folder)


@often
@given(data=st.data())
def test_weights(tmp_path_factory, data):
    from safetensors.numpy import save

    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    content = sealed(save({"a": np.arange(6.0), "b": np.ones((2, 3), np.float32)}))
    changed = data.draw(damaged(content))
    path.write_bytes(changed)
    assert read_sealed(path) in (None, content, changed)
    assert (read_sealed(path) is None) == (changed != content) or _is_unsealed(changed)


def _is_unsealed(content):
    """Whether nothing says what the weights were: an earlier version wrote no checksum."""
    return b"checksum" not in content


TABLE = "\n".join(
    ["name;age;height;born;kind"]
    + [f"p{i};{20 + i % 50};{1.5 + i % 40 / 100:.2f};19{40 + i % 60}-0{1 + i % 9}-1{i % 10};"
       f"{'yes' if i % 3 else 'no'}" for i in range(80)]
).encode()  # fmt: skip


@often
@given(data=st.data())
def test_a_table(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("table") / "people.csv"
    path.write_bytes(data.draw(damaged(TABLE)))
    with told_at_most():
        csv_table(path, "kind")


@often
@given(data=st.data())
def test_images(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("images")
    for kind in ("a", "b"):
        (folder / kind).mkdir()
        for i in range(6):
            noise = np.random.default_rng(i).integers(0, 255, (9, 9, 3), dtype=np.uint8)
            Image.fromarray(noise).save(folder / kind / f"{i}.png")
    for name in ("a/0.png", "b/3.png"):
        path = folder / name
        path.write_bytes(data.draw(damaged(path.read_bytes())))
    with told_at_most():
        image_folder(folder, skip_unreadable=data.draw(st.booleans()))


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """inputs.json of a table."""
    folder = tmp_path_factory.mktemp("record")
    (folder / "people.csv").write_bytes(TABLE)
    declared, _ = experiment_by_name(str(folder / "people.csv"), target="kind")
    declared.inputs.write(folder, declared.model)
    return folder


@often
@given(data=st.data())
def test_inputs(tmp_path_factory, record, data):
    """What `predict` reads of a run folder, and what it makes of the table then."""
    folder = tmp_path_factory.mktemp("inputs")
    content = (record / "inputs.json").read_bytes()
    text = data.draw(st.one_of(damaged(content), altered(json.loads(content)).map(str.encode)))
    (folder / "inputs.json").write_bytes(text)
    with told_at_most():
        read = InputsRecord.read(folder)
        read.experiment()
        read.reader.read(record / "people.csv")
