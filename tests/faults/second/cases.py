"""The second corpus: cases in groups, each half of which is held out.

A case says what is true of it; what of that does harm, and which of several causes does most, is
measured beforehand by plain trainings (truth.py), never by what the product says.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bases
import catalogue
import looks_ill
import more_bases
import odd
import reports_data
import weak
from together import combined, pairs, threes
from written import statement

import reports
from recipe import Experiment

Make = Callable[[int], Experiment]
HELD_OUT = Path(__file__).with_name("held_out.sha256")
GROUPS = ("pairs", "threes", "half strength", "tiny and odd", "looks ill", "reported")
BASES = (*bases.BASES, *more_bases.MORE_BASES)


@dataclass(frozen=True)
class Case:
    """An experiment, and what is true of it."""

    group: str
    name: str
    base: str
    make: Make
    source: str
    """The text that makes it: its hash holds it to what it was."""
    truths: tuple[tuple[str, ...], ...] = ()
    """For each cause, the rules that may name it; none of a sound run."""
    repaired: tuple[tuple[str, Make], ...] = ()
    """For each cause, a name and the experiment with that one alone repaired."""
    sound: tuple[str, Make] | None = None
    """A name and the experiment with all of them repaired."""

    @property
    def full_name(self) -> str:
        return f"{self.group}: {self.name} [{self.base}]"

    @property
    def held_out(self) -> bool:
        return self.full_name in held_out()

    @property
    def turn(self) -> str:
        """The hash of the name without the base: a fault is held out on all bases or on none."""
        return hashlib.sha256(f"{self.group}: {self.name}".encode()).hexdigest()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.source.encode()).hexdigest()


def _single(group: str, faults: list[catalogue.Fault]) -> Iterator[Case]:
    for base in BASES:
        for fault in faults:
            if fault.applies(base):
                yield Case(
                    group, fault.name, base.name, combined(base, fault),
                    base.name + statement(fault.inject.__module__, fault.inject.__name__),
                    (fault.causes,), ((base.name, base.make),), (base.name, base.make),
                )  # fmt: skip


def _together(group: str) -> Iterator[Case]:
    for base, faults in pairs(BASES) if group == "pairs" else threes(BASES):
        left = [tuple(f for f in faults if f is not one) for one in faults]
        sources = [statement(f.inject.__module__, f.inject.__name__) for f in faults]
        yield Case(
            group, " + ".join(f.name for f in faults), base.name, combined(base, *faults),
            base.name + "".join(sources), tuple(f.causes for f in faults),
            tuple((" + ".join([base.name, *(f.name for f in those)]), combined(base, *those))
                  for those in left),
            (base.name, base.make),
        )  # fmt: skip


def _odd() -> Iterator[Case]:
    for name, (make, causes, of) in odd.ODD.items():
        where, _, fault = name.partition(", ")
        words = [where.replace("-", "_"), *([fault] if fault else [])]
        made = (where, of) if of else None
        yield Case("tiny and odd", name, "", make, statement("odd", *words),
                   (causes,) if causes else (), (made,) if made else (), made)  # fmt: skip


def _looks_ill() -> Iterator[Case]:
    for name, base, make in looks_ill.looks_ill():
        made = base and looks_ill.BY_NAME[base].make
        if name == "as it is":
            source = statement("more_bases", made.__name__)
        elif base:
            source = base + statement("looks_ill", name)
        else:
            words = name if make.__module__ != "looks_ill" else make.__name__
            source = statement("looks_ill", words)
        yield Case("looks ill", name, base, make, source)


@cache
def cases() -> tuple[Case, ...]:
    """All of them."""
    return (
        *_together("pairs"), *_together("threes"), *_single("half strength", weak.WEAK), *_odd(),
        *_looks_ill(), *_single("reported", reports.REPORTED),
    )  # fmt: skip


@cache
def held_out() -> dict[str, str]:
    """Names of the cases that are held out, with the hashes of what makes them."""
    pairs_of = (line.split("  ", 1) for line in HELD_OUT.read_text("utf-8").splitlines())
    return {name: digest for digest, name in pairs_of}


def halved() -> Iterator[str]:
    """The lines of the file of hashes: of each group, of the sound and of the broken ones, the
    half of the names whose hashes are the smallest.
    """
    for group in GROUPS:
        for broken in (False, True):
            those = [c for c in cases() if c.group == group and bool(c.truths) == broken]
            turns = sorted({c.turn for c in those})
            half = turns[: (len(turns) + 1) // 2]
            yield from (f"{c.digest}  {c.full_name}\n" for c in those if c.turn in half)


@cache
def by_full_name() -> dict[str, Case]:
    found = {case.full_name: case for case in cases()}
    if len(found) != len(cases()):
        raise ValueError("two cases of one name")
    return found


assert reports_data.report is reports.report  # its faults stand in the same list


if __name__ == "__main__":
    HELD_OUT.write_text("".join(halved()), "utf-8")
