# Everything a newcomer types. `make help` lists it.

PYTHON ?= $(or $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; \
	done), python3)
BIN := .mente/venv/bin
SUITES ?= tests/chaos tests/integration tests/contract tests/unit

.DEFAULT_GOAL := help
.PHONY: help run test bench chaos stop clean

help: ## Say what can be done here
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

run: ## Start everything and let a first application travel through it (Ctrl-C stops all)
	@$(PYTHON) -m deploy.bootstrap --extras local
	@exec $(BIN)/mente up --demo

stop: ## Stop what `make run` started
	@if [ -x $(BIN)/mente ]; then exec $(BIN)/mente down; else echo "Mente was never started here."; fi

test: ## Style, types, import rules, then all tests (the chaos tests in their short form)
	@$(PYTHON) -m deploy.bootstrap --extras local,test
	@echo "== ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "== mypy"
	@$(BIN)/mypy services shared deploy
	@echo "== import rules"
	@$(BIN)/lint-imports --no-cache
	@echo "== tests: $(SUITES)"
	@exec $(BIN)/python -m pytest -n 2 --no-loadscope-reorder $(SUITES)

chaos: ## The chaos tests in their long form, a fresh stack for each file
	@$(PYTHON) -m deploy.bootstrap --extras local,test
	@failed=; for file in tests/chaos/test_*.py; do \
		MENTE_CHAOS=long $(BIN)/python -m pytest $$file -s || { [ $$? -ne 2 ] || exit 2; failed="$$failed $$file"; }; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

bench: ## Measure against the bare servers and write tests/bench/latest.json
	@$(PYTHON) -m deploy.bootstrap --extras local,test
	@exec $(BIN)/python -m tests.bench

clean: ## Remove the environment and all data of this tree (downloads stay cached)
	@if [ -x $(BIN)/mente ]; then $(BIN)/mente down; fi
	@rm -rf .mente build mente.egg-info .ruff_cache .mypy_cache .pytest_cache .import_linter_cache .hypothesis
	@find services shared deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +
