# The few verbs of Listkeeper. `make help` says what they do.

# The first Python that is new enough; asked only when .venv has to be made.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
            $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; \
          done; echo python3)
PORT ?= 8000
# PyTorch's wheels for Linux carry CUDA. Without a GPU a tenth of the download will do:
#   make run TORCH_INDEX=(the address of PyTorch's CPU index, from its installation page)
TORCH_INDEX ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -c constraints.txt \
       $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
CODE := kbsite ingest papers tests benchmarks

.PHONY: help run test lint format pictures constraints
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

run: .venv/installed  ## everything a newcomer needs, then the site on http://127.0.0.1:8000 (PORT=… for another port)
	@exec $(BIN)/python manage.py serve --port $(PORT)

test: .venv/installed-dev  ## the whole test suite: lint, types, migrations, deployment check, tests; no service needed
	@echo "== lint";             $(BIN)/ruff check $(CODE)
	@echo "== format";           $(BIN)/ruff format --check $(CODE)
	@echo "== rooms";            $(BIN)/lint-imports
	@echo "== types";            $(BIN)/mypy kbsite ingest papers
	@echo "== migrations";       $(CLEAN_ROOM) $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "== deployment check"; $(CLEAN_ROOM) CONTACT=https://example.org $(BIN)/python manage.py check --deploy --fail-level WARNING
	@echo "== tests";            $(BIN)/python -m pytest -n auto --dist worksteal

lint: .venv/installed-dev  ## style and types only
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy kbsite ingest papers

format: .venv/installed-dev  ## rewrite the code in the common style
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

pictures: .venv/installed-dev  ## the README's pictures, made anew from made data (needs Chromium)
	$(BIN)/python -m tests.pictures

constraints: .venv/installed-dev  ## write down the versions that are installed now
	@{ head -1 constraints.txt; $(BIN)/pip freeze --exclude-editable | grep -viE '^(setuptools|pip|wheel)[ =]' \
	   | sed -E 's/\+[a-z0-9]+$$//'; } > constraints.new && mv constraints.new constraints.txt

# Checks that must not touch anybody's data folder, nor depend on anybody's environment.
CLEAN_ROOM = env -u DATABASE_URL -u DEBUG LISTKEEPER_DATA_DIR=$(CURDIR)/.venv/checks HTTPS=true ALLOWED_HOSTS=lists.example.org \
             CONTACT=mailto:curator@example.org

# --- the environment: made once, brought up to date when the pinned dependencies change -------------------------

.venv/installed: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing the dependencies into .venv (once, and when they change)"
	@$(PIP) -e .
	@touch $@

.venv/installed-dev: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing the dependencies and the tools for tests into .venv (once, and when they change)"
	@$(PIP) -e '.[dev]'
	@touch $@ .venv/installed

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	  "Listkeeper needs Python 3.11 or newer, and $(PYTHON) is not: make run PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo \
	  "Python's venv module is missing; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Making a Python environment in .venv"
	@$(PYTHON) -m venv .venv
