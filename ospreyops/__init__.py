"""Deploy the Osprey service onto a lab's hosts, and keep it alive."""

__version__ = "0.3.0.dev0"
