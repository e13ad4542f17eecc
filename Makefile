# make up                      Docker Engine on this machine
# make up TARGETS="root@host"  ... on other machines; ARGS="--registry-mirror https://..." adds options
# make test                    everything: linters, types, unit and host tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: up test clean

up: $(VENV)/.installed
	$(BIN)/provisioner apply --yes $(ARGS) $(TARGETS)

test: $(VENV)/.tested
	$(BIN)/ruff format --check provisioner tests
	$(BIN)/ruff check provisioner tests
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --ignore tests/e2e
	$(BIN)/pytest tests/e2e

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --group dev
	touch $@

clean:
	rm -rf $(VENV) dist
