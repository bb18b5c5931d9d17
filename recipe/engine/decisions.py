"""What happens after a step: go on, stop, or mend a fault first; answered once, then remembered."""

from collections.abc import Callable
from dataclasses import dataclass, field

from recipe.core.errors import UsageError
from recipe.core.results import StepResult
from recipe.core.settings import Settings
from recipe.notebook.journal import Journal

Answer = bool | str
"""Go on? Or the name of a rule whose remedy is applied first."""
Gate = Callable[[StepResult], Answer]
"""Asked after a step that warns or fails; KeyboardInterrupt in it leaves the run as Ctrl-C does."""
KIND = "answer"


@dataclass
class Decisions:
    """Answers from the journal, else from the settings, else from the gate."""

    settings: Settings
    journal: Journal
    gate: Gate | None = None
    short: Callable[[str], bool] = lambda _: True
    """Whether the step of this name takes no whole training."""
    fixed: set[str] = field(default_factory=set)
    """Rules whose remedies were asked for by `fix`: each once, so a run ends."""

    def after(self, result: StepResult, key: str) -> Answer:
        """What to do after a step; what a person answered is kept, a stop excepted: a resumed run
        asks again.

        Args:
            result: of the step.
            key: of the step and what was mended there before.

        Raises:
            UsageError: the gate names a rule that has nothing to mend here.

        """
        known = self.journal.get(KIND, key)
        if known is not None:
            answer: Answer = known["answer"]
            return answer
        wanted = [rule for rule in repairable(result) if rule in self.settings.mend]
        if wanted:
            return wanted[0]
        if self.settings.fix:
            return self._fixed(result)
        passed = result.status not in ("fail", "error")
        if self.settings.keep_going and not any(f.blocks and f.counts for f in result.findings):
            return True
        if self.gate is None or result.status not in ("warn", "fail", "error"):
            return passed
        answer = self.gate(result)
        if isinstance(answer, str) and answer not in repairable(result):
            raise UsageError(f"{answer!r} has no remedy to apply after {result.name!r}.")
        if answer:
            self.journal.put(KIND, key, {"answer": answer, "failed": not passed})
        return answer

    def _fixed(self, result: StepResult) -> Answer:
        """The next fault to repair, failures first; else go on as long as there is a model to
        train. A warning behind a whole training is left to its proof at the end.
        """
        severity = {f.rule: f.severity for f in result.findings}
        for rule in sorted(repairable(result), key=lambda rule: severity[rule] != "fail"):
            if rule not in self.fixed and (severity[rule] == "fail" or self.short(result.name)):
                self.fixed.add(rule)
                return rule
        return not any(f.blocks and f.counts for f in result.findings)

    def taken(self) -> Settings:
        """The settings with which nobody is asked again."""
        given = self.journal.values(KIND)
        mended = [each["answer"] for each in given if isinstance(each["answer"], str)]
        went_on = any(each["answer"] is True and each["failed"] for each in given)
        return self.settings.with_answers(mended, keep_going=went_on)


def repairable(result: StepResult) -> list[str]:
    """Rules of a step's findings whose remedy was not tried yet, consequences left out."""
    return [
        f.rule
        for f in result.findings
        if f.counts and f.because is None and f.remedy is not None and f.remedy.verified is None
        and not f.remedy.applied
    ]  # fmt: skip
