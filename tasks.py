"""What `inv` and `fab -c tasks` load in this checkout: the tasks of the command `ospreyops`."""

from ospreyops.tasks import ns

__all__ = ["ns"]
