"""Starting, stopping and killing a machine, with what docker-machine says and waits for."""

from __future__ import annotations

from collections.abc import Callable

from . import certs, provision, wait
from .errors import Failure
from .log import LOG
from .store import Machine
from .virtualbox import VirtualBox


def start(machine: Machine) -> None:
    """Start a machine that does not run, and wait for its engine."""
    LOG.info(f'Starting "{machine.name}"...')
    _bring(machine, VirtualBox(machine).start, "Running")
    LOG.info(f'Machine "{machine.name}" was started.')
    _wait_for_engine(machine)


def stop(machine: Machine) -> None:
    """Stop a machine that is not stopped."""
    LOG.info(f'Stopping "{machine.name}"...')
    _bring(machine, VirtualBox(machine).stop, "Stopped")
    LOG.info(f'Machine "{machine.name}" was stopped.')


def kill(machine: Machine) -> None:
    """Power off a machine that is not stopped."""
    LOG.info(f'Killing "{machine.name}"...')
    _bring(machine, VirtualBox(machine).kill, "Stopped")
    LOG.info(f'Machine "{machine.name}" was killed.')


def restart(machine: Machine) -> None:
    """Start a stopped machine, stop and start a running one, and only wait for any other."""
    LOG.info(f'Restarting "{machine.name}"...')
    driver = VirtualBox(machine)
    if driver.is_in("Stopped"):
        start(machine)
    elif driver.is_in("Running"):
        driver.restart()
        wait.until(lambda: driver.is_in("Running"))
    _wait_for_engine(machine)


def ip(machine: Machine) -> None:
    """Print the address."""
    try:
        print(VirtualBox(machine).ip(), flush=True)
    except Failure as failure:
        raise Failure(f"Error getting IP address: {failure}") from None


def regenerate(machine: Machine) -> None:
    """Make a new certificate for the engine; also all that `provision` does."""
    provision.detect(machine)
    provision.provision(machine)


def regenerate_all(machine: Machine) -> None:
    """The same, after renewing the CA's and the client's if they are missing or past their end."""
    LOG.info("Regenerating local certificates")
    certs.bootstrap(machine)
    regenerate(machine)


def _bring(machine: Machine, action: Callable[[], None], state: str) -> None:
    """Do what leads to this state, unless the machine is in it already, and wait for it."""
    driver = VirtualBox(machine)
    if driver.is_in(state):
        raise Failure(f'Machine "{machine.name}" is already {state.lower()}.')
    action()
    wait.until(lambda: driver.is_in(state))


def _wait_for_engine(machine: Machine) -> None:
    provision.detect(machine)
    provision.wait_for_engine(machine)
