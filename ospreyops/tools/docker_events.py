"""What Docker tells of the service's containers as it happens: that one ended, or was paused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from ..release import CONTAINER
from ..remote.streams import Stream
from .docker_stream import Channel

FILTERS = {"type": ["container"], "container": [CONTAINER], "event": ["die", "pause"]}
"""Docker takes a name for all names that begin so."""
LONGEST = 65536


def events(stream: Stream) -> Iterator[None]:
    """An item once Docker listens, then one for each event, until the stream ends.

    stream: of a line that connects to the engine. Errors: HTTPException, OSError; ValueError when Docker refuses.
    """
    channel = Channel(stream)
    channel.request("GET", f"/events?filters={quote(json.dumps(FILTERS))}")
    answer = channel.getresponse()
    if answer.status != 200:
        raise ValueError(f"HTTP {answer.status}")
    channel.sock.settimeout(None)
    yield
    while answer.read1(LONGEST):
        yield
