# Two commands, each doing its own set-up in .venv:  make demo   make test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test test-analytics test-commands test-models test-rest kernels browser lint types \
  contract format clean

demo: $(VENV)/.ready-demo
	$(BIN)/footfall demo $(ARGS)

test: $(VENV)/.ready-test
	$(MAKE) --jobs 2 --output-sync=target kernels types lint contract browser
	$(MAKE) --jobs 2 --output-sync=target test-analytics test-rest test-commands test-models

# Groups of tests, two at a time, the longest first; each prints when it is done.
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider
ANALYTICS := tests/analytics src/footfall/analytics
COMMANDS := tests/contracts tests/cli
ROOMS := evaluate features models predict recommend
MODELS := $(addprefix tests/,$(ROOMS)) $(addprefix src/footfall/,$(ROOMS))

test-analytics:
	$(PYTEST) $(ANALYTICS)

test-commands:
	$(PYTEST) $(COMMANDS)

test-models:
	$(PYTEST) $(MODELS)

test-rest:
	$(PYTEST) $(addprefix --ignore=,$(ANALYTICS) $(COMMANDS) $(MODELS))

# Otherwise each group of tests would compile what it needs, the same kernels twice.
kernels: $(VENV)/.ready-test
	$(BIN)/python -m footfall.demo.compile

browser:
	./scripts/browser

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
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[demo,dev,embeddings,excel,factors,models,onnx,spark]'
	$(BIN)/python -m pip install --quiet --no-deps lifetimes==0.11.3
	@touch $@

clean:
	rm -rf $(VENV) demo-output build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
