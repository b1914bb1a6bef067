# Only Python 3.11 or newer and make are needed for `make demo`. `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# Tested once, with the first backend: what no database is part of (the stores are all tested there too), and what is
# shown over use cases that both backends test through the API: pages, browsers, hostile input, the demonstration.
ONCE := tests/domain tests/storage tests/demo tests/test_media.py tests/test_design.py tests/test_static.py \
	$(wildcard tests/test_*_pages.py) tests/test_page_weight.py tests/test_picture.py \
	$(addprefix tests/test_,attacks.py who_sees.py no_exposure.py permissions.py openapi.py) \
	$(addprefix tests/test_,texts.py upload_client.py jurisdictions.py chart_layout.py) \
	$(addprefix tests/e2e/test_,every_page.py days.py story.py trial.py lock_script.py viewing.py browser_upload.py drafts.py attacks.py)
# Further arguments for pytest, e.g. make test ARGS="-k custody"
ARGS ?=
# The first interpreter that really runs and is new enough: a version manager's shim may exist and refuse.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { command -v $$p; break; }; done)
# The translations as the pages load them.
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard web/translations/*/LC_MESSAGES/*.po))

.PHONY: help setup js demo test check bench screens lock texts secrets clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed js $(CATALOGUES) ## make .venv with everything, from the hashed lock files

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

js: web/node_modules/.installed ## put the published scripts that the pages load in place

$(CATALOGUES): %.mo: %.po $(VENV)/.locked
	$(BIN)/pybabel -q compile --input-file=$< --output-file=$@ --locale=$(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $@)))

web/node_modules/.installed: web/package.json web/package-lock.json web/assets.py $(VENV)/.locked
	$(BIN)/python -P web/assets.py
	@touch $@

demo: setup ## load a fictional office, run the main job before your eyes, start the server
	$(BIN)/unbroken demo $(ARGS)

test: setup ## the whole suite twice: SQLite with a directory, then PostgreSQL with an S3 store
	@.ci/needs
	@failed=; for backend in embedded servers; do \
		echo "== the suite on: $$backend"; \
		once=; test $$backend = embedded || once="$(ONCE:%=--ignore=%)"; \
		UNBROKEN_TEST_BACKEND=$$backend $(BIN)/python -m pytest -n 3 --dist worksteal $$once $(ARGS) || failed="$$failed $$backend"; \
	done; test -z "$$failed" || { echo "The suite failed on:$$failed"; exit 1; }

check: setup ## style, types, the arrows between packages, one migration head
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -c 'from alembic.script import ScriptDirectory; heads = ScriptDirectory("migrations").get_heads(); raise SystemExit(0 if len(heads) == 1 else f"There must be one migration head, there are {len(heads)}: {heads}")'

bench: setup ## measure against the limits of this machine
	$(BIN)/python -m benchmarks

screens: setup ## make the pictures of the documentation anew
	$(BIN)/python -m tests.e2e.screens docs/images

lock: setup ## write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --upgrade --extra demo pyproject.toml -o .requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --upgrade --all-extras pyproject.toml -o .requirements/dev.txt

texts: setup ## bring the catalogues of web/translations up to date with the texts in the source
	@mkdir -p build
	$(BIN)/pybabel -q extract --mapping-file=pyproject.toml --keywords=_l --keywords=lazy_pgettext:1c,2 --add-comments="Translators:" --strip-comments \
		--add-location=file --sort-output --no-wrap --project=Unbroken --output-file=build/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap \
		--input-file=build/messages.pot --output-dir=web/translations

secrets: ## make the secrets that docker-compose.yml mounts, where they are not there yet
	@.docker/make-secrets

clean: ## remove what was built, never data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis web/node_modules web/static/vendor $(CATALOGUES)
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
