"""Step plugins: found, loaded, verified, ordered; complaints name the package."""

import subprocess
import sys
import textwrap
from importlib.metadata import EntryPoint

import pytest

from recipe.core.errors import StepError, UsageError
from recipe.core.evidence import Evidence
from recipe.plugin import registry
from recipe.plugin.registry import Plugin, in_order, verify
from recipe.plugin.step import GROUP, Step, why_of


class Sound:
    name = "sound"
    title = "Sound"
    version = 1
    requires: frozenset[str] = frozenset()
    rules = ()

    def measure(self, ctx):
        return Evidence()


def step(step_name, *after):
    return Plugin(
        type("Made", (Sound,), {"name": step_name, "requires": frozenset(after)})(), "pack"
    )


def order(*plugins):
    return [plugin.step.name for plugin in in_order(plugins)]


def test_built_in_steps_come_through_entry_points_in_the_order_of_the_lecture():
    plugins = registry.load()
    assert [p.step.name for p in plugins if p.package == "training-recipe"] == [
        "inspect", "initial_loss", "overfit_sample", "lr_range", "coarse_grid", "transfer",
        "refine_grid", "learning_curves", "finish",
    ]  # fmt: skip
    assert all(isinstance(plugin.step, Step) for plugin in plugins)


def test_order_honours_requirements_and_is_otherwise_by_name():
    assert order(step("c"), step("b", "c"), step("a", "b")) == ["c", "b", "a"]
    assert order(step("b"), step("c"), step("a")) == ["a", "b", "c"]
    assert order(step("z"), step("y", "z"), step("a", "z")) == ["z", "a", "y"]


def test_a_missing_requirement_and_a_circle_are_named():
    with pytest.raises(StepError, match=r"'a' of package 'pack' requires 'gone'"):
        order(step("a", "gone"))
    with pytest.raises(StepError, match="circle"):
        order(step("a", "b"), step("b", "a"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"title": 3}, "'title' is a int"),
        ({"version": "1"}, "'version' is a str"),
        ({"requires": ["x"]}, "'requires' is a list"),
        ({"rules": (len,)}, "is no Rule"),
        ({"measure": None}, "measure"),
        ({"name": "Not Snake"}, "snake_case"),
    ],
)
def test_a_wrong_shape_is_described(change, problem):
    assert verify(Sound()) is None
    assert problem in verify(type("Odd", (Sound,), change)())


def test_a_plugin_that_does_not_import_names_its_package():
    entry = EntryPoint("lost", "nowhere_at_all:Step", GROUP)
    with pytest.raises(StepError, match=r"'lost' of package 'nowhere_at_all' does not load"):
        registry.load([entry])


def test_unknown_names_get_the_nearest_known_one():
    with pytest.raises(UsageError, match="did you mean 'lr_range'"):
        registry.check_names("step", ["lr_rang"], ["inspect", "lr_range"])


PACKAGE = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools"]
        build-backend = "setuptools.build_meta"
        [project]
        name = "recipe-step-example"
        version = "1.0"
        [project.entry-points."recipe.steps"]
        weigh = "recipe_step_example:Weigh"
        [tool.setuptools]
        py-modules = ["recipe_step_example"]
    """,
    "recipe_step_example.py": '''
        import os
        from recipe.core.results import Evidence
        from recipe.plugin.rules import finding, rule


        @rule("warn")
        def too_heavy(evidence):
            """What: many items.

            Why: it is an example.

            Fix: none needed.
            """
            items = evidence.number("items")
            return finding("warn", f"{items:.0f} items", "fewer") if items else None


        class Weigh:
            name = "weigh"
            title = "Weigh the data"
            version = 1
            requires = frozenset({"inspect"})
            rules = (too_heavy,)

            def measure(self, ctx):
                if os.environ.get("WEIGH_FAILS"):
                    raise RuntimeError("the scales broke")
                return Evidence({"items": len(ctx.data.train)})
    ''',
}


@pytest.fixture(scope="module")
def third_party(tmp_path_factory):
    """A tiny package with a step, built and installed into a folder of its own."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for name, text in PACKAGE.items():
        (source / name).write_text(textwrap.dedent(text))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
               "--no-build-isolation", "--target", str(site), str(source)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture
def installed(third_party, monkeypatch):
    monkeypatch.syspath_prepend(str(third_party))


@pytest.mark.usefixtures("installed", "without_plots")
class TestThirdParty:
    def result(self, tmp_path):
        import recipe
        from tiny import experiment

        return recipe.run(experiment, until="weigh", out=tmp_path)

    @pytest.mark.slow
    def test_it_is_listed_and_runs_and_is_judged(self, tmp_path):
        found = {p.step.name: p.package for p in registry.load()}
        assert found["weigh"] == "recipe-step-example"
        step = self.result(tmp_path).step("weigh")
        assert step.status == "warn"
        assert step.findings[0].rule == "too-heavy"

    @pytest.mark.slow
    def test_its_failure_is_an_error_that_names_the_package(self, tmp_path, monkeypatch):
        monkeypatch.setenv("WEIGH_FAILS", "1")
        result = self.result(tmp_path)
        assert result.step("weigh").status == "error"
        assert result.verdict == "fail"
        for part in ("recipe-step-example", "weigh", "the scales broke"):
            assert part in result.step("weigh").reason

    def test_it_appears_on_the_command_line(self, capsys):
        from recipe.ui.cli import main

        with pytest.raises(SystemExit):
            main(["steps"])
        assert "weigh" in capsys.readouterr().out


def test_every_built_in_step_gives_its_reasoning():
    said = {plugin.step.name: why_of(plugin.step) for plugin in registry.load()}
    assert len(said) == 9
    for name, why in said.items():
        first, _, rest = why.partition(". ")
        assert 40 < len(first) < 110, name
        assert rest.endswith("."), name


def of_kind(name, kind):
    made = step(name)
    made.step.applies = lambda experiment: experiment == kind
    return made


def test_steps_that_are_none_for_an_experiment_are_left_out():
    steps = (step("a"), of_kind("b", "x"), of_kind("c", "y"), step("d"))
    kept = registry.for_experiment(steps, "x", None, ())
    assert ([p.step.name for p in kept[0]], kept[1]) == (["a", "b", "d"], None)
    assert registry.for_experiment(steps, "x", "c", ())[1] == "b"
    assert registry.for_experiment(steps, "y", "c", ())[1] == "c"
    with pytest.raises(UsageError, match="'c' is none for this experiment: name one of a, b, d"):
        registry.for_experiment(steps, "x", None, ("c",))
    with pytest.raises(UsageError, match="No step up to 'b'"):
        registry.for_experiment(steps[1:], "y", "b", ())
