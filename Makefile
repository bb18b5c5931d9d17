# make demo: the whole recipe on the built-in digits; make test: lint, types and tests.
# Both create the environment in .venv when it is missing: demo with what a user needs, test with the
# rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Many tests start processes of their own: one that fails on a busy machine is run once more, and told
# as "R" with its reason.
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal --reruns 1 -raR

.PHONY: demo test test-slow test-heavy test-all torture lint types install docs examples bench bench-search \
	bench-finish bench-tables bench-budgets bench-start gpu rule-examples faults faults-second clean

demo: $(INSTALLED)
	$(BIN)/recipe run digits --no-input

# All tests but the slow ones.
test: lint types
	$(PYTEST) -m "not slow"

# Attacks on whole runs, two hours and more: make test has the short form. Writes HELD.md.
torture: $(READY)
	-RECIPE_TORTURE_CASES=2000 $(PYTEST) -m "torture" --junitxml=tests/torture/junit.xml
	OMP_NUM_THREADS=1 $(BIN)/python tests/torture/kills.py --kills 300
	$(BIN)/python tests/torture/held.py tests/torture/junit.xml

test-slow: $(READY)
	$(PYTEST) -m "slow and not heavy and not torture"

# Large networks of other libraries and long lists of runs; forty minutes on two cores.
test-heavy: $(READY)
	$(PYTEST) -m heavy

test-all: lint types
	$(BIN)/python -m coverage erase
	$(PYTEST) --cov --cov-report=term:skip-covered --cov-fail-under=90

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: $(READY)
	$(BIN)/mypy

install: $(READY)

# Both anew only when the project's metadata changed.
$(INSTALLED): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	touch $(INSTALLED)

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[dev]'
	touch $(READY) $(INSTALLED)

# The page of all rules and the picture of the wings, which tests hold to the code; and the site, in
# build/site.
docs: $(READY)
	$(BIN)/recipe rules --markdown > docs/rules.md.new
	mv docs/rules.md.new docs/rules.md
	$(BIN)/python tests/tools/picture.py --write
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# The committed example reports; CIFAR10 names an image folder with train, val and test.
examples: $(READY)
	$(BIN)/python reports/examples/make.py

# Speed against other tools, which it installs; about half an hour on two cores.
bench: $(READY)
	$(PIP) -e '.[dev,bench]'
	$(BIN)/python tests/benchmarks/bench.py --write

# The search and the learning-rate finder against others, which it installs; about an hour.
bench-search: $(READY)
	$(PIP) -e '.[dev,bench]'
	$(BIN)/python tests/benchmarks/bench_search.py --write

# Ensembles, snapshots and averages on CIFAR-10, five seeds: half an hour.
bench-finish: $(READY)
	$(BIN)/python tests/benchmarks/finish.py --write

# Our reading of tables against an expert's, under the same model.
bench-tables: $(READY)
	$(BIN)/python tests/benchmarks/tables.py --write

# Whether budgets of time hold; rewrites tests/benchmarks/BUDGETS.md.
bench-budgets: $(READY)
	$(BIN)/python tests/benchmarks/budgets.py

# Checks a GPU, and measures on it; nine minutes. Rewrites tests/benchmarks/GPU.md.
gpu: $(READY)
	$(BIN)/python tests/gpu/check.py --write

# What starting up costs, and how long new users see nothing new; fifteen minutes.
bench-start: $(READY)
	$(BIN)/python tests/benchmarks/startup.py --write
	$(BIN)/python tests/benchmarks/silence.py --write

# The evidence that explanations of rules show as examples, from runs with faults; three minutes.
rule-examples: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python tests/faults/rule_examples.py
	$(MAKE) docs

# The fault corpus: what is detected, named, mended, and said of healthy runs; two hours at most.
faults: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python tests/faults/score.py --fresh 2 --write

# The half of the second corpus that may be looked at; what is done is kept and gone on with.
faults-second: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python tests/faults/score.py --corpus second --half seen --write \
		--rows tests/faults/second_runs_seen.jsonl

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache
