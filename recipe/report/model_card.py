"""A card for the model that a run chose, as model hubs show it: metadata in YAML, then Markdown
(https://huggingface.co/docs/hub/model-cards, https://arxiv.org/abs/1810.03993).
"""

import json
from collections.abc import Iterator
from typing import Any

from recipe.core.errors import UsageError
from recipe.core.results import RunResult
from recipe.report import finding_texts, wording
from recipe.report.markdown import about_best, about_cost
from recipe.report.model_section import about_model
from recipe.report.reproduce import command

TASKS = {
    "images": "image-classification", "segmentation": "image-segmentation",
    "detection": "object-detection", "texts": "text-classification", "text": "text-generation",
}  # fmt: skip
"""By kind of data by name, as hubs call the task."""


def model_card(result: RunResult, inputs: dict[str, Any] | None = None) -> str:
    """The card of the chosen model.

    Args:
        result: of the run.
        inputs: what inputs.json holds, of a run on data by name.

    Raises:
        UsageError: the run left no model.

    """
    if result.best is None:
        raise UsageError(
            f"The run {result.name!r} left no model, so there is nothing to write a card for: "
            "finish it with 'recipe resume'."
        )
    head = "\n".join(_metadata(result, inputs or {}))
    body = "\n".join(_body(result, inputs or {}))
    return f"---\n{head}\n---\n\n{body}\n"


def _metadata(result: RunResult, inputs: dict[str, Any]) -> Iterator[str]:
    """Lines of YAML; strings are written as JSON, which YAML includes."""
    task = _task(inputs)
    yield "library_name: pytorch"
    if task is not None:
        yield f"pipeline_tag: {task}"
    yield "tags:"
    yield "- training-recipe"
    scores = list(_scores(result))
    if scores and task is not None:
        yield "model-index:"
        yield f"- name: {json.dumps(result.name)}"
        yield "  results:"
        yield "  - task:"
        yield f"      type: {task}"
        yield "    dataset:"
        yield f"      name: {json.dumps(str(result.settings.get('data') or result.name))}"
        yield "      type: own"
        yield "    metrics:"
        for name, value in scores:
            yield f"    - type: {json.dumps(result.metric or 'score')}"
            yield f"      name: {json.dumps(name)}"
            yield f"      value: {value:.6g}"


def _task(inputs: dict[str, Any]) -> str | None:
    kind = inputs.get("kind")
    if kind == "table":
        return f"tabular-{'regression' if inputs.get('task') == 'regression' else 'classification'}"
    return TASKS.get(str(kind))


def _scores(result: RunResult) -> Iterator[tuple[str, float]]:
    metric = result.metric or "score"
    chosen = result.chosen
    val = result.best.val_score if result.best else None
    if chosen is not None and chosen.val_score is not None:
        val = chosen.val_score
    if val is not None:
        yield f"{metric} on validation data", val
    if chosen is not None and chosen.test is not None and chosen.test.score is not None:
        yield f"{metric} on test data", chosen.test.score


def _body(result: RunResult, inputs: dict[str, Any]) -> Iterator[str]:
    yield f"# {wording.prose(result.name)}"
    yield ""
    yield (
        "Trained and checked with a training recipe: model and data were inspected, the learning "
        "rate was found by trial, settings were searched, and the learning curves were read."
    )
    yield from ("", "## How good it is", "")
    yield " ".join([*about_best(result), *about_model(result)])
    yield ""
    yield (
        "The validation score chose the setting, so it is somewhat optimistic; a score on test "
        "data, where there is one, is not."
    )
    yield from ("", "## What goes in and out", "")
    yield from _inputs(result, inputs)
    yield from ("", "## How it was trained", "", "| setting | value |", "|---|---|")
    for name, value in (result.best.params if result.best else {}).items():
        yield f"| {wording.cell(name)} | {wording.cell(wording.show(value))} |"
    yield from ("", *about_cost(result))
    yield from ("", "```console", f"$ {command(result.settings)}", "```")
    yield from ("", "## Limits", "")
    known = finding_texts.causes(result)
    for cause in known:
        found = cause.finding
        yield f"- {wording.code(found.rule)}: {wording.sentence(found.message)}"
    if not known:
        yield "- The recipe found nothing that is wrong with data, model or training."
    yield (
        "- It was measured on data of the same origin as the training data. On other data it may "
        "do worse; nothing here measures that."
    )
    yield "- TO WRITE: what it is for, what it must not be used for, and whose data it has seen."
    if env := result.environment:
        yield from ("", "## Where", "")
        yield ", ".join(f"{name} {wording.prose(str(value))}" for name, value in env.items()) + "."


def _inputs(result: RunResult, inputs: dict[str, Any]) -> Iterator[str]:
    if not inputs:
        yield "Inputs and outputs are those of the experiment's own model and data."
        return
    shape = " x ".join(map(str, inputs.get("shape", ())))
    yield f"Inputs: {wording.prose(str(inputs.get('kind')))}, as {shape} numbers (`inputs.json`)."
    if classes := inputs.get("classes"):
        yield f"Outputs: one of {', '.join(wording.prose(str(name)) for name in classes)}."
    used = [facts for facts in result.columns if facts.use == "input"]
    if used:
        yield ""
        yield "Columns: " + ", ".join(wording.code(facts.name) for facts in used) + "."
