# Everything here makes its own virtual environment; nothing but Python 3.11 or later and git has to be there before.
# Another Python than the first one of the PATH: make test PYTHON=/path/to/python3.14 VENV=.venv-3.14

VENV   ?= .venv
FOLDER ?= ./sync-folder
DATA   ?= ./.sync-data
SEEDS  ?= 2000
FIRST  ?= 0
RACES  ?= 100000
SWAPS  ?= 100000
JOBS   ?= 2
CASES  ?= 20000
COUNTS ?= 10000,100000,1000000
ARGS   ?=
BIN    := $(VENV)/bin
PACKAGE := $(VENV)-package

.DEFAULT_GOAL := help
.PHONY: help run test test-slow check lint types contracts format sim sim-rules plans properties histories races swaps chaos kill-points power-cuts errnos bench bench-scale bench-peers walkthrough build icons manual package package-setup clean setup

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Set up .venv for development
	@scripts/venv.sh $(VENV) '[dev]'

run: ## Start a hub and an agent that keeps ./sync-folder (FOLDER=… DATA=… ARGS='--listen 0.0.0.0')
	@scripts/venv.sh $(VENV) ''
	@$(BIN)/syncagent up "$(FOLDER)" --data-dir "$(DATA)" $(ARGS)

test: setup ## Run the tests (ARGS='-k name')
	@$(BIN)/python -m pytest -n auto -m 'not slow' $(ARGS)

test-slow: setup ## Run the tests that take long
	@$(BIN)/python -m pytest -n auto -m slow $(ARGS)

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup # as each system has it; a cache for each, else each would throw away the other's
	@for system in linux darwin win32; do \
	    echo "as on $$system"; $(BIN)/mypy --platform $$system --cache-dir .mypy_cache/$$system || exit 1; \
	done

contracts: setup
	@$(BIN)/lint-imports --no-logo

check: lint types contracts test ## Lint, types, import contracts, tests

format: setup ## Put the code into its usual form
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

sim: setup ## Run simulated worlds (SEEDS=2000 FIRST=0); FIRST=n SEEDS=1 replays one
	@SYNCAGENT_SIM_SEEDS=$(SEEDS) SYNCAGENT_SIM_FIRST=$(FIRST) $(BIN)/python -m pytest -n auto tests/sim/test_world.py -k test_worlds $(ARGS)

sim-rules: setup ## Worlds with rules that come and go (SEEDS=20000 FIRST=0)
	@SYNCAGENT_SIM_SEEDS=$(SEEDS) SYNCAGENT_SIM_FIRST=$(FIRST) $(BIN)/python -m pytest -n auto tests/sim/test_rules.py $(ARGS)

races: setup ## Let a user save while we replace, so many times (RACES=100000)
	@SYNCAGENT_RACES=$(RACES) $(BIN)/python -m pytest -n auto tests/e2e/test_races.py -s $(ARGS)

swaps: setup ## Let folders become links while we work, so many times (SWAPS=100000)
	@SYNCAGENT_SWAPS=$(SWAPS) $(BIN)/python -m pytest -n auto tests/e2e/test_swaps.py -s $(ARGS)

kill-points: setup ## Kill agents and hubs at every call that changes something (JOBS=2 ARGS='receives-new')
	@$(BIN)/python -m tests.faults kill --jobs $(JOBS) $(ARGS)

plans: setup ## Try the planner on random trees (CASES=20000 FIRST=0)
	@SYNCAGENT_PLANNER_CASES=$(CASES) SYNCAGENT_PLANNER_FIRST=$(FIRST) $(BIN)/python -m pytest -n auto --timeout 0 -o faulthandler_timeout=0 \
	    tests/planner/test_plan.py $(ARGS)

properties: setup ## Try the tests of properties on other examples, each time (ARGS='-k recipe')
	@$(BIN)/python -m pytest -n auto -m 'hypothesis and not slow' --hypothesis-profile=searching $(ARGS)

histories: setup ## Run every short history of two machines
	@$(BIN)/python -m pytest -n auto -m slow tests/conflicts/test_histories.py $(ARGS)

chaos: setup ## Let agents work over bad networks (SEEDS=50 FIRST=0)
	@SYNCAGENT_CHAOS_SEEDS=$(SEEDS) SYNCAGENT_CHAOS_FIRST=$(FIRST) $(BIN)/python -m pytest -n auto tests/e2e/test_network.py $(ARGS)

power-cuts: setup ## Let the power go while agents and hubs work, so often in each scenario (SEEDS=2000 FIRST=0 JOBS=2)
	@$(BIN)/python -m tests.faults power --seeds $(SEEDS) --first $(FIRST) --jobs $(JOBS) $(ARGS)

errnos: setup ## Let each call to a disk fail with each errno (JOBS=2 ARGS='--seeds 3')
	@$(BIN)/python -m tests.faults errno --jobs $(JOBS) $(ARGS)

bench: setup ## Measure us beside the peers that are installed (ARGS='many rename --peers syncthing')
	@$(BIN)/python -c 'import matplotlib' 2>/dev/null || $(BIN)/python -m pip install -q --disable-pip-version-check -e '.[bench]'
	@$(BIN)/python -m benchmarks $(ARGS)

bench-scale: setup ## Measure how we grow with the number of files (COUNTS=10000,100000,1000000)
	@$(BIN)/python -m benchmarks.scale --counts $(COUNTS) $(ARGS)

bench-peers: ## Get the peers of the benchmarks from Debian, into a folder of their own
	@scripts/bench_peers.sh

walkthrough: setup ## Do all that docs/WALKTHROUGH.md tells, and write it anew, with its pictures
	@$(BIN)/python scripts/walkthrough.py

build: setup ## Build the wheel and the source archive into dist/
	@rm -rf dist
	@$(BIN)/python -m build

manual: setup ## Make the man pages and the scripts of completion, into build/manual/
	@PYTHONPATH=packaging $(BIN)/python -m bundling manual

icons: package-setup ## Draw the icons in every size into build/icons/
	@PYTHONPATH=packaging $(PACKAGE)/bin/python -m bundling icons

package: package-setup ## Make the packages that this system can make, into dist/ (ARGS='wheel deb')
	@PYTHONPATH=packaging $(PACKAGE)/bin/python -m bundling $(ARGS)

package-setup: # apart from $(VENV): what only development needs has no place in a bundle
	@scripts/venv.sh $(PACKAGE) '[package]'

clean: ## Remove what was made (not the folder that is kept)
	@rm -rf $(VENV) $(PACKAGE) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find syncagent tests -name __pycache__ -type d -prune -exec rm -rf {} +
