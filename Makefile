# The two commands of README: `make demo` and `make test`. Nothing is needed but git, make and Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/runtime-installed
DEV := $(VENV)/dev-installed
# What the lock lists and nothing else: no resolving, no building (docs/adr/0007-hashed-requirements.md).
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-user --no-deps
LOCKED := --require-hashes --only-binary=:all:
CLIENTS := .venv-clients
FUZZING := .venv-fuzz
CODE := o365_exporter tests tools benchmarks

# The environment is $(VENV), whatever else is active; of pip's variables those count that say where packages come from.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONPLATLIBDIR PYTHONOPTIMIZE PYTHONWARNINGS PYTHONINSPECT
SOURCES := INDEX_URL EXTRA_INDEX_URL FIND_LINKS NO_INDEX TRUSTED_HOST CERT CLIENT_CERT PROXY KEYRING_PROVIDER \
	TIMEOUT DEFAULT_TIMEOUT RETRIES CACHE_DIR NO_CACHE_DIR CONFIG_FILE USE_FEATURE
unexport $(filter-out $(SOURCES:%=PIP_%),$(filter PIP_%,$(.VARIABLES)))

.DEFAULT_GOAL := help
.PHONY: help demo demo-stack clients test faults soak fuzz bench bench-quick wheel sbom image check installs format lint types layers generated docs site pictures locks lock clean again

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: $(RUNTIME) ## serve the metrics of simulated tenants at http://localhost:10365/metrics
	@exec $(BIN)/python -m o365_exporter demo $(DEMO)

demo-stack: $(DEV) ## show an incident in Prometheus and Alertmanager; SCENARIO=name plays another one
	@exec $(BIN)/python -m tools.demo_stack $(if $(SCENARIO),--scenario '$(SCENARIO)')

test: $(DEV) ## run every test; TESTS=path runs a part, COVERAGE=90 fails where less of the package is covered
	$(BIN)/python -m pytest -n auto --dist worksteal $(if $(COVERAGE),--cov --cov-report=term:skip-covered --cov-fail-under=$(COVERAGE)) $(TESTS)

faults: $(DEV) ## let every fault meet every source (docs/faults.md)
	FAULTS=all $(BIN)/python -m pytest -n auto --dist worksteal tests/faults

soak: $(DEV) ## days of 50 simulated tenants with faults, reloads and restarts; SOAK='--seed 7 --minutes 20' and others
	$(BIN)/python -m tests.soak $(SOAK)

fuzz: $(FUZZING)/made ## feed each parser of foreign input for a minute; FUZZ='report --seconds 600' and others
	PYTHONPATH=$(FUZZING) $(BIN)/python -m tests.fuzz $(FUZZ)

bench: $(DEV) ## measure against references, as one table (benchmarks/README.md); BENCH=name runs a part
	$(BIN)/python -m benchmarks $(BENCH)

bench-quick: $(DEV) ## the same with fewer rounds and smaller files, in under two minutes
	$(BIN)/python -m benchmarks --quick $(BENCH)

kills: $(DEV) ## kill a process that keeps state at random moments; KILLS=number, 1000 otherwise
	$(BIN)/python -m tests.state.kills $(KILLS)

clients: $(CLIENTS)/made ## install other people's Graph clients, which read the simulator in tests/clients; needs npm

wheel: $(DEV) ## build dist/: wheel and sdist, the same bytes wherever and whenever; see docs/dependencies.md
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	cd dist && sha256sum *

sbom: $(DEV) ## write dist/o365-exporter.cdx.json: what is installed to run the exporter (CycloneDX)
	$(BIN)/python -m tools.sbom dist/o365-exporter.cdx.json

image: ## build the container image o365-exporter; docs/container.md has more
	tools/container

check: format lint types layers generated site locks ## format, lint, types, layers, generated files, site and lock files; no tests

installs: $(DEV) ## install as README says by old pip and on each Python at hand, as if everything had newer releases
	$(BIN)/python -m tools.installs

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

site: $(DEV) ## build the documentation site in build/site; a dead link or a page that is in no menu ends it
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict # --quiet would hide what is wrong; the theme would tell of its successor

pictures: $(DEV) ## draw the dashboards anew for docs/pictures; needs npm, chromium and prometheus
	$(BIN)/python -m tools.pictures.take

snapshots: $(DEV) ## take the pictures of the status page for docs/pictures anew; needs chromium
	$(BIN)/python -m tools.pictures.pages

locks: $(DEV)
	tools/lock --check

lock: $(DEV) ## compile the requirements files anew
	tools/lock

clean: ## remove the environment and caches
	rm -rf $(VENV) $(CLIENTS) $(FUZZING) .fuzz tests/clients/node_modules tools/pictures/node_modules tools/pictures/dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage

$(VENV)/made: $(if $(wildcard $(BIN)/python),,again) # also where the Python it was made with is gone
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "$(PYTHON) is too old: make PYTHON=python3.11, or newer")'
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(FUZZING)/made: requirements-fuzz.txt | $(DEV)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --target $(FUZZING) --no-deps $(LOCKED) --requirement requirements-fuzz.txt
	@touch $@

$(CLIENTS)/made: requirements-clients.txt tests/clients/package-lock.json | $(DEV)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(CLIENTS)
	$(BIN)/uv pip sync --quiet --require-hashes --python $(CLIENTS)/bin/python requirements-clients.txt
	cd tests/clients && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(RUNTIME): requirements.txt $(VENV)/made
	@echo 'Installing what the exporter needs into $(VENV), once: half a minute or so.'
	$(PIP) $(LOCKED) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt pyproject.toml $(VENV)/made
	$(PIP) $(LOCKED) -r requirements-dev.txt
	$(PIP) --no-index --no-build-isolation --editable .
	@touch $@ $(RUNTIME)
