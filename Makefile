# Two commands are the whole set-up:  make run   and   make test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export AMPARO_HOME ?= $(CURDIR)/var

.PHONY: run test check quick postgres journeys lock pictures benchmarks fuzz scale stories faults api-fuzz clean

run: $(VENV)/ready
	@$(BIN)/amparo up --demo

test: $(VENV)/ready-dev
	@$(BIN)/python -m maintenance.checks

quick: $(VENV)/ready-dev  ## everything but browsers and PostgreSQL
	@$(BIN)/python -m maintenance.checks --quick

fuzz scale stories faults api-fuzz: $(VENV)/ready-dev  ## long suites of many minutes; MORE goes to what is run: make fuzz MORE="mail --seconds 600"
	@$(BIN)/python -m maintenance.slow $@ -- $(MORE)

peers: $(VENV)/ready-benchmarks  ## what others' own code makes of the lists that we write
	@$(BIN)/python -m maintenance.slow $@ -- $(MORE)

pictures: $(VENV)/ready-dev  ## the pictures of the README, taken from a demo of its own
	@$(BIN)/python -m maintenance.pictures

benchmarks: $(VENV)/ready-benchmarks  ## some of these take many minutes; each runs by itself too (docs/benchmarks.md)
	@$(BIN)/python -m benchmarks.mail
	@$(BIN)/python -m benchmarks.story

lock: $(VENV)/ready-dev  ## after a change of pyproject.toml: pins and hashes, no host
	@$(BIN)/python -m maintenance.lock

clean:
	rm -rf $(VENV) build *.egg-info

# The stamps: set up once, and again whenever a lock changes.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Amparo needs Python 3.11 or newer; this is %s. Try: make PYTHON=python3.11" % sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/ready: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up (once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/ready-dev: requirements-dev.lock pyproject.toml | $(VENV)/ready
	@echo "Setting up for tests (once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/ready-benchmarks: requirements-benchmarks.lock | $(VENV)/ready-dev
	@echo "Setting up for benchmarks (once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-benchmarks.lock
	@touch $@
