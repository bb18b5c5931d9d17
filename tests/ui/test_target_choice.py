import pytest

from recipe.core.errors import UsageError
from recipe.ui.config import Config
from recipe.ui.data_questions import OTHER
from recipe.ui.target_choice import choose
from recipe.ui.wizard import chosen, questions


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{i % 7},{i % 2}" for i in range(60))
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}\n", "utf-8")
    return tmp_path


def test_a_target_and_data_exclude_each_other(table):
    with pytest.raises(UsageError, match=r"Both 'digits' and --data 't.csv' were named"):
        choose("digits", {"data": "t.csv"}, table)


def test_a_target_that_is_data_is_taken_as_data(table):
    choice = choose("t.csv", {"target": "y"}, table)
    assert (choice.target, choice.settings.data) == (None, "t.csv")
    experiment, notes = choice.load()
    assert experiment.task == "binary"
    assert notes


@pytest.mark.parametrize("name", ["model", "target", "augment"])
def test_names_without_data_are_a_mistake(table, name):
    with pytest.raises(UsageError, match=f"--{name} goes with --data"):
        choose("digits", {name: "flip"}, table)


def test_what_was_typed_replaces_the_experiment_of_the_file(table):
    (table / "recipe.toml").write_text('target = "old.py"\nepochs = 3\n', "utf-8")
    assert choose(None, {}, table).target == "old.py"
    choice = choose(None, {"data": "t.csv", "target": "y"}, table)
    assert (choice.target, choice.settings.target, choice.settings.epochs) == (None, "y", 3)
    assert choose("new.py", {}, table).target == "new.py"


def test_in_the_file_target_beside_data_is_the_column(table):
    (table / "recipe.toml").write_text('data = "t.csv"\ntarget = "y"\nmodel = "mlp"\n', "utf-8")
    choice = choose(None, {"seed": "3"}, table)
    assert (choice.target, choice.settings.target, choice.settings.seed) == (None, "y", 3)
    other = choose("digits", {}, table)
    assert (other.target, other.settings.data, other.settings.model) == ("digits", None, None)


def test_nothing_to_run_is_one_sentence(table):
    with pytest.raises(UsageError, match="No target: name a file"):
        choose(None, {}, table)


@pytest.mark.usefixtures("table", "without_plots")
def test_a_table_runs_by_name_and_its_command_repeats_it(recipe, table):
    code, said, err = recipe(
        "run", "t.csv", "--target", "y", "--until", "initial_loss", "--epochs", "3"
    )
    assert code == 0, err
    assert "'y' is yes (1) or no (0): 60 rows, 1 inputs" in said
    (folder,) = (table / "reports").iterdir()
    assert folder.name.startswith("t-mlp-")
    report = (folder / "report.md").read_text("utf-8")
    assert "recipe run --data t.csv --target y --epochs 3 --until initial_loss" in report
    assert 'data = "t.csv"' in (folder / "recipe.toml").read_text("utf-8")
    (folder / "result.json").unlink()
    code, said, _ = recipe("resume", folder)
    assert code == 0
    assert said.count("known from an earlier run") == 2


@pytest.mark.parametrize(
    ("model", "asked"), [("resnet18", True), ("cnn", False), (OTHER, False), (None, False)]
)
def test_weights_are_asked_for_where_torchvision_has_some(tmp_path, model, asked):
    (question,) = [q for q in questions(tmp_path) if q.name == "pretrained"]
    answers = {"kind": "images", "data": "photos", "how_far": {}, "model": model}
    assert question.when(answers) == asked
    assert question.default(answers) is False
    for wanted in (True, False):
        choice = chosen(
            {**answers, "model": "resnet18", "pretrained": wanted}, Config(), fresh=False
        )
        assert choice.settings.pretrained is wanted
