# `make demo` and `make test` set up everything they need: a Python of 3.11 or newer is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
# What needs more than Python, a browser and several hosts made of network namespaces, and what takes minutes of
# many processes: the benchmarks, small, and each platform's outage in each way. `.ci/run` runs them.
ELSEWHERE := $(addprefix --ignore=,tests/browser tests/functional/test_hosts.py tests/bench/test_running.py \
	tests/functional/test_outages_of_each.py)

.PHONY: demo up test lint format lock screenshots clean

demo: $(VENV)/.runtime
	$(BIN)/refund-sync demo

up: $(VENV)/.runtime
	$(BIN)/refund-sync up

# What must be covered whole is covered by these; tracing the others would make them half as slow again.
COVERING := tests/ledger tests/workers/rules tests/webhooks/sources tests/cli/test_reseal.py \
	tests/webhooks/portal/refunds/test_export.py tests/webhooks/portal/refunds/test_relinking.py \
	tests/webhooks/portal/test_installation.py tests/webhooks/test_challenge.py tests/webhooks/test_http.py \
	tests/webhooks/test_magento_http.py tests/workers/platforms/test_http.py

# Tests start hundreds of processes of ours: where the environment forbids to keep what Python compiles, every one
# of them would compile everything again.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report= $(COVERING) $(PYTEST_ARGS)
	$(BIN)/coverage report --skip-covered --fail-under=100
	$(BIN)/python -m pytest -n auto --dist worksteal $(addprefix --ignore=,$(COVERING)) $(ELSEWHERE) $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Newest versions of everything, with hashes, for every platform and Python; run it to upgrade.
lock: $(VENV)/.dev
	$(BIN)/uv pip compile --upgrade --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--no-emit-find-links --quiet --python-version 3.11 --group build pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --upgrade --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--no-emit-find-links --quiet --python-version 3.11 --group build --group test --group lint pyproject.toml \
		--output-file requirements-dev.lock

# The pictures in the README; takes a Chromium.
screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.browser.screenshots

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
