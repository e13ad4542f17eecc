# make up                      Docker Engine on this machine
# make up TARGETS="root@host"  ... on other machines; ARGS="--registry-mirror https://..." adds options
# make test                    all that a change must pass: linters, types, unit tests, and real hosts in containers
#                              (as root; with CI=true it installs an engine on this machine, and a skip is a failure)
# make matrix                  every engine under every failing source and every obstacle, and the long variants of
#                              other tests: about an hour
# make images                  every command about images in every case, on engines of three ages: a quarter of an hour
# make unit                    the quick ones: no root, no network, no processes; less than a minute
# make lint                    format, linters, types, and shellcheck on the scripts that hosts run
# make test-bare               README's commands and make test from nothing, in a fresh container with its own engine
# make golden                 golden plans, scripts and terminals written anew; FACTS="debian-13 ..." or FACTS=all asks hosts
# make tools                   what tests ask of this machine
# make bench                   how long people wait: medians and ratios of one run
# make bench-peers             re-pointing a fleet beside other tools, and its growth to 1,000 hosts: half an hour;
#                              ARGS="--hosts 20 --growth ''" makes it shorter
# make bench-images            image ls over 100 hosts beside a bare exec: seconds, processor time, processes a host
VENV := .venv
BIN := $(VENV)/bin
UNIT := --durations=20 --durations-min=5 --dist worksteal --ignore tests/e2e
# Hosts wait for each other and for their engines a third of their time: four keep two cores busy.
# Files are handed out in the order of tests/e2e/order.py.
# The slowest are told, so that it shows what makes all of it long.
HOSTS := -n 4 --durations=40 --durations-min=10 --dist loadfile --no-loadscope-reorder tests/e2e
IMAGES := tests/e2e/test_image_*.py
THIS_MACHINE := tests/e2e/test_this_machine.py

.PHONY: up test matrix images unit lint test-bare golden tools bench bench-peers bench-images clean

up: $(VENV)/.installed
	@echo "Docker Engine on $(or $(TARGETS),this machine): a look at it first, then the plan, then its steps"
	@$(BIN)/provisioner apply --yes $(ARGS) $(TARGETS); status=$$?; \
	echo "the command itself: $(BIN)/provisioner --help; on PATH with pipx install . or uv tool install ."; \
	exit $$status

# Disposable hosts are built before the tests that start them: a test has a time limit.
# Unit tests wait for timeouts of their own about as long as they compute: five keep two cores busy, and shellcheck, which
# waits for nothing, is among them.
test: tools
	$(linters)
	$(BIN)/pytest -n 5 $(UNIT)
	$(BIN)/pytest $(THIS_MACHINE)
	[ "$$(id -u)" != 0 ] || $(BIN)/python -m tests.testbed build
	$(BIN)/pytest $(HOSTS) --ignore $(THIS_MACHINE) $(IMAGES:%=--ignore-glob '%')

unit: $(VENV)/.tested
	$(BIN)/pytest -n 3 $(UNIT) -m "not network and not root and not processes and not shellcheck"

define linters
$(BIN)/ruff format --check provisioner tests
$(BIN)/ruff check provisioner tests
$(BIN)/mypy
endef

lint: $(VENV)/.tested
	$(linters)
	$(BIN)/pytest -q -n 2 -m shellcheck --ignore tests/e2e

test-bare: tools
	$(BIN)/python -m tests.bare

golden: $(VENV)/.tested
	[ -z "$(FACTS)" ] || $(BIN)/python -m tests.golden.capture $(FACTS:all=)
	$(BIN)/pytest -q tests/golden tests/report/test_terminals.py --update-golden

matrix: tools
	$(BIN)/pytest $(HOSTS) --ignore $(THIS_MACHINE) --matrix -m matrix

images: tools
	$(BIN)/pytest -n 2 --dist loadfile $(IMAGES)

bench: $(VENV)/.tested
	$(BIN)/python -m tests.benchmarks

bench-peers: tools
	$(BIN)/python -m tests.benchmarks.peers $(ARGS)

bench-images: tools
	$(BIN)/python -m tests.benchmarks.images $(ARGS)

# What tests ask of the machine, a list in tests/machine.py.
tools: $(VENV)/.tested
	@$(BIN)/python -m tests.testbed tools

$(VENV)/bin/python:
	@echo "a Python environment for provisioner in $(VENV), once: less than a minute"
	@python=$$(sh find-python.sh $(PYTHON)) && "$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	@$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	@echo "what tests need, into $(VENV)"
	@$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/pip install --quiet --group dev
	@touch $@

clean:
	rm -rf $(VENV) dist
