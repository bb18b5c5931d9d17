"""Logs of any content are read, or refused in one sentence."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DEEP = "[" * 100_000
LOGS = {
    "nested too deep": DEEP + "]" * 100_000,
    "nested too deep in lines": '{"a": 1}\n' + DEEP + "\n",
    "nested objects": '{"a":' * 5000 + "1" + "}" * 5000,
    "a number of many digits": '{"train_loss": [' + "1" * 5000 + ", 2]}",
    "a number of many digits in CSV": "epoch,train_loss\n1," + "1" * 5000 + "\n2,2\n",
    "a cell of many letters": "epoch,train_loss\n1,2\n2," + "x" * 200_000 + "\n",
    "a quote that never ends": 'epoch,train_loss\n1,"' + "x,1\n" * 60_000,
    "names that are lists": '{"columns": [["a"], {"b": 1}], "data": [[1, 2], [3, 4]]}',
    "names that are missing": '{"columns": [null, 3], "data": [[1, 2], [3, 4]]}',
    "rows that are none": '{"data": [[1, 2], 3, null], "columns": ["train_loss"]}',
    "records that are none": '[1, "a", null, {"train_loss": 1}, {"train_loss": [1]}]',
    "huge numbers": json.dumps(
        {"train_loss": [1e308, -1e308, 1e308, 1e308], "val_loss": [1e308] * 4, "lr": [1e308] * 4}
    ),
    "tiny numbers": json.dumps(
        {"train_loss": [5e-324] * 6, "val_loss": [0.0] * 6, "lr": [5e-324, 0, 0, 0, 0, 1e-320]}
    ),
    "huge numbers in a long log": "epoch,train_loss,val_loss,val_score,lr\n"
    + "".join(f"{i},{(-1) ** i * 1.7e308},{1.7e308},{-1.7e308},{1e308}\n" for i in range(60)),
    "no finite number": '{"train_loss": [NaN, NaN], "val_loss": [Infinity, -Infinity]}',
    "a huge epoch": "epoch,train_loss\n1e300,1\n-1e300,2\n1e18,3\n",
    "nul": "epoch,train_loss\n1,\0\n2,3\n",
    "names of controls": "epoch,\x1b[31mtrain_loss\x07\n1,2\n2,3\n",
    "empty": "",
    "blanks": " \n\t\n",
    "one bracket": "[",
    "a byte order mark alone": "\ufeff",
}


@pytest.mark.parametrize("text", LOGS.values(), ids=LOGS)
def test_it_is_read_or_refused(recipe, tmp_path, text):
    for name in ("log.csv", "log.json"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        code, out, err = recipe("diagnose", path)
        assert code in (0, 1, 2), err
        assert "\x1b" not in out + err
        assert err.count("Error: ") == (code == 2)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    curves=st.dictionaries(
        st.sampled_from(["train_loss", "val_loss", "val_score", "train_score", "lr", "epoch"]),
        st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=12), min_size=1,
    )
)  # fmt: skip
def test_any_curves_are_judged(recipe, tmp_path, curves):
    path = tmp_path / "log.json"
    path.write_text(json.dumps(curves))
    code, _, err = recipe("diagnose", path)
    assert code in (0, 1, 2), err


def test_a_pipe_is_not_waited_for_nor_a_device_read_without_end(recipe, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", "/dev/zero", tmp_path, tmp_path / ("x" * 300)):
        code, _, err = recipe("diagnose", path)
        assert code == 2, err
        assert err.count("Error: ") == 1
