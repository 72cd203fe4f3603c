# certengine: `make run` to try it, `make test` to check it. `make help` lists the rest.
SHELL := /bin/bash
PORT := $(or $(CERTENGINE_PORT),8000)
BIN := .venv/bin

.PHONY: help run test guides lint set-up set-up-tests wheel

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | column -t -s '	'

set-up: ## virtual environment and Python packages; a second run changes nothing
	@scripts/set-up

set-up-tests: ## the same, and the system packages that the tests need
	@scripts/set-up tests

run: set-up ## sets up everything, fills the demonstration and serves it on CERTENGINE_PORT (default 8000)
	@CERTENGINE_DEMONSTRATION=1 CERTENGINE_PORT=$(PORT) scripts/run

test: set-up-tests lint ## sets up everything and runs all tests
	@echo "== tests"
	@$(BIN)/pytest -n $(or $(WORKERS),2) --dist loadfile

guides: set-up-tests ## takes the pictures of docs/guides anew
	@CERTENGINE_GUIDES=1 $(BIN)/pytest -q tests/journeys/test_guides.py

lint:
	@echo "== ruff, mypy, import-linter"
	@$(BIN)/ruff check -q certengine tests
	@$(BIN)/ruff format -q --check certengine tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports --config .importlinter

wheel: set-up ## builds the wheel into dist/
	@rm -rf build dist && $(BIN)/pip wheel -q --no-deps -w dist .
