# The two commands of the README, and what they leave to be cleaned.
SHELL := /bin/sh
PACKAGES := python3-venv lbzip2 docker.io iptables openssh-server openssh-client sudo iproute2 procps curl openssl bzip2 perl-base mmdebstrap \
	qemu-system-x86 qemu-utils lsof e2fsprogs python3 libplist-utils
PYTHON := .venv/bin/python

.PHONY: demo demo-clean lab lab-clean soak bench test setup check mac-tests fault-tests server-tests fast-tests

demo:
	@sh tests/demo.sh

demo-clean:
	@sh tests/demo-clean.sh

# Everything that CI runs: two Macs, whose VMs keep a processor busy each, and beside them all the rest.
test: setup check
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=target mac-tests fault-tests server-tests fast-tests

setup:
	@sh tests/setup.sh tests/requirements.txt $(PACKAGES)

check:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/vermin --target=3.9- --violations --no-tips --quiet ospreyops tasks.py tests

MAC := tests/lab/olympias
FAULTY := $(MAC)/test_faults.py $(MAC)/test_soak.py

mac-tests:
	OLYMPIAS=1 $(PYTHON) -m pytest -q --timeout 1800 --durations 20 $(MAC) $(FAULTY:%=--ignore %)

fault-tests:
	OLYMPIAS=2 $(PYTHON) -m pytest -q --timeout 1800 --durations 20 $(FAULTY)

server-tests:
	$(PYTHON) -m pytest -q -m lab --timeout 600 --durations 20 --ignore $(MAC)

fast-tests:
	$(PYTHON) -m pytest -q -m 'not lab' --timeout 120

# A Mac to try things on, with a shell of a workstation that knows it.
lab: setup
	@$(PYTHON) -m tests.lab.olympias up

# Faults at random, each healed, on olympias; prints how long each took: make soak FAULTS=100 SEED=7
FAULTS := 25
SEED := 1
soak: setup
	@$(PYTHON) -m tests.soak --faults $(FAULTS) --seed $(SEED)

# What the tool's ways cost beside the runbook's.
bench: setup
	@$(PYTHON) -m tests.bench

lab-clean:
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m tests.lab.olympias down
