"""Sample releases of the Osprey service, for the tests and the demo."""

from .archive import FAULTS, build

__all__ = ["FAULTS", "build"]
