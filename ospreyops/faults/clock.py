"""The VM's clock drifted from its host's.

Runbook: `docker-machine ls` shows `remote error: tls: bad certificate`, the service becomes unresponsive.
"""

from ..runbook.machine import in_step as cure

COST = ""

__all__ = ["COST", "cure"]
