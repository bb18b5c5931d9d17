"""Runs the steps in order: measure, judge, gate, go back when a step asks for it.

The engine knows no step by name and no terminal. It computes each status from the findings: a
step cannot declare itself passed, a crash is never a pass, and a step that did not run says why.
"""

import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from recipe.border.faults import usage_error
from recipe.core.chosen_model import chosen_from_json
from recipe.core.clock import TimeUp
from recipe.core.errors import RecipeError, UsageError, raised
from recipe.core.events import Crash, Message, StepFinished, StepStarted
from recipe.core.evidence import Evidence
from recipe.core.files import CannotWriteError, of_the_machine
from recipe.core.findings import Finding, status_of
from recipe.core.keys_and_seeds import key
from recipe.core.results import StepResult, step_from_json
from recipe.core.trials import Trial
from recipe.engine.decisions import Answer, Decisions, Gate
from recipe.engine.forecast import forecast, plan_sentence
from recipe.engine.less_memory import measured
from recipe.engine.memory_told import tell_memory
from recipe.engine.repair import Repaired, continue_with, repair, with_repaired, without_acquitted
from recipe.engine.step_time import pays_for_round, time_before, time_for
from recipe.machine.device import raise_if_lost
from recipe.notebook.journal import Journal
from recipe.plugin.context import Context
from recipe.plugin.registry import Plugin, all_rules
from recipe.plugin.rules import judge
from recipe.plugin.step import Goto, Step, UnaffordableError, is_short, summary_of, why_of
from recipe.training.fingerprint import configuration

SHAPING = ("epochs", "search", "budget", "ensemble", "again")
"""Settings that shape what a step measures."""
MAX_ROUNDS = 2
"""Rounds of a step without a budget; with one, the budget is the bound."""
MAX_ROUNDS_WITH_BUDGET = 5

Rebuild = Callable[[str, Repaired], Context | None]
"""A context of the same run around an experiment that came out of the one with this fingerprint."""


@dataclass
class Engine:
    """One run of the steps over one context."""

    plugins: Sequence[Plugin]
    ctx: Context
    journal: Journal
    gate: Gate | None = None
    rebuild: Rebuild | None = None
    """Needed where a fault is repaired on the way."""
    results: list[StepResult] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    usage_error: UsageError | None = None
    planned: bool = False
    """Whether the plan was told."""
    failed_at: str | None = None
    """The step whose failure stopped the run."""
    mended: dict[str, list[Finding]] = field(default_factory=dict)
    """By step, what was found there and repaired."""
    acquitted: dict[int, StepResult] = field(default_factory=dict)
    """By place among the results, steps as they were before their doubts were tried."""

    def __post_init__(self) -> None:
        short = {plugin.step.name for plugin in self.plugins if is_short(plugin.step)}
        self.decisions = Decisions(
            self.ctx.settings, self.journal, self.gate and self._ask, short=short.__contains__
        )

    def _ask(self, result: StepResult) -> Answer:
        assert self.gate is not None  # noqa: S101 - else it is not called
        with self.ctx.meter.paused():
            return self.gate(result)

    def run(self) -> None:
        """Run every selected step; KeyboardInterrupt passes through with the results kept."""
        position, halted = 0, ""
        why: str | None = None
        """Hypothesis of the round."""
        mended: str | None = None
        """The same for the next step alone."""
        while position < len(self.plugins):
            plugin = self.plugins[position]
            reason = self._why_not(plugin, halted)
            if reason:
                self.results.append(_skipped(plugin, self._round(plugin), reason))
                self.ctx.emit(StepFinished(self.results[-1], reused=False))
                position += 1
                continue
            self._tell_plan(position)
            self.results.append(self._step(plugin, mended or why))
            goes_on, mended = self._decide(plugin)
            if mended is not None:
                position = self._back(position)
                continue
            result = self.results[-1]
            if not goes_on:
                halted = f"{plugin.step.name} ended with {result.status!r}"
                self.failed_at = plugin.step.name
            goto = None if halted else self._goto(plugin, result)
            if goto is not None:
                why = goto.hypothesis
                self.ctx.plan = {**self.ctx.plan, **goto.plan}
                position = self._position(goto.step)
                continue
            if self.ctx.settings.until == plugin.step.name:
                halted = halted or f"--until {plugin.step.name}"
            position += 1

    def _tell_plan(self, position: int) -> None:
        """Before the first step that trains: what it and those after it are going to cost."""
        if self.planned or getattr(self.plugins[position].step, "expects", None) is None:
            return
        self.planned = True
        names = [plugin.step.name for plugin in self.plugins]
        until = self.ctx.settings.until
        end = names.index(until) + 1 if until in names else len(names)
        coming = [p for p in self.plugins[position:end] if not self._why_not(p, "")]
        if all(is_short(plugin.step) for plugin in coming):
            return
        step, later = self.plugins[position].step, self._later(self.plugins[position])
        with (
            suppress(Exception, TimeUp),  # the step itself says what is wrong
            time_for(self.ctx, step, later),
        ):
            self.ctx.runner.find_mode()  # from then on it is known how long an epoch takes
            self.ctx.emit(Message(plan_sentence(forecast(coming, self.ctx), self.ctx)))
            tell_memory(self.ctx, self.journal)
        self.ctx.meter.mark()

    def _decide(self, plugin: Plugin) -> tuple[bool, str | None]:
        """Whether to go on after the last step; where a fault was repaired, what is tested now."""
        label = self.keys[-1]
        self._try_doubts(plugin)
        while isinstance(answer := self.decisions.after(self.results[-1], label), str):
            rules = all_rules([plugin])
            with time_before(self.ctx, self._later(plugin)), self.ctx.meter.proving():
                mended = repair(self.ctx, self.journal, rules, self.results[-1], answer)
            self.results[-1] = replace(mended.result, status=status_of(mended.result.findings))
            fresh = self.rebuild and self.rebuild(self.ctx.runner.fingerprint, mended)
            if fresh is not None:
                (found,) = (f for f in mended.result.findings if f.rule == answer)
                self.mended.setdefault(plugin.step.name, []).append(found)
                self.ctx = continue_with(self.ctx, fresh)
                return (
                    True,
                    f"{answer} is repaired: {found.remedy.name if found.remedy else answer}",
                )
            label = key(label, answer)
        return answer, None

    def _try_doubts(self, plugin: Plugin) -> None:
        """Before a failure stops the run: what is no exact mark has to cost something. What was
        acquitted in an earlier step is a cause again where it explains what fails now.
        """
        last = self.results[-1]
        if self.ctx.settings.keep_going or self.ctx.settings.fix or last.status != "fail":
            return
        with time_before(self.ctx, self._later(plugin)), self.ctx.meter.proving():
            tried = without_acquitted(self.ctx, self.journal, all_rules([plugin]), last)
        if tried is not last:
            self.acquitted[len(self.results) - 1] = last
            self.results[-1] = tried
            return
        rules = all_rules(self.plugins)
        failed = {f.rule for f in last.findings if f.counts and f.severity == "fail"}
        for position, earlier in self.acquitted.items():
            if any(rules[f.rule].explains & failed for f in earlier.findings if f.counts):
                self.results[position] = earlier

    def _back(self, position: int) -> int:
        """Where a run that was repaired here begins again: at this step where it is a short one,
        else at the last short one before.
        """
        until_here = enumerate(self.plugins[: position + 1])
        short = (
            place
            for place, plugin in until_here
            if is_short(plugin.step) and not self._why_not(plugin, "")
        )
        return max(short, default=position)

    def _round(self, plugin: Plugin) -> int:
        return sum(result.name == plugin.step.name for result in self.results) + 1

    def _position(self, step: str) -> int:
        names = [plugin.step.name for plugin in self.plugins]
        return names.index(step)

    def _why_not(self, plugin: Plugin, halted: str) -> str:
        settings, name = self.ctx.settings, plugin.step.name
        if settings.only and name not in settings.only:
            return f"not selected by --only {' '.join(settings.only)}"
        if name in settings.skip:
            return f"left out by --skip {name}"
        return halted

    def _step(self, plugin: Plugin, hypothesis: str | None) -> StepResult:
        step, ctx = plugin.step, self.ctx
        ctx.step, ctx.round = step.name, self._round(plugin)
        ctx.emit(StepStarted(step.name, step.title, ctx.round, hypothesis, why_of(step)))
        step_key = self._key(plugin)
        self.keys.append(step_key)
        known = self.journal.get("step", step_key)
        start, epochs, trials = time.perf_counter(), ctx.meter.epochs, len(ctx.trials)
        given_up = len(ctx.meter.left_out)
        if known is not None:
            result = self._reuse(plugin, known)
        else:
            result = self._measure(plugin, hypothesis)
            result = replace(result, seconds=time.perf_counter() - start)
            if result.status != "error":
                value = {
                    "result": asdict(result),
                    "trials": [asdict(trial) for trial in ctx.trials[trials:]],
                    "epochs": ctx.meter.epochs - epochs,
                    "chosen": asdict(ctx.chosen) if ctx.chosen else None,
                    "left_out": [asdict(said) for said in ctx.meter.left_out[given_up:]],
                }
                self.journal.put("step", step_key, value)
        if self.mended.get(step.name):
            result = with_repaired(result, self.mended[step.name])
            result = replace(result, status=status_of(result.findings))
        ctx.measured[step.name] = result.evidence
        ctx.emit(StepFinished(result, reused=known is not None))
        return result

    def _measure(self, plugin: Plugin, hypothesis: str | None) -> StepResult:
        """Measure and judge; whatever goes wrong becomes the status `error` with its reason."""
        step, ctx = plugin.step, self.ctx
        ctx.rules = step.rules
        blank = StepResult(
            step.name, step.title, ctx.round, "error",
            hypothesis=hypothesis, why=why_of(step), rules=_names(step),
        )  # fmt: skip
        try:
            with time_for(ctx, step, self._later(plugin)):
                evidence = measured(step, ctx)
            _check_evidence(evidence)
            said = summary_of(step, evidence)
            findings = judge(step.rules, evidence, ctx.settings.ignore)
        except CannotWriteError:  # not the step's: the run cannot go on
            raise
        except (TimeUp, UnaffordableError) as error:
            reason = str(error) or f"{ctx.settings.budget} were used up"
            ctx.meter.leave_out(step.name, reason)
            return replace(blank, status="skip", reason=reason)
        except BaseException as error:  # a plugin may raise anything, and the user's code too
            raise_if_lost(ctx.device)
            fault = usage_error(error, getattr(ctx.experiment, "model", None), _file_of(step))
            if fault is not None:
                self.usage_error = fault
                return replace(blank, reason=str(fault))
            if not isinstance(error, Exception) or of_the_machine(error):
                raise
            where = f"step {step.name!r} of package {plugin.package!r}"
            reason = f"{where} crashed with {raised(error)}"
            log = "".join(traceback.format_exception(error))
            ctx.emit(Crash(plugin.package, reason, log))
            return replace(blank, reason=reason)
        return replace(
            blank,
            status=status_of(findings),
            evidence=evidence,
            findings=findings,
            figures=tuple(getattr(step, "figures", ())),
            says=said,
        )

    def _reuse(self, plugin: Plugin, known: dict[str, Any]) -> StepResult:
        """The recorded measurement, judged anew: what is ignored may have changed."""
        result = step_from_json(known["result"])
        ctx = self.ctx
        for trial in known["trials"]:
            ctx.recall(Trial(**trial))
        ctx.meter.spend(known["epochs"])
        ctx.chosen = chosen_from_json(known.get("chosen")) or ctx.chosen
        for said in known.get("left_out", ()):
            ctx.meter.leave_out(**said)
        if result.status == "skip":
            return result
        findings = judge(plugin.step.rules, result.evidence, ctx.settings.ignore)
        status = status_of(findings)
        return replace(result, findings=findings, status=status, rules=_names(plugin.step))

    def _key(self, plugin: Plugin) -> str:
        ctx = self.ctx
        settings = ctx.settings.to_dict()
        shaping = {name: settings.get(name) for name in SHAPING}
        return key(
            "step", plugin.step.name, plugin.step.version, shaping, str(ctx.device),
            ctx.runner.fingerprint, configuration(ctx.experiment), ctx.seed, ctx.round,
            dict(ctx.plan), self.keys,
        )  # fmt: skip

    def _goto(self, plugin: Plugin, result: StepResult) -> Goto | None:
        ask = getattr(plugin.step, "goto", None)
        if ask is None or result.status == "error":
            return None
        goto = ask(result.evidence, result.findings, self.ctx)
        if goto is None or goto.step not in [p.step.name for p in self.plugins]:
            return None
        limit = MAX_ROUNDS_WITH_BUDGET if self.ctx.settings.budget else MAX_ROUNDS
        if (
            result.round >= limit
            or not isinstance(goto, Goto)
            or not pays_for_round(self.ctx, goto)
        ):
            return None
        return goto

    def _later(self, plugin: Plugin) -> list[Step]:
        """The steps that come after this one."""
        place, until = self._position(plugin.step.name), self.ctx.settings.until
        if until == plugin.step.name:
            return []
        end = self._position(until) + 1 if until else len(self.plugins)
        return [p.step for p in self.plugins[place + 1 : end] if not self._why_not(p, "")]


def _file_of(step: Step) -> str | None:
    """Where a step is written."""
    module = sys.modules.get(type(step).__module__)
    return getattr(module, "__file__", None)


def _check_evidence(evidence: object) -> None:
    if not isinstance(evidence, Evidence):
        raise RecipeError(f"measure returned {type(evidence).__name__}, not Evidence")


def _skipped(plugin: Plugin, round_: int, reason: str) -> StepResult:
    step = plugin.step
    return StepResult(
        step.name, step.title, round_, "skip", reason, why=why_of(step), rules=_names(step)
    )


def _names(step: Step) -> tuple[str, ...]:
    return tuple(rule.name for rule in step.rules)
