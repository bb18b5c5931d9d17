"""Labels and inputs in the forms in which people have them; half of these nothing was fitted to."""

import ast
import hashlib
import math
from pathlib import Path

import pytest

import heldout_label_variations as heldout
from label_variations import prepared, targets_of
from recipe import UsageError

FILE = Path(heldout.__file__)


def test_what_is_held_out_is_as_it_was_before_anything_was_looked_at():
    """Of the statements: layout and the order of imports are the formatter's business."""
    kept = [
        s
        for s in ast.parse(FILE.read_bytes()).body
        if not isinstance(s, ast.ImportFrom | ast.Import)
    ]
    digest = hashlib.sha256("".join(map(ast.dump, kept)).encode()).hexdigest()
    assert digest == FILE.with_suffix(".sha256").read_text("utf-8").strip()


@pytest.mark.parametrize("name", heldout.DATA)
def test_data_in_many_forms(name):
    given, wanted = heldout.DATA[name]
    if "refused" in wanted:
        with pytest.raises(UsageError) as caught:
            prepared(**given)
        assert [word for word in wanted["refused"] if word not in str(caught.value)] == []
        return
    _, data, classes, said = prepared(**given)
    told = " ".join(said)
    if "classes" in wanted:
        assert classes == wanted["classes"]
    if "y" in wanted and given.get("val") is not None:
        assert targets_of(data.train)[:4].tolist() == wanted["y"]
    if "x" in wanted:
        assert (data.train.x.dtype, tuple(data.train.x.shape[1:])) == wanted["x"]
        assert data.val.x.dtype == data.train.x.dtype
    if "largest" in wanted:
        assert float(data.train.x.max()) == wanted["largest"]
    if "label" in wanted:
        assert (data.train.y.dtype, tuple(data.train.y.shape[1:])) == wanted["label"]
        assert data.val.y.dtype == data.train.y.dtype
    assert wanted.get("said", "") in told
    if wanted.get("silent"):
        assert not said


@pytest.mark.parametrize("name", heldout.LEFT)
def test_targets_that_a_loss_leaves_out(name):
    given, wanted = heldout.LEFT[name]
    experiment, data, _, _ = prepared(**given)
    found = getattr(experiment.loss, "leaves_out", ())
    assert len(found) == len(wanted)
    assert all(
        (math.isnan(a) and math.isnan(b)) or a == b for a, b in zip(found, wanted, strict=True)
    )
    counted = experiment.resolved_task.counted(data.train.y)
    assert bool(counted.all()) == (not wanted)
