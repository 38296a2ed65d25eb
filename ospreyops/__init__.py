"""Deploy the Osprey service onto a lab's hosts, and keep it alive."""

__version__ = "0.1.0"
