# The two commands of the README, and what they leave to be cleaned.
SHELL := /bin/sh
PACKAGES := python3-venv lbzip2 docker.io iptables openssh-server openssh-client sudo iproute2 procps curl openssl bzip2 perl-base mmdebstrap \
	qemu-system-x86 qemu-utils lsof e2fsprogs python3 libplist-utils strace zsh fish
PYTHON := .venv/bin/python
# Python keeps what it has compiled, as on a user's computer: tests and figures start it thousands of times.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo demo-clean screens lab lab-clean soak bench test reliability mutants fuzz setup check lock dist docs
.PHONY: one-mac other-mac server mac-tests fault-tests server-tests fast-tests killed-tests soak-tests loaded-tests server-reliability

# Alone: what there is.
help: ## this list
	@sed -n 's/^\([a-z-]*\):.* ## /make \1@/p' Makefile | awk -F@ '{ printf "%-18s %s\n", $$1, $$2 }'

# Another port for the demo's service: make demo PORT=44352
PORT :=
demo: ## a sample service on this computer, deployed and running
	@PORT=$(PORT) sh tests/demo.sh

demo-clean: ## remove what make demo has left
	@sh tests/demo-clean.sh

# Two Macs, whose VMs keep a processor busy each, and beside them the rest.
SIDE_BY_SIDE = $(MAKE) --no-print-directory --jobs --output-sync=target

test: setup check ## lint, types, layers, and all tests that need no lab: for every day
	@$(MAKE) --no-print-directory fast-tests

# The lab: what a user does there; then under load, killed at every step, without power, 25 faults in a row.
reliability: setup ## the lab: all that is done there, under load, killed, without power
	@$(SIDE_BY_SIDE) one-mac other-mac server

one-mac:
	@$(MAKE) --no-print-directory mac-tests
	@$(MAKE) --no-print-directory soak-tests

other-mac:
	@$(MAKE) --no-print-directory fault-tests
	@$(MAKE) --no-print-directory killed-tests
	@$(MAKE) --no-print-directory loaded-tests

server:
	@$(MAKE) --no-print-directory server-tests
	@$(MAKE) --no-print-directory server-reliability

setup: ## what the checks and the tests need
	@sh tests/setup.sh tests/requirements.lock $(PACKAGES)

# Which releases are installed: the newest that fit the requirements, with their hashes. Those that are locked and still
# fit stay, but for make lock UPGRADE=--upgrade. The tests' tools need Python 3.10.
UPGRADE :=
LOCK = .venv/bin/uv pip compile --quiet --no-config --no-python-downloads --universal --generate-hashes --no-annotate \
	--custom-compile-command 'make lock' $(UPGRADE)
lock: setup ## lock the libraries anew; UPGRADE=--upgrade takes the newest
	$(LOCK) --python-version 3.9 --output-file requirements.lock requirements.txt
	$(LOCK) --python-version 3.10 --constraint requirements.lock --output-file tests/requirements.lock tests/requirements.txt
	$(LOCK) --python-version 3.10 --constraint tests/requirements.lock --output-file tests/docs/requirements.lock tests/docs/requirements.txt
	$(LOCK) --python-version 3.10 --output-file tests/bench/requirements.lock tests/bench/requirements.txt

# What is shipped, in dist/: osprey.pyz, and what it is made of.
dist: setup ## the tool as one file, in dist/
	@sh tests/dist.sh

# The documents as a site. What makes it has a venv of its own, for nothing else needs it.
SITE := .cache/docs
docs: ## the documents as a site, in site/
	@[ -x $(SITE)/bin/pip ] || python3 -m venv $(SITE)
	@$(SITE)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement tests/docs/requirements.lock
	@PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --strict
	@echo site/index.html

check: ## lint, format, types, layers
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/vermin --target=3.9- --violations --no-tips --quiet ospreyops tasks.py tests
	.venv/bin/lint-imports --no-cache
	@find ospreyops -name '*.pl' | sort | while read -r file; do perl -cw "$$file" || exit 1; done

MAC := tests/lab/olympias
PYTEST := $(PYTHON) -m pytest -q --durations 20

FAULTY := $(MAC)/test_faults.py $(MAC)/test_watch_install.py

mac-tests:
	OLYMPIAS=1 $(PYTEST) -m 'not reliability' --timeout 1800 $(MAC) $(FAULTY:%=--ignore %)

fault-tests:
	OLYMPIAS=2 $(PYTEST) -m 'not reliability' --timeout 1800 $(FAULTY)

server-tests:
	$(PYTEST) -m 'lab and not reliability' --timeout 600 --ignore $(MAC)

fast-tests:
	$(PYTEST) --numprocesses logical --dist loadfile -m 'not lab and not reliability' --timeout 120

soak-tests:
	OLYMPIAS=1 $(PYTEST) --timeout 1800 $(MAC)/test_soak.py

loaded-tests:
	OLYMPIAS=2 $(PYTEST) --timeout 1800 $(MAC)/test_switchover.py

killed-tests:
	OLYMPIAS=2 $(PYTEST) -m reliability --timeout 1800 $(MAC)/test_killed.py $(MAC)/test_half_made.py $(MAC)/test_faults.py

server-reliability:
	$(PYTEST) -m reliability --timeout 600 --ignore $(MAC)

# A Mac to try things on, with a shell of a workstation that knows it.
lab: setup ## a Mac to try things on, and a shell that knows it
	@$(PYTHON) -m tests.lab.olympias up

# Faults at random, each healed, on olympias; prints how long each took: make soak FAULTS=100 SEED=7
FAULTS := 25
SEED := 1
soak: setup ## faults at random, each healed; FAULTS=25 SEED=1
	@$(PYTHON) -m tests.sim.soak --faults $(FAULTS) --seed $(SEED)

# What the tool's ways cost beside the runbook's: all rows, or one; tried small: make bench ROW=load SIZE=50 ROUNDS=1
ROW :=
SIZE := 730
ROUNDS := 5
# The peers have a venv of their own: their libraries are of other releases.
PEERS := .cache/peers
bench: setup ## what the tool's ways cost beside the runbook's and its peers'; ROW=load
	@[ -x $(PEERS)/bin/pip ] || python3 -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement tests/bench/requirements.lock
	@PATH="$$PATH:$(CURDIR)/$(PEERS)/bin" $(PYTHON) -m tests.bench $(ROW) --size $(SIZE) --rounds $(ROUNDS)

# Which turned-around condition of a decision does no test notice? make mutants FILES="goals/loss.py faults"
# Why no library does it: mutmut changes every string and number, too, and runs all tests of a function; cosmic-ray
# starts Python and collects the tests anew for each change. Here a change costs no more than the tests of its lines.
mutants: setup ## conditions that no test notices; FILES="goals/loss.py faults"
	@$(PYTHON) -m tests.mutants $(FILES)

# Odd inputs for whatever reads texts from outside; the same seed makes the same: make fuzz SEED=7 COUNT=100000
COUNT := 20000
fuzz: setup ## odd inputs for whatever reads texts; COUNT=20000 SEED=1
	@$(PYTHON) -m tests.fuzz --count $(COUNT) --seed $(SEED)

# The screens in docs/screens, as they are now.
screens: setup ## docs/screens, as they are now
	@$(PYTHON) -m tests.screens
	@$(PYTHON) -m tests.picture

lab-clean: ## remove that Mac
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m tests.lab.olympias down
