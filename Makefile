# The commands of this project. Each makes what it needs first, so that all of them work in a bare checkout.
#   EXAMPLE=clustered|listening   which program of examples/ the stack is made from
#   ARGS=...                      more arguments for pulumi or pytest

PYTHON ?= python3
EXAMPLE ?= clustered
ARGS ?=
STACK := lab

# The clustered example is the project of the root folder; every other one is a project of its own.
PROJECT := $(if $(filter clustered,$(EXAMPLE)),.,examples/$(EXAMPLE))
PULUMI := tools/pulumi --cwd $(PROJECT)
LAB := .venv/bin/pulumi-tentacle lab
# Not compiled: that would take longer than compiling the few modules that a run loads.
PIP_INSTALL := .venv/bin/python -m pip install --disable-pip-version-check --quiet --no-compile --constraint requirements-dev.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup engine lab stack up preview down test check sdk replay clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/set-up ## Make the virtual environment .venv with the provider and the lab

.venv/set-up: pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=…")'
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) --editable '.[lab]'
	@touch $@

.venv/set-up-dev: .venv/set-up
	$(PIP_INSTALL) --editable '.[dev]'
	@touch $@

engine: setup ## Build the Pulumi engine, unless a complete one is there (minutes, once for all clones)
	@folders=$$(.venv/bin/python tools/engine/build.py engine) && echo "The Pulumi engine is in $$folders"

lab: setup ## Start the simulated estate in the background, unless it runs
	@$(LAB) status >/dev/null 2>&1 || $(LAB) start --detach >/dev/null

stack: engine lab
	@$(PULUMI) stack select --create $(STACK)
	$(LAB) config --pulumi tools/pulumi --project $(PROJECT) --stack $(STACK)

up: stack ## Do the guide on the lab by `pulumi up`
	$(PULUMI) up --stack $(STACK) --yes $(ARGS)

preview: stack ## Show what `make up` would do
	$(PULUMI) preview --stack $(STACK) $(ARGS)

down: stack ## Take away what `make up` made (the lab goes on running)
	$(PULUMI) destroy --stack $(STACK) --yes $(ARGS)
	@echo "The lab still runs; stop it with: $(LAB) stop"

test: engine .venv/set-up-dev ## Run all tests
	.venv/bin/python -m pytest -n 2 $(ARGS)

check: engine .venv/set-up-dev ## Run the linters, the type checker and the check of the generated SDK
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python tools/sdk.py check
	PATH="$$(.venv/bin/python tools/engine/build.py go):$$PATH" && cd tools/engine/cli && gofmt -d gen $(CURDIR)/tests/engine/languages/go/main.go && go vet ./gen

sdk: engine ## Write pulumi_tentacle/sdk from the schema, with Pulumi's own generator
	.venv/bin/python tools/sdk.py write

replay: setup ## Replay a record of the real Tentacle.exe on the lab's: RECORD=FILE
	@test -n "$(RECORD)" || { echo "usage: make replay RECORD=FILE" >&2; exit 2; }
	.venv/bin/pulumi-tentacle lab replay $(RECORD)

clean: ## Stop the lab and remove everything that the commands above made in this folder
	-@$(LAB) stop 2>/dev/null
	rm -rf .venv .pulumi .tentacle-lab .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
	rm -f Pulumi.$(STACK).yaml examples/*/Pulumi.$(STACK).yaml
