"""Tell a program or a web server of the maintainer's what the watchdog found, repaired and gave up."""

from __future__ import annotations

import json
import socket
from typing import Any

from ..change.site import Site
from ..errors import OspreyError
from ..remote.command import sh

LIMIT = 30


def tell(site: Site, event: dict[str, Any]) -> None:
    """Give the event, one JSON object, to `osprey.notify`: to a program's standard input, or posted to a URL.

    The program runs where this one does. When it fails, that is printed, and healing goes on.
    """
    to = site.settings.notify
    if not to:
        return
    import requests

    told = {"host": socket.gethostname() if site.settings.here else site.name, **event}
    try:
        if to.startswith(("https://", "http://")):
            requests.post(to, json=told, timeout=LIMIT).raise_for_status()
        else:
            site.here().run(sh("printf '%s\\n' {told} | {program}", told=json.dumps(told), program=to, limit=LIMIT))
    except (OSError, ValueError, OspreyError) as error:
        case = error.case if isinstance(error, OspreyError) else str(error)
        site.console.dim(f"osprey.notify ({to}) did not take it: {case}")
