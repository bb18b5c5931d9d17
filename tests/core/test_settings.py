from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe.core.budget import Budget, parse_budget
from recipe.core.errors import UsageError
from recipe.core.option_definitions import OPTIONS
from recipe.core.settings import Settings, parse, resolve

GOOD = [
    ("data", "photos", "photos"),
    ("target", "income", "income"),
    ("target", 15, "15"),
    ("task", "binary", "binary"),
    ("group", "patient", "patient"),
    ("time", 3, "3"),
    ("column", ["a=b=number", "c=date"], {"a=b": "number", "c": "date"}),
    ("model", "resnet18", "resnet18"),
    ("image_size", "32", 32),
    ("augment", "flip", "flip"),
    ("data_dir", "sets", Path("sets")),
    ("weights", "w.pt", Path("w.pt")),
    ("out", "runs/a", Path("runs/a")),
    ("out", Path("runs"), Path("runs")),
    ("seed", "0", 0),
    ("seed", 7, 7),
    ("device", "cpu", "cpu"),
    ("parallel", "fsdp", "fsdp"),
    ("processes", "2", 2),
    ("budget", "90s", Budget(90, "seconds")),
    ("budget", "15m", Budget(900, "seconds")),
    ("budget", " 1.5 h ", Budget(5400, "seconds")),
    ("budget", "40epochs", Budget(40, "epochs")),
    ("budget", "1epoch", Budget(1, "epochs")),
    ("budget", Budget(3, "epochs"), Budget(3, "epochs")),
    ("verify_budget", "off", "off"),
    ("verify_budget", "5m", Budget(300, "seconds")),
    ("epochs", "1", 1),
    ("search", "random", "random"),
    ("ensemble", "5", 5),
    ("ensemble", 0, 0),
    ("devices", "all", "all"),
    ("devices", [0, 1], "0,1"),
    ("ray", "auto", "auto"),
    ("gpu_share", "0.5", 0.5),
    ("worker_timeout", "1m", Budget(60, "seconds")),
    ("call_limit", "90s", Budget(90, "seconds")),
    ("call_limit", "off", "off"),
    ("stall", "2m", Budget(120, "seconds")),
    ("stall", "off", "off"),
    ("until", "lr_range", "lr_range"),
    ("only", "inspect", ("inspect",)),
    ("only", ["inspect", "lr_range"], ("inspect", "lr_range")),
    ("skip", ("a", "b"), ("a", "b")),
    ("mend", ["a", "b"], ("a", "b")),
    ("log", "tensorboard:runs", ("tensorboard:runs",)),
    ("against", "reports/main", Path("reports/main")),
    ("ignore", "rule=we know = fine", {"rule": "we know = fine"}),
    ("ignore", ["a=x", " b = y "], {"a": "x", "b": "y"}),
    ("ignore", {"a": "x"}, {"a": "x"}),
    *[
        (flag, True, True)
        for flag in (
            "again",
            "all_data",
            "exact",
            "fix",
            "keep_going",
            "strict",
            "no_input",
            "ci",
            "html",
            "json",
            "fresh",
            "pretrained",
            "skip_unreadable",
        )
    ],
]
BAD = [
    ("data", "", "''"),
    ("target", [1], "[1] is not a name"),
    ("task", "multilabel", "'multilabel' is none of classification, binary, regression"),
    ("group", "", "'' is not a name"),
    ("time", [1], "[1] is not a name"),
    ("column", ["a=numer"], "'a=numer' is not NAME=KIND, where KIND is one of number, boolean"),
    ("model", 18, "18 is not a name"),
    ("image_size", 7, "7 is less than 8"),
    ("augment", "mirror", "'mirror' is none of none, shift, flip"),
    ("data_dir", 3, "3"),
    ("weights", "", "'' is not a name"),
    ("out", "", "''"),
    ("out", 3, "3"),
    ("seed", "-1", "'-1' is less than 0"),
    ("seed", "1.5", "'1.5' is not a whole number"),
    ("seed", True, "True is not a whole number"),
    ("device", "gpu", "'gpu' is none of auto, cpu, cuda, mps"),
    ("device", ["cpu"], "none of auto"),
    ("parallel", "dpp", "none of ddp, fsdp"),
    ("processes", 0, "0 is less than 1"),
    ("verify_budget", "none", "'none' is no budget"),
    ("devices", "0", "'0' is no number of devices: write cuda:0 for the first GPU alone"),
    ("ray", 1, "1 is not a name"),
    ("gpu_share", "2", "'2' is no share: write a number above 0 and up to 1, such as 0.5"),
    ("worker_timeout", "40epochs", "'40epochs' is no time: write 90s, 10m, 2h or off"),
    ("call_limit", "40epochs", "'40epochs' is no time: write 90s, 10m, 2h or off"),
    ("stall", "40epochs", "'40epochs' is no time: write 90s, 10m, 2h or off"),
    ("call_limit", "soon", "'soon' is no budget"),
    ("budget", "15", "'15' is no budget: write 90s"),
    ("budget", "0m", "'0m' is no budget"),
    ("budget", "-3m", "'-3m' is no budget"),
    ("budget", "ten minutes", "'ten minutes'"),
    ("budget", "0.5s", "'0.5s' is less than a second"),
    ("epochs", 0, "0 is less than 1"),
    ("epochs", "many", "'many' is not a whole number"),
    ("ensemble", "-1", "'-1' is less than 0"),
    ("search", "tpe", "'tpe' is none of auto, grid, random"),
    ("until", "", "''"),
    ("until", 3, "3 is not a name"),
    ("only", [1], "[1] is no list of names"),
    ("skip", ["a", None], "is no list of names"),
    ("mend", [1], "[1] is no list of names"),
    ("log", "tensorboard", "'tensorboard' is not KIND:FOLDER"),
    ("against", "", "'' is not a name"),
    ("ignore", "rule", "'rule' has no reason: write RULE=REASON"),
    ("ignore", ["a=x", "b= "], "'b' has no reason"),
    ("ignore", {"a": ""}, "'a' has no reason"),
    *[
        (flag, value, f"{value!r} is neither true nor false")
        for flag, value in zip(
            (
                "again",
                "all_data",
                "exact",
                "fix",
                "keep_going",
                "strict",
                "no_input",
                "ci",
                "html",
                "json",
                "fresh",
                "pretrained",
                "skip_unreadable",
            ),
            (
                "once",
                "both",
                "yes",
                "all",
                "please",
                1,
                0,
                "true",
                "report.html",
                [],
                "no",
                "resnet18",
                "all",
            ),
            strict=True,
        )
    ],
]


@pytest.mark.parametrize(("name", "raw", "parsed"), GOOD)
def test_a_good_value_parses(name, raw, parsed):
    assert getattr(resolve({name: raw}), name) == parsed
    assert type(parse({name: raw})[name]) is type(parsed)


@pytest.mark.parametrize(("name", "raw", "message"), BAD)
def test_a_bad_value_is_named_with_its_place(name, raw, message):
    with pytest.raises(UsageError) as caught:
        resolve({name: raw})
    assert message in str(caught.value)
    assert str(caught.value).startswith("--" + name.replace("_", "-") + ": ")
    with pytest.raises(UsageError) as caught:
        resolve({name: raw}, "recipe.toml: ")
    assert str(caught.value).startswith(f"recipe.toml: key {name!r}: ")


def test_every_option_has_a_good_and_a_bad_case_above():
    names = {option.name for option in OPTIONS}
    assert names == {name for name, *_ in GOOD} == {name for name, *_ in BAD}


def test_options_and_settings_agree_on_defaults():
    assert resolve({}) == Settings()
    assert {o.name: o.default for o in OPTIONS} == vars(Settings())
    assert resolve({option.name: None for option in OPTIONS}) == Settings()
    assert parse({"seed": None, "epochs": 3}) == {"epochs": 3}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("devise", "'device'"),
        ("epoch", "'epochs'"),
        ("zzz", "known are: again, against, all_data, augment"),
    ],
)
def test_an_unknown_key_gets_the_nearest_name(name, hint):
    with pytest.raises(UsageError) as caught:
        resolve({name: 1}, "recipe.toml: ")
    assert str(caught.value).startswith(f"recipe.toml: Unknown key {name!r}: ")
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        (Budget(90, "seconds"), "90s"),
        (Budget(900.0, "seconds"), "15m"),
        (Budget(7200, "seconds"), "2h"),
        (Budget(1.5, "seconds"), "1.5s"),
        (Budget(40, "epochs"), "40epochs"),
        (Budget(1234567.0, "epochs"), "1234567epochs"),
    ],
)
def test_a_budget_is_written_as_people_write_it(budget, text):
    assert str(budget) == text


@given(
    amount=st.integers(1, 3 * 10**7) | st.floats(1, 3e7),
    unit=st.sampled_from(["seconds", "epochs"]),
)
def test_a_written_budget_reads_back(amount, unit):
    budget = Budget(amount, unit)
    assert parse_budget(str(budget)) == budget


@given(st.text(max_size=12))
def test_a_budget_parses_or_complains_with_what_it_got(text):
    try:
        budget = parse_budget(text)
    except ValueError as error:
        assert repr(text) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert budget.amount > 0


@given(
    seed=st.integers(0, 2**32 - 1),
    epochs=st.none() | st.integers(1, 1000),
    budget=st.none() | st.builds(Budget, st.integers(1, 10**6), st.just("seconds")),
    out=st.sampled_from(["reports", "runs/x"]),
    only=st.lists(st.text(min_size=1), max_size=3),
    ignore=st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y = z"])),
    strict=st.booleans(),
)
def test_settings_survive_writing_and_reading(**values):
    settings = resolve(values)
    plain = settings.to_dict()
    assert resolve(plain) == settings
    assert not any(isinstance(value, Path | Budget) for value in plain.values())


def test_defaults_are_not_written():
    assert Settings().to_dict() == {}
    assert resolve({"seed": 0, "budget": "120s", "out": "x"}).to_dict() == {
        "out": "x",
        "budget": "2m",
    }
