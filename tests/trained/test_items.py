"""Answers for tables and images of every kind: what is known of a row stands beside its answer."""

import csv
import io
from dataclasses import replace

import pytest
from click.testing import CliRunner
from PIL import Image

from recipe.core.settings import resolve
from recipe.engine.run_execution import execute
from recipe.sources.by_name import experiment_by_name
from recipe.trained.answer_table import as_table, in_short
from recipe.trained.answers import Answer
from recipe.trained.prediction import predict
from recipe.ui.cli import cli


def trained(source, folder, **options):
    named = {"data": str(source), **options}
    experiment, _ = experiment_by_name(**named)
    given = {**named, "out": folder, "device": "cpu", "epochs": 4, "only": ["coarse_grid"]}
    return execute(replace(experiment, lr=0.01), resolve(given)).folder


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Who is tall is known by the sex and the age."""
    folder = tmp_path_factory.mktemp("people")
    lines = ["id,sex,age,tall"]
    for k in range(160):
        sex, age = ("male", "female")[k % 2], 20 + (k * 7) % 40
        lines.append(f"P{k:04d}x{k * k % 97},{sex},{age},{'yes' if sex == 'male' else 'no'}")
    table = folder / "people.csv"
    table.write_text("\n".join(lines) + "\n")
    return trained(table, folder / "runs", target="tall")


def asked(folder, tmp_path, *rows, head="id,sex,age,tall"):
    file = tmp_path / "new.csv"
    file.write_text("\n".join([head, *rows]) + "\n")
    return list(predict(folder, str(file), trust=True))


def test_a_typing_error_is_said_where_it_stands(people, tmp_path):
    good, typo = asked(people, tmp_path, "a,male,30,yes", "b,femal,30,no")
    assert good.warnings == ()
    assert typo.warnings == ("sex: 'femal' was never seen in training (did you mean 'female'?)",)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,male,abc,yes", "age: 'abc' is no number, so it is taken as missing"),
        ("a,male,,yes", "age is missing, which it never was in training"),
        ("a,male,4000,yes", "age: 4000 lies far outside of the training values"),
    ],
)
def test_odd_cells_are_said(people, tmp_path, row, said):
    (one,) = asked(people, tmp_path, row)
    assert one.answer in {"yes", "no"}
    assert one.warnings[0].startswith(said)


def test_all_probabilities_the_truth_and_what_names_the_row(people, tmp_path):
    (one, other) = asked(people, tmp_path, "a,male,30,yes", "b,female,30,")
    assert set(one.shares) == {"no", "yes"}
    assert sum(one.shares.values()) == pytest.approx(1.0)
    assert one.probability == pytest.approx(max(one.shares.values()))
    assert (one.truth, other.truth, other.right) == ("yes", None, None)
    assert one.carried == {"id": "a"}
    assert one.right is (one.answer == "yes")


def test_the_column_of_the_answer_may_be_missing(people, tmp_path):
    (one,) = asked(people, tmp_path, "a,male,30", head="id,sex,age")
    assert one.truth is None


def test_the_table_of_the_command(people, tmp_path, monkeypatch):
    file = tmp_path / "new.csv"
    file.write_text("id,sex,age,tall\na,male,30,yes\nb,femal,30,no\n")
    done = CliRunner().invoke(cli, ["predict", str(people), str(file), str(file), "--trust"])
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == ["item", "answer", "probability", "id", "truth", "right", "p(no)", "p(yes)",
                       "warnings"]  # fmt: skip
    assert [row[0] for row in rows[1:]] == [f"{file}:{k}" for k in ("1", "2", "1", "2")]
    assert "2 of 4 items have warnings" in done.stderr
    assert "are right: accuracy" in done.stderr


def test_a_bad_image_is_a_row_with_its_reason(tmp_path):
    for part in ("dark", "light"):
        (tmp_path / "images" / part).mkdir(parents=True)
        for k in range(40):
            grey = (20 if part == "dark" else 220) + k % 20
            Image.new("RGB", (8, 8), (grey, grey, grey - k % 3)).save(
                tmp_path / f"images/{part}/{k}.png"
            )
    folder = trained(tmp_path / "images", tmp_path / "runs")
    (tmp_path / "images/dark/broken.png").write_text("no image")
    found = list(predict(folder, str(tmp_path / "images"), trust=True))
    assert len(found) == 81
    assert found[-1].answer == ""
    assert found[-1].warnings[0].startswith("cannot be read:")
    assert {each.truth for each in found[:-1]} == {"dark", "light"}
    kept = list(predict(folder, str(tmp_path / "images"), trust=True, skip_unreadable=True))
    assert len(kept) == 80


def test_in_short():
    share = {"a": 0.5, "b": 0.5}
    said = in_short([Answer("1", "a", 0.5, share, "a"), Answer("2", "a", 0.5, share, "b")])
    assert said == ["1 of 2 are right: accuracy 0.5 (95 % interval 0.09453 to 0.9055)."]
    amounts = [Answer(str(k), str(k), None, {}, "0") for k in range(4)]
    assert "off by 1.5 on average, half of them by 1.5 or less" in in_short(amounts)[0]
    assert as_table(amounts)[0] == ["item", "answer", "probability", "truth"]
