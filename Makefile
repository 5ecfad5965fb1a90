# The two commands of README: `make demo` and `make test`. Nothing is needed but git, make and Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/runtime-installed
DEV := $(VENV)/dev-installed
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal
CODE := o365_exporter tests tools benchmarks
OUTSIDE := tests/container tests/e2e tests/grafana tests/grafana_pictures tests/mixin tests/rules

.DEFAULT_GOAL := help
.PHONY: help demo demo-stack test image check coverage format lint types layers generated docs pictures locks lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(RUNTIME) ## serve the metrics of simulated tenants at http://localhost:10365/metrics
	@exec $(BIN)/python -m o365_exporter demo $(DEMO)

demo-stack: $(DEV) ## show an incident in Prometheus and Alertmanager; SCENARIO=name plays another one
	@exec $(BIN)/python -m tools.demo_stack $(if $(SCENARIO),--scenario '$(SCENARIO)')

test: $(DEV) ## run every test; TESTS=path runs a part
	$(PYTEST) $(TESTS)

image: ## build the container image o365-exporter; docs/container.md has more
	tools/container

check: format lint types layers generated locks coverage ## format, lint, types, layers, generated files, locks, and the package's tests; CI runs it and `make test`

coverage: $(DEV) # by the tests that run the package itself; `make test` also has those of programs, rules, dashboards and images
	$(PYTEST) --cov --cov-report=term:skip-covered --cov-fail-under=90 $(OUTSIDE:%=--ignore=%)

format: $(DEV)
	$(BIN)/ruff format --check $(CODE)

lint: $(DEV)
	$(BIN)/ruff check $(CODE)

types: $(DEV)
	$(BIN)/mypy

layers: $(DEV)
	$(BIN)/lint-imports

generated: $(DEV)
	$(BIN)/python tools/make_docs.py --check
	$(BIN)/python -m tools.dashboards --check

docs: $(DEV) ## write the generated pages, dashboards and the example configuration anew
	$(BIN)/python tools/make_docs.py
	$(BIN)/python -m tools.dashboards

pictures: $(DEV) ## draw the dashboards anew for docs/pictures; needs npm, chromium and prometheus
	$(BIN)/python -m tools.pictures.take

locks: $(DEV)
	tools/lock --check

lock: $(DEV) ## compile the requirements files anew
	tools/lock

clean: ## remove the environment and caches
	rm -rf $(VENV) tools/pictures/node_modules tools/pictures/dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage

$(VENV)/made:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUNTIME): requirements.txt | $(VENV)/made
	$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt pyproject.toml | $(VENV)/made
	$(PIP) -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@ $(RUNTIME)
