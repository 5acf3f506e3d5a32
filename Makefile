# Two commands matter: `make demo` and `make test`. Both set up everything they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DAY    ?= 2026-11-24
ORDERS ?= 1500
SECONDS_TO_PLAN ?= 30

# The package itself is installed by its own build, which builds the screens as well.
WEB := hatch_build.py $(shell find api/web -type f -not -path '*/node_modules/*' -not -name openapi.json 2>/dev/null)

.PHONY: demo test test-slow bench lint setup lock clean api-types

demo: $(VENV)/.ready $(VENV)/.screens $(VENV)/.warm
	$(BIN)/buuta sample --orders $(ORDERS) --seed 1 --out demo/day
	$(BIN)/buuta plan demo/day/orders.csv --fleet demo/day/fleet.csv --offices demo/day/offices.csv \
	    --trucks demo/day/trucks.csv --date $(DAY) --seconds $(SECONDS_TO_PLAN) --seed 1 \
	    $(if $(wildcard demo/roads/roads.json),--roads demo/roads) --out demo/plan
	$(BIN)/buuta check demo/plan

test: $(VENV)/.ready-dev lint $(VENV)/.screens $(VENV)/.warm
	$(BIN)/pytest -m "not slow"

test-slow: $(VENV)/.ready-dev $(VENV)/.screens $(VENV)/.warm
	$(BIN)/pytest

lint: $(VENV)/.ready-dev $(VENV)/.screens
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python hatch_build.py check

bench: $(VENV)/.ready-bench $(VENV)/.screens $(VENV)/.warm
	$(BIN)/python -m benchmarks.run --short

setup: $(VENV)/.ready-dev $(VENV)/.screens

# The screens' view of the service, after a change of its addresses.
api-types: $(VENV)/.ready-dev
	$(BIN)/python -m api.describe > api/web/openapi.json
	npm --prefix api/web run api

# The pinned set, remade on purpose only: versions and hashes, no registry's address.
lock: $(VENV)/.ready-dev
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra dev --extra bench -c requirements-dev.txt pyproject.toml -o requirements-bench.txt

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit("Bưu Tá needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: requirements.txt | $(VENV)/bin/pip
	$(BIN)/pip install -q --require-hashes -r requirements.txt
	@touch $@

# Compiled once and kept beside the sources; made again when one of them changes, all of it: a
# compiled function does not notice that another one, which it contains, has changed.
$(VENV)/.warm: $(wildcard solver/search/*.py geo/roads/kernels.py geo/straight_kernels.py) | $(VENV)/bin/pip
	@test -f $(VENV)/.ready || $(MAKE) $(VENV)/.ready
	@rm -f solver/search/__pycache__/*.nb[ic] geo/roads/__pycache__/*.nb[ic] geo/__pycache__/*.nb[ic]
	@$(BIN)/python -m api.warm
	@touch $@

$(VENV)/.screens: $(WEB) pyproject.toml | $(VENV)/bin/pip
	@test -f $(VENV)/.ready || $(MAKE) $(VENV)/.ready
	$(BIN)/pip install -q --no-deps -e .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt | $(VENV)/bin/pip
	$(BIN)/pip install -q --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-bench: requirements-bench.txt | $(VENV)/bin/pip
	$(BIN)/pip install -q --require-hashes -r requirements-bench.txt
	@touch $@ $(VENV)/.ready $(VENV)/.ready-dev
