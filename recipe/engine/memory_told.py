"""Whether a batch fits into memory, told with the plan of a run, and what follows from it."""

from contextlib import suppress
from dataclasses import replace

from recipe.core.events import Message
from recipe.core.keys_and_seeds import key
from recipe.notebook.journal import Journal
from recipe.plugin.context import Context
from recipe.speed.will_it_fit import memory_plan
from recipe.training.fingerprint import configuration

MEMORY = "memory"
"""In the journal: what was found out, by experiment and device."""


def tell_memory(ctx: Context, journal: Journal) -> None:
    """Say whether a batch fits, once; where it does not, it is declared to go in parts from then
    on. A run that is taken up again has the same parts.
    """
    experiment, device = ctx.experiment, ctx.device
    name = key(MEMORY, ctx.runner.fingerprint, str(device), configuration(experiment))
    found = journal.get(MEMORY, name)
    if found is None:
        plan = None
        with suppress(Exception):  # the step that trains says what is wrong
            plan = memory_plan(experiment, ctx.data, device)
        parts = plan.parts if plan is not None and plan.fits else experiment.accumulate
        found = {"parts": parts, "text": "" if plan is None else str(plan)}
        journal.put(MEMORY, name, found)
    if found["text"]:
        ctx.emit(Message(found["text"]))
    if found["parts"] != experiment.accumulate:
        ctx.experiment = replace(experiment, accumulate=found["parts"])
