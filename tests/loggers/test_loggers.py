"""Runs that are written to other tools too, by these tools themselves."""

from pathlib import Path

import pytest

import recipe
from recipe.core.errors import UsageError
from recipe.core.settings import resolve
from recipe.loggers import opening
from recipe.loggers.following import Follower, points
from tiny import experiment

KINDS = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow", "trackio": "trackio"}


class Kept:
    """A logger that keeps what it is told."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *given: self.calls.append((name, *given))


def run(tmp_path, log, **options):
    said = []
    result = recipe.run(
        experiment, until="coarse_grid", out=tmp_path / "runs", log=log, verify_budget="off",
        observe=lambda event: said.append(getattr(event, "text", "")), device="cpu", **options,
    )  # fmt: skip
    return result, [text for text in said if "--log" in text]


def curves_of_tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = {}
    for path in sorted(folder.rglob("events.*")):
        read = EventAccumulator(str(path))
        read.Reload()
        found[path.parent.name] = {
            tag: [(e.step, e.value) for e in read.Scalars(tag)] for tag in read.Tags()["scalars"]
        }
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_tensorboard_has_the_curves_of_every_trial(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    result, said = run(tmp_path, f"tensorboard:{tmp_path / 'tb'}")
    assert not said
    found = curves_of_tensorboard(tmp_path / "tb" / result.folder.name)
    trials = [t for t in result.trials if t.curves.get("val_loss")]
    assert len([name for name in found if "coarse_grid" in name]) >= len(trials)
    whole = next(t for t in trials if t.number == 0)
    curve = found["coarse_grid-1-baseline"]["val_loss"]
    assert [step for step, _ in curve] == list(range(1, whole.epochs + 1))
    assert [value for _, value in curve] == pytest.approx(whole.curves["val_loss"], rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
def test_a_watch_writes_to_it(kind, tmp_path, monkeypatch):
    pytest.importorskip(KINDS[kind], reason=f"{kind} is not installed")
    from loops import plain

    said = []
    plain(lambda model, optimizer: recipe.watch(
        model, optimizer, out=tmp_path / "runs", log=f"{kind}:{tmp_path / 'log'}", say=said.append,
    ))  # fmt: skip
    assert not [line for line in said if "--log" in line or "watch ended" in line], said
    run_name = next((tmp_path / "runs").iterdir()).name
    if kind == "tensorboard":
        found = curves_of_tensorboard(tmp_path / "log" / run_name)["training"]
        assert len(found["val_loss"]) == len(found["train_loss"]) == 4
    elif kind == "mlflow":
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'log'}/mlflow.db")
        known = client.get_experiment_by_name(run_name)
        (made,) = client.search_runs([known.experiment_id])
        assert made.info.status == "FINISHED"
        assert [m.step for m in client.get_metric_history(made.info.run_id, "val_loss")] == [
            1,
            2,
            3,
            4,
        ]
    elif kind == "wandb":
        (file,) = (tmp_path / "log").rglob("*.wandb")
        assert b"training/val_loss" in file.read_bytes()
    else:
        assert list((tmp_path / "log").rglob("*.db"))


def test_what_a_follower_tells():
    kept = Kept()
    follower = Follower([("here", lambda name: kept)], print)
    follower.start("run")
    follower.begin("training", {"lr": 0.1, "decay": None})
    follower.point(1, {"val_loss": 2.0, "val_score": None})
    follower.end("finished")
    follower.close()
    assert kept.calls == [
        ("begin", "training", {"lr": 0.1}), ("point", 1, {"val_loss": 2.0}), ("end", "finished"),
        ("close",),
    ]  # fmt: skip


def test_points_of_curves():
    curves = {
        "val_loss": (2.0, None, 1.0),
        "lr": (0.1,),
        "batch_loss": (9.0,),
        "grad_norm/last": (1.0,),
    }
    assert list(points(curves)) == [
        (1, {"val_loss": 2.0, "lr": 0.1}),
        (2, {}),
        (3, {"val_loss": 1.0}),
    ]


def test_a_logger_that_fails_is_left(tmp_path):
    class Full(Kept):
        def point(self, *_):
            raise OSError("no room")

    said, full = [], Full()
    follower = Follower([("tensorboard:x", lambda _: full)], said.append)
    follower.start("run")
    follower.begin("a", {})
    follower.point(1, {"loss": 1.0})
    follower.point(2, {"loss": 1.0})
    follower.close()
    assert said == ["--log tensorboard:x: OSError: no room; nothing more is written there."]
    assert full.calls == [("begin", "a", {})]


@pytest.mark.parametrize(
    ("log", "says"),
    [("tensorbord:x", "--log: 'tensorbord:x' is not KIND:FOLDER, where KIND is one of tensorboard"),
     ("wandb", "'wandb' is not KIND:FOLDER"), ("mlflow: ", "is not KIND:FOLDER")],
)  # fmt: skip
def test_a_value_that_is_none(log, says):
    with pytest.raises(UsageError, match=says):
        resolve({"log": log})


def test_a_missing_package_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    with pytest.raises(
        UsageError, match=r"wandb is not installed: pip install 'training-recipe\[wandb\]'"
    ):
        recipe.run(experiment, out=tmp_path / "runs", log="wandb:x")
    assert not (tmp_path / "runs").exists()


def test_several_are_told_as_a_list_and_lie_below_the_working_directory(tmp_path):
    settings = resolve({"log": ["tensorboard:a", "mlflow:/b"]}).below(Path("/work"))
    assert settings.log == ("tensorboard:/work/a", "mlflow:/b")
    assert resolve({}).log == ()
