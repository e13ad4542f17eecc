# make up                      Docker Engine on this machine
# make up TARGETS="root@host"  ... on other machines; ARGS="--registry-mirror https://..." adds options
# make test                    everything: linters, types, unit tests, and real hosts in containers (as root)
# make matrix                  every engine under every failing source and every obstacle, about an hour
# make bench                   how long people wait: medians and ratios of one run
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: up test matrix bench clean

up: $(VENV)/.installed
	$(BIN)/provisioner apply --yes $(ARGS) $(TARGETS)

# Disposable hosts are built before the tests that start them: a test has a time limit.
test: $(VENV)/.tested $(VENV)/.tools
	$(BIN)/ruff format --check provisioner tests
	$(BIN)/ruff check provisioner tests
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --ignore tests/e2e
	$(BIN)/pytest tests/e2e/test_this_machine.py
	[ "$$(id -u)" != 0 ] || $(BIN)/python -m tests.testbed build
	$(BIN)/pytest -n 2 --dist loadfile tests/e2e --ignore tests/e2e/test_this_machine.py

matrix: $(VENV)/.tested $(VENV)/.tools
	$(BIN)/pytest tests/e2e/test_package_matrix.py --matrix

bench: $(VENV)/.tested
	$(BIN)/python -m tests.benchmarks

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --group dev
	touch $@

# What tests ask of the machine; where it cannot be installed, they say what is missing.
TOOLS := bash busybox curl wget fish tcsh gnupg openssh-client openssl rpm zstd xz-utils
$(VENV)/.tools: $(VENV)/bin/python
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(TOOLS); \
	fi >$(VENV)/tools.log 2>&1 || tail -n 5 $(VENV)/tools.log
	touch $@

clean:
	rm -rf $(VENV) dist
