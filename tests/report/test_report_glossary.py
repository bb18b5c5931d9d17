from recipe.core.results import RunResult, StepResult
from recipe.report.glossary import TERMS, section
from recipe.report.markdown import render
from report_samples import full_run


def terms(text: str) -> list[str]:
    return [line.split("**")[1] for line in text.split("### Terms")[1].splitlines() if "**" in line]


def test_only_terms_that_occur_are_explained():
    said = section((), "| epochs | 3 |\nIts score was *proved*. It is unstoppable.")
    assert terms(said) == ["epoch", "validation score", "proved"]


def test_every_term_can_be_found_by_its_own_name():
    for term in TERMS:
        assert term in terms(section((), f"x {term} y"))


def test_reasons_are_told_once_per_step_and_only_where_there_are_any():
    steps = (
        StepResult("a", "Step *A*", 1, "pass", why="Because | of this."),
        StepResult("a", "Step *A*", 2, "pass", why="Because | of this."),
        StepResult("b", "Step B", 1, "pass"),
    )
    said = section(steps, "")
    assert said == (
        "## Glossary\n\n### Why these steps\n\n- **Step \\*A\\***: Because | of this.\n"
    )


def test_nothing_to_explain():
    assert section((), "") == ""


def test_the_report_ends_with_it():
    text = render(full_run())
    head, tail = text.split("\n## Glossary\n")
    assert not head.endswith("\n\n")
    assert {"learning rate", "proved", "remedy", "validation score"} <= set(terms(tail))
    assert "warmup" not in terms(tail)
    assert "Terms" in render(RunResult("x"))
