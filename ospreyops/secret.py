"""A text that may hold a secret, such as a URL with a token in it."""

from __future__ import annotations

import re
from typing import Optional

SERVER = re.compile(r"(?:[!\"$-.0->@-~]*@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?=[/?#]|$)")
"""What stands between `://` and a URL's path; the group is the host."""


class Secret:
    """Printed, formatted or put into a line it is what may be shown; `reveal` alone gives the text.

    Of a URL, the scheme and the host may be shown: the rest is often a token. Any other text may be shown as it is.
    """

    def __init__(self, text: str = "", shown: Optional[str] = None) -> None:
        self._text, self._shown = text, _masked(text) if shown is None else shown

    def reveal(self) -> str:
        """The text itself, for the one who must have it."""
        return self._text

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return repr(self._shown)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash(self._text)


def _masked(text: str) -> str:
    scheme, url, rest = text.partition("://")
    if not url:
        return text
    server = SERVER.match(rest)
    return f"{scheme}://{server[1] if server else ''}/…"
