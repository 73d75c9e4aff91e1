# `make up` and `make test` set up everything they need: Python 3.11+, make and a package index suffice.
PYTHON ?= python3
STACK ?= dev
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev

# ENGINE=local or ENGINE=pulumi decides; by default pulumi where it is on PATH.
ENGINE ?= $(if $(shell command -v pulumi 2>/dev/null),pulumi,local)

# The dev stack renders to files and needs no account: its state stays beside the project unless you are logged in elsewhere by environment.
ifeq ($(STACK),dev)
export PULUMI_BACKEND_URL ?= file://$(CURDIR)/.pulumi-state
export PULUMI_CONFIG_PASSPHRASE ?=
endif

define run
if [ "$(ENGINE)" = pulumi ] && ! command -v pulumi >/dev/null; then echo "ENGINE=pulumi, and no pulumi is on PATH." >&2; exit 1; fi; \
if [ "$(ENGINE)" = pulumi ]; then \
  echo "Engine: pulumi, as found on PATH (make $(firstword $(1)) ENGINE=local runs without it)."; \
  mkdir -p .pulumi-state && pulumi stack select --create $(STACK) && pulumi $(1) --stack $(STACK); \
else \
  echo "Engine: local, since no pulumi is on PATH or ENGINE=local asks for it."; \
  $(BIN)/nim-component $(firstword $(1)) --stack $(STACK); \
fi
endef

SIDE_BY_SIDE ?= --numprocesses 2 --dist worksteal
# Each with a control plane of its own, of a gigabyte and a half. These wait more than they work: on two cores three are done before two.
ON_CLUSTERS ?= --numprocesses 3 --dist worksteal

.PHONY: up preview test lint types unit cluster-tests cluster cluster-down engine docs bench clean

up: $(READY) ## Deploy the stack: with pulumi where it is on PATH, else with the local engine
	@$(call run,up $(if $(filter dev,$(STACK)),--yes))

preview: $(READY) ## The same, changing nothing
	@$(call run,preview)

test: lint types unit cluster-tests engine ## Everything that CI runs

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_READY)
	$(BIN)/basedpyright

unit: $(DEV_READY)
	PULUMI_ERROR_OUTPUT_STRING=1 $(BIN)/python -m pytest --ignore=tests/cluster --ignore=tests/engine $(SIDE_BY_SIDE)

cluster-tests: $(DEV_READY) ## The component on a real control plane; needs Go once, to build it
	$(BIN)/python -m tests.cluster build
	PULUMI_ERROR_OUTPUT_STRING=1 $(BIN)/python -m pytest tests/cluster $(ON_CLUSTERS) --durations=15

cluster: $(DEV_READY) ## Leave a control plane running, to look at with kubectl
	@$(BIN)/python -m tests.cluster up

cluster-down: $(DEV_READY) ## End it
	@$(BIN)/python -m tests.cluster down

engine: $(DEV_READY) ## The same promises on the real engine, where pulumi is on PATH
	PULUMI_ERROR_OUTPUT_STRING=1 $(BIN)/python -m pytest tests/engine $(ON_CLUSTERS) -rs --durations=15

docs: $(DEV_READY) ## Write the generated parts of README.md and stacks/schema.json anew
	$(BIN)/python docs/generate.py

bench: $(DEV_READY) ## Speed, as ratios within one run
	$(BIN)/python -m bench
	$(BIN)/python -m bench.review

clean:
	rm -rf $(VENV) rendered .nim-component

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=python3.12, for example.")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV_READY): $(READY) requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
