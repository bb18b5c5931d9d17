# make demo: the whole recipe on the built-in digits; make test: lint, types and tests.
# Both create the environment in .venv when it is missing.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types install docs examples bench bench-search bench-finish rule-examples faults clean

demo: $(READY)
	$(BIN)/recipe run digits --no-input

test: lint types
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered --cov-fail-under=90

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

install: $(READY)

# Anew only when the project's metadata changed.
$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $(READY)

# The page of all rules; a test holds that it is what the command prints.
docs: $(READY)
	$(BIN)/recipe rules --markdown > docs/rules.md.new
	mv docs/rules.md.new docs/rules.md

# The committed example reports; CIFAR10 names an image folder with train, val and test.
examples: $(READY)
	$(BIN)/python reports/examples/make.py

# Speed against other tools, which it installs; about half an hour on two cores.
bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,bench]'
	$(BIN)/python tests/benchmarks/bench.py --write

# The search and the learning-rate finder against others, which it installs; about an hour.
bench-search: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,bench]'
	$(BIN)/python tests/benchmarks/bench_search.py --write

# Ensembles, snapshots and averages on CIFAR-10, five seeds: half an hour.
bench-finish: $(READY)
	$(BIN)/python tests/benchmarks/finish.py --write

# The evidence that explanations of rules show as examples, from runs with faults; three minutes.
rule-examples: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python tests/faults/rule_examples.py
	$(MAKE) docs

# The fault corpus: what is detected, named, mended, and said of healthy runs; two hours at most.
faults: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python tests/faults/score.py --fresh 2 --write

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache
