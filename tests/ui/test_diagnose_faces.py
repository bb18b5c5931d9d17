"""The faces of `recipe diagnose`: terminal, JSON, CI, pages, several logs, standard input."""

import json
import math

import pytest

from terminals import ended, started

N = 30


def table(*curves, header="epoch,loss,val_loss,val_acc"):
    rows = [
        ",".join("" if v is None else f"{v:.5g}" for v in row) for row in zip(*curves, strict=True)
    ]
    return "\n".join([header, *rows, ""])


def falling(n=N, floor=0.3):
    return [floor + 2 * math.exp(-6 * i / n) for i in range(n)]


def good(top=0.9, wobble=0.004):
    score = [top - 0.8 * math.exp(-6 * i / N) + wobble * (-1) ** i for i in range(N)]
    return table(range(N), falling(), falling(floor=0.4), score)


def collapsed():
    losses = [*falling()[:20], *[2.3] * 10]
    score = [0.9 - 0.8 * math.exp(-6 * i / N) if i < 20 else 0.1 for i in range(N)]
    return table(range(N), losses, losses, score)


def overfit():
    val = [v + 0.05 * max(0, i - 10) for i, v in enumerate(falling())]
    return table(range(N), falling(floor=0.01), val, header="epoch,loss,val_loss")


@pytest.fixture
def log(tmp_path):
    def write(text, name="log.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    return write


def test_what_was_read_comes_before_what_was_found(recipe, log):
    code, out, _ = recipe("diagnose", log(collapsed()))
    lines = out.splitlines()
    assert code == 1
    assert lines[1].strip().startswith("read: train_loss = `loss`")
    found = next(line for line in lines if "fail: collapsed" in line)
    assert lines.index(found) > 1
    assert "epoch 20" in found
    assert lines[lines.index(found) + 1].strip().startswith("->")


def test_json(recipe, log):
    code, out, _ = recipe("diagnose", log(collapsed()), "--json")
    told = json.loads(out)
    assert (code, told["schema"], told["logs"][0]["status"]) == (1, 1, "fail")
    first = told["logs"][0]["findings"][0]
    assert (first["rule"], first["severity"], first["because"]) == ("collapsed", "fail", None)
    assert first["place"] == 20
    assert told["logs"][0]["read"]["val_score"]["columns"] == ["val_acc"]
    assert told["logs"][0]["points"]["train_loss"] == N


@pytest.mark.parametrize(("text", "strict", "code"), [
    (good(), False, 0), (good(), True, 0), (overfit(), False, 0), (overfit(), True, 1),
    (collapsed(), False, 1),
])  # fmt: skip
def test_exit_codes_are_those_of_check(recipe, log, text, strict, code):
    assert recipe("diagnose", log(text), *["--strict"] * strict)[0] == code


def test_annotations_for_github(recipe, log, monkeypatch):
    path = log(collapsed())
    _, out, _ = recipe("diagnose", path, "--ci")
    assert "::error" not in out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    _, out, _ = recipe("diagnose", path, "--ci")
    assert f"::error file={path},title=collapsed::Here the " in out
    _, out, _ = recipe("diagnose", log(overfit()), "--ci")
    assert "::warning file=" in out
    _, out, _ = recipe("diagnose", log(overfit()), "--ci", "--strict")
    assert "::error file=" in out


def test_a_page_of_markdown_has_its_plots_beside_it(recipe, log, tmp_path):
    page = tmp_path / "out" / "report.md"
    code, out, _ = recipe("diagnose", log(collapsed()), "--report", str(page))
    assert code == 1
    assert f"Written: {page}" in out
    text = page.read_text()
    assert text.startswith("# Learning curves of ")
    assert "collapsed (fail)" in text
    assert "](report-plots/1-loss.png)" in text
    assert (page.parent / "report-plots" / "1-loss.png").read_bytes().startswith(b"\x89PNG")


def test_a_page_of_html_holds_its_plots(recipe, log, tmp_path):
    page = tmp_path / "report.html"
    recipe("diagnose", log(collapsed()), log(good(), "other.csv"), "--html", str(page))
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 4
    assert "collapsed (fail)" in text
    assert "<table>" in text
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".csv"] == ["report.html"]


def test_names_of_others_do_no_harm_in_a_page(recipe, log, tmp_path):
    text = good().replace("val_acc", "val_acc<script>alert(1)</script>")
    page = tmp_path / "page.html"
    recipe("diagnose", log(text), "--html", str(page), "--columns",
           "val_score=val_acc<script>alert(1)</script>")  # fmt: skip
    assert "<script>alert" not in page.read_text()


def test_a_page_that_cannot_be_written_is_one_sentence(recipe, log, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = recipe("diagnose", log(good()), "--html", str(tmp_path / "file" / "x.html"))
    assert code == 2
    assert err.startswith("Error: ")
    assert len(err.splitlines()) == 1


def test_two_logs_are_compared(recipe, log):
    _, out, _ = recipe("diagnose", log(good(0.9), "a.csv"), log(good(0.8), "b.csv"))
    table_ = out[out.index("log  ") :].splitlines()
    assert [line.split()[0].rpartition("/")[2] for line in table_[1:3]] == ["a.csv", "b.csv"]
    assert "a.csv ends better than" in table_[-1]
    assert "more than their points scatter" in table_[-1]


def test_a_difference_within_the_scatter_is_luck(recipe, log):
    a, b = log(good(0.9, 0.03), "a.csv"), log(good(0.897, 0.03), "b.csv")
    _, out, _ = recipe("diagnose", a, b)
    assert out.splitlines()[-1].endswith(": luck.")


def test_seeds_are_compared_as_seeds(recipe, log):
    tops = {"plain-seed0": 0.900, "plain-seed1": 0.905, "plain-seed2": 0.902,
            "wide-seed0": 0.931, "wide-seed1": 0.929, "wide-seed2": 0.934}  # fmt: skip
    paths = [log(good(top), f"{name}.csv") for name, top in tops.items()]
    _, out, _ = recipe("diagnose", *paths)
    last = out.splitlines()[-1]
    assert "wide-* (3 runs) ends better than" in last
    assert last.endswith("it is more than luck.")
    _, out, _ = recipe("diagnose", *paths[:3], "--json")
    assert "3 runs that differ by a number" in json.loads(out)["comparison"]["verdict"]


def test_logs_without_a_common_measure_cannot_be_compared(recipe, log):
    a = log(table(range(N), falling(), header="epoch,loss"), "a.csv")
    b = log(table(range(N), falling(), header="epoch,val_acc").replace("2.3", "0.3"), "b.csv")
    _, out, _ = recipe("diagnose", a, b)
    assert "no measure in common" in out


def test_a_log_named_twice(recipe, log):
    path = log(good())
    assert recipe("diagnose", path, path)[0] == 2


def test_what_two_networks_play_is_not_judged(recipe, log):
    rows = zip(range(N), [0.7 + 0.1 * i for i in range(N)], falling(), strict=True)
    text = "\n".join(["epoch,loss_G,loss_D", *(f"{a},{b:.4f},{c:.4f}" for a, b, c in rows)])
    code, out, _ = recipe("diagnose", log(text))
    assert code == 0
    assert "fail" not in out
    assert "warn" not in out


def test_a_terminal_shows_the_curves_and_the_place(log, tmp_path):
    path = log(collapsed())
    said, code = ended(started(tmp_path, "diagnose", path, width=80))
    rows = said.replace("\r", "").splitlines()
    assert code == 1
    assert any("▲20" in row for row in rows)
    assert any("┊" in row for row in rows)
    assert any("── training loss  ── validation loss" in row for row in rows)
    assert max(map(len, rows)) <= 80


@pytest.mark.parametrize(("env", "width"), [({"PYTHONIOENCODING": "ascii"}, 60), ({}, 24)])
def test_a_terminal_that_can_do_little(log, tmp_path, env, width):
    said, code = ended(started(tmp_path, "diagnose", log(collapsed()), width=width, **env))
    rows = said.replace("\r", "").splitlines()
    assert code == 1
    assert "collapsed" in said
    if env:
        assert said.isascii()
        assert any("^20" in row for row in rows)
    else:
        assert any("█" in row for row in rows)


def test_a_screen_reader_gets_sentences(log, tmp_path):
    said, _ = ended(started(tmp_path, "diagnose", log(collapsed()), RECIPE_PLAIN="1"))
    assert said.isascii()
    assert "▲" not in said
