"""Compares the search with others, and the learning-rate finder with others; writes SEARCH.md.

    python tests/benchmarks/bench_search.py [--write]

What a grid of full trainings and constant rates reach is recorded once, beside this file; delete
search_reference.json and lr_reference.json to record it anew.
"""

import argparse
from pathlib import Path

import lr_finder
import lr_problems
import search_quality
from bench import machine

HERE = Path(__file__).parent


def search():
    """A section per problem."""
    tables = [search_quality.table(problem) for problem in search_quality.PROBLEMS]
    return "\n\n".join(["## The search", search_quality.MEANING, *tables])


def finders():
    """One table over all problems, and one of the recipe by problem."""
    found = lr_finder.rows(list(lr_finder.TOOLS))
    problems, seeds = len(lr_problems.PROBLEMS), len(lr_problems.SEEDS)
    about = f"{problems} problems x {seeds} seeds. {lr_finder.MEANING}"
    parts = ["## Learning-rate finders", about, lr_finder.table(found), lr_finder.by_problem(found)]
    return "\n\n".join(parts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    head = f"# Search\n\nMeasured by `make bench-search` on: {machine()}."
    text = f"{head}\n\n{finders()}\n\n{search()}\n"
    print(text)
    if given.write:
        (HERE / "SEARCH.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
