# Two commands, each doing its own set-up in .venv:  make demo   make test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test test-questions test-rest lint types contract format clean

demo: $(VENV)/.ready-demo
	$(BIN)/footfall demo $(ARGS)

test: lint types contract $(VENV)/.ready-test
	./scripts/browser
	$(MAKE) --jobs 2 --output-sync=target test-questions test-rest

# Two halves that take about as long, side by side; each prints when it is done.
QUESTIONS := tests/analytics tests/contracts src/footfall/analytics

test-questions:
	$(BIN)/python -m pytest -p no:cacheprovider $(QUESTIONS)

test-rest:
	$(BIN)/python -m pytest -p no:cacheprovider $(addprefix --ignore=,$(QUESTIONS))

lint: $(VENV)/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready-test
	$(BIN)/mypy

contract: $(VENV)/.ready-test
	$(BIN)/lint-imports

format: $(VENV)/.ready-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "footfall needs Python 3.11 or newer; name one with: make PYTHON=python3.12 demo"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The kernels are compiled here, once, so that no question has to wait for a compiler.
$(VENV)/.ready-demo: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[demo,excel,models]'
	$(BIN)/python -m pip install --quiet --no-deps lifetimes==0.11.3  # for CDNOW's file alone
	$(BIN)/python -m footfall.demo.compile
	@touch $@

$(VENV)/.ready-test: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[demo,dev,embeddings,excel,factors,models,spark]'
	$(BIN)/python -m pip install --quiet --no-deps lifetimes==0.11.3
	@touch $@

clean:
	rm -rf $(VENV) demo-output build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
