# Everything runs in .venv, which `make setup` builds from the locked requirements.
# To use another interpreter: make setup PYTHON=python3.13
PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
STAMP = $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup run test check fmt schema bench lock clean

help: ## Show this list
	@echo "Usage: make TARGET"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Create .venv and install the locked requirements
	@echo "setup: $(VENV) is ready"

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "CNOP needs Python 3.11 or newer as $(PYTHON)." >&2; \
		echo "Install one and name it: make setup PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "This Python cannot create virtual environments with pip." >&2; \
		echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -c 'import pip' 2>/dev/null || { \
		echo "setup: creating $(VENV)"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "setup: installing the locked requirements (about a minute the first time)"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@echo "setup: installing cnop itself"
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: $(STAMP) ## Start the server; the settings come from the environment
	@exec $(BIN)/cnop serve

# Each process starts a DynamoDB Local and a Redis of its own when it needs one.
PROCESSES = 2

test: $(STAMP) ## Run all tests and check the coverage
	$(BIN)/pytest --numprocesses=$(PROCESSES) --dist=worksteal --cov --cov-report=
	$(BIN)/python -m tests.coverage_gate

check: $(STAMP) ## Check style, types, import directions, spelling and locks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m pip check
	@! grep -n '://' requirements.lock requirements-dev.lock && \
		! grep -n '"resolved"' tests/npm/package-lock.json || { \
		echo "A lock file names a registry; make lock and tests/npm/.npmrc leave it out." >&2; \
		exit 1; }

fmt: $(STAMP) ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(STAMP) ## Write schema/schema.graphql anew
	@$(BIN)/cnop schema > schema/schema.graphql.new \
		|| { rm -f schema/schema.graphql.new; exit 1; }
	@mv schema/schema.graphql.new schema/schema.graphql
	@echo "schema/schema.graphql is written"

bench: $(STAMP) ## Measure: run tests/bench/bench_*.py
	$(BIN)/pytest -s -o python_files='bench_*.py' tests/bench

# Pins stay as they are where pyproject.toml allows them. All anew: make lock UPGRADE=--upgrade
UPGRADE =
UV = build/uv/bin/uv
UV_COMPILE = $(UV) pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header $(UPGRADE)

lock: ## Pin what pyproject.toml asks for in requirements*.lock
	@test -x $(UV) || { $(PYTHON) -m venv build/uv && build/uv/bin/pip install -qq uv==0.13.9; }
	$(UV_COMPILE) pyproject.toml -o requirements.lock
	$(UV_COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove what was built, but not var/ with its data
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* coverage.xml tests/npm/node_modules
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
