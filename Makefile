# The two commands of the README, and what they leave to be cleaned.
SHELL := /bin/sh
PACKAGES := python3-venv lbzip2 docker.io iptables openssh-server openssh-client sudo iproute2 procps curl openssl bzip2 perl-base mmdebstrap
PYTHON := .venv/bin/python

.PHONY: demo demo-clean test check fast lab

demo:
	@sh tests/demo.sh

demo-clean:
	@sh tests/demo-clean.sh

# Everything that CI runs.
test: .venv check fast lab

.venv:
	@sh tests/setup.sh tests/requirements.txt $(PACKAGES)
.PHONY: .venv

check:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/vermin --target=3.9- --violations --no-tips --quiet ospreyops tasks.py tests

fast:
	$(PYTHON) -m pytest -q -m 'not lab' --timeout 120

lab:
	$(PYTHON) -m pytest -q -m lab --timeout 600
