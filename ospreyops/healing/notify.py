"""Tells a program or a web server, as the settings name it, what the watch found, cured and gave up."""

from __future__ import annotations

import json
import socket
from typing import Any

from ..change.site import Site
from ..errors import OspreyError
from ..remote.command import sh

LIMIT = 30


def tell(site: Site, event: dict[str, Any]) -> None:
    """Give the event, as one JSON object, to `osprey.notify`: on standard input of a program, or posted to a URL.

    A hook that fails is said, and never keeps anything from being healed. The program runs where this one does.
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
