# `make up` and `make test` set up everything they need: Python 3.11+, make and a package index suffice.
PYTHON ?= python3
STACK ?= dev
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev
DOCS_READY := $(VENV)/.ready-docs
RELEASE_READY := $(VENV)/.ready-release
LOWER := .venv-lower
UV = $(shell grep '^uv==' requirements-dev.txt)
TEST_PACKAGES = $(shell grep -E '^(detect-secrets|hypothesis|jsonpath-rfc9535|promql-parser|pytest|pytest-xdist|rstr)==' requirements-dev.txt)

# ENGINE=local or ENGINE=pulumi. Default: pulumi if it is on PATH.
ENGINE ?= $(if $(shell command -v pulumi 2>/dev/null),pulumi,local)

# The dev stack renders manifests to files and needs no account: its state is in .pulumi-state, unless
# PULUMI_BACKEND_URL is set. Pulumi adds `encryptionsalt` to a stack file; for the dev stack it gets a
# copy of the project there, so that the file in git stays unchanged.
ifeq ($(STACK),dev)
export PULUMI_BACKEND_URL ?= file://$(CURDIR)/.pulumi-state
export PULUMI_CONFIG_PASSPHRASE ?=
COPY := .pulumi-state/stacks/Pulumi.dev.yaml
PREPARE := mkdir -p $(dir $(COPY)) && cp Pulumi.yaml .pulumi-state/ && cp stacks/Pulumi.dev.yaml $(COPY) &&
IN_COPY := -C .pulumi-state
CONFIG := --config-file $(COPY)
RESULT := && echo "Stack dev renders manifests to rendered/dev. Nothing was deployed to a cluster."
endif

# uv installs in a third of pip's time. It does not read pip's settings: with an index in them, or without uv, pip installs.
define install
@! $(BIN)/python -m pip config list | grep index >/dev/null && \
  $(BIN)/python -m uv pip install --quiet --compile-bytecode --python $(BIN)/python --requirement $(1) 2>/dev/null || \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(1)
endef

define run
if [ "$(ENGINE)" = pulumi ] && ! command -v pulumi >/dev/null; then echo "ENGINE=pulumi: pulumi is not on PATH." >&2; exit 1; fi; \
if [ "$(ENGINE)" = pulumi ]; then \
  echo "Engine: pulumi on PATH. ENGINE=local selects the local engine."; \
  $(PREPARE) pulumi $(IN_COPY) stack select --create $(STACK) && pulumi $(1) --stack $(STACK) $(CONFIG) $(RESULT); \
else \
  echo "Engine: local, which renders files and deploys nothing. ENGINE=pulumi selects pulumi."; \
  $(BIN)/nim-component $(firstword $(1)) --stack $(STACK); \
fi
endef

SIDE_BY_SIDE ?= --numprocesses 2 --dist worksteal
# Each with a control plane of its own, of a gigabyte and a half. These wait more than they work: on two cores three are done before two.
ON_CLUSTERS ?= --numprocesses 3 --dist worksteal

.PHONY: help up preview test lint types unit cluster-tests controllers cluster cluster-down engine lower-bounds generate kubernetes-types kubernetes-version loader-image hashes docs bench package clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

up: $(READY) ## Run the dev stack with pulumi if it is on PATH, else with the local engine
	@$(call run,up $(if $(filter dev,$(STACK)),--yes))

preview: $(READY) ## Show what `make up` would change
	@$(call run,preview)

test: lint types docs unit cluster-tests controllers engine ## Run everything that CI runs

lint: $(DEV_READY) ## Check style, names and docstrings with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_READY) ## Check types with basedpyright
	$(BIN)/basedpyright

unit: $(DEV_READY) ## Run every test that needs neither Go nor Pulumi
	PULUMI_ERROR_OUTPUT_STRING=1 $(BIN)/python -m pytest --ignore=tests/cluster --ignore=tests/controllers --ignore=tests/engine $(SIDE_BY_SIDE)

cluster-tests: $(DEV_READY) ## Run the tests on a real control plane; needs Go
	$(BIN)/python -m tests.cluster build
	PULUMI_ERROR_OUTPUT_STRING=1 $(BIN)/python -m pytest tests/cluster $(ON_CLUSTERS) --durations=15

controllers: $(DEV_READY) ## Run the tests with KEDA, Prometheus and LeaderWorkerSet; needs Go
	$(BIN)/python -m tests.controllers build
	PULUMI_ERROR_OUTPUT_STRING=1 $(BIN)/python -m pytest tests/controllers $(ON_CLUSTERS) --durations=15

cluster: $(DEV_READY) ## Start a control plane for kubectl
	@$(BIN)/python -m tests.cluster up

cluster-down: $(DEV_READY) ## Stop that control plane
	@$(BIN)/python -m tests.cluster down

engine: $(DEV_READY) ## Run the tests on the Pulumi engine; skipped without pulumi on PATH
	PULUMI_ERROR_OUTPUT_STRING=1 $(BIN)/python -m pytest tests/engine $(ON_CLUSTERS) -rs --durations=15

lower-bounds: ## Run the unit tests with the lowest declared version of every dependency
	$(PYTHON) -m venv $(LOWER)
	$(LOWER)/bin/python -m tools.lower_bounds > $(LOWER)/constraints.txt
	$(LOWER)/bin/python -m pip install --quiet --disable-pip-version-check -c $(LOWER)/constraints.txt -e '.[cli,diagnose,adapters]' $(TEST_PACKAGES)
	# Old versions of typer import rich for --help, which is slow and correct.
	PULUMI_ERROR_OUTPUT_STRING=1 $(LOWER)/bin/python -m pytest tests/unit -k 'not imports_only_what_it_uses' $(SIDE_BY_SIDE)

generate: $(DEV_READY) ## Write the reference pages, stacks/schema.json and the TypedDicts
	$(BIN)/python -m tools.docs

kubernetes-types: $(READY) ## Generate the table of Kubernetes types and the expected texts of its tests; needs Go
	$(BIN)/python -m tools.kubernetes_types

kubernetes-version: $(DEV_READY) ## Change the Kubernetes version everywhere: V=1.37; needs Go
	$(BIN)/python -m tools.kubernetes_version $(V)
	$(MAKE) kubernetes-types generate

loader-image: $(DEV_READY) ## Update the digest of the LoRA loader's default image
	$(BIN)/python -m tools.loader_image
	$(MAKE) generate

hashes: $(DEV_READY) ## Write requirements-hashed.txt from requirements.txt
	@{ echo '# Packages of requirements.txt with their hashes. Written by `make hashes`.'; \
	  grep -vE '^(#|-e)' requirements.txt | $(BIN)/python -m uv pip compile --quiet --no-deps --generate-hashes --no-annotate --no-header \
	  --python-version 3.11 -; } > requirements-hashed.tmp
	@mv requirements-hashed.tmp requirements-hashed.txt

docs: $(DOCS_READY) ## Build the documentation into site/; fail on broken links, anchors and navigation
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --fresh-env --jobs auto -d build/doctrees docs site

bench: $(DEV_READY) ## Measure speed as ratios within one run
	$(BIN)/python -m bench
	$(BIN)/python -m bench.review
	$(BIN)/python -m bench.final_look
	$(BIN)/python -m bench.lora

package: $(RELEASE_READY) ## Build the package and the Pulumi plugin, and check them; TAG=v0.2.0 checks a release
	rm -rf dist dist-plugin
	$(BIN)/python -m build --outdir dist . >/dev/null
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python -m tools.check_package $(if $(TAG),--tag $(TAG))
	$(BIN)/python -m tools.plugin_archive

clean: ## Remove everything that make created
	rm -rf $(VENV) $(LOWER) rendered dist dist-plugin site .nim-component

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=python3.12, for example.")'
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV) || true
	$(call install,requirements.txt)
	@touch $@

$(DEV_READY): $(READY) requirements-dev.txt
	$(call install,requirements-dev.txt)
	@touch $@

$(DOCS_READY): $(DEV_READY) requirements-docs.txt
	$(call install,requirements-docs.txt)
	@touch $@

$(RELEASE_READY): $(READY) requirements-release.txt
	$(call install,requirements-release.txt)
	@touch $@
