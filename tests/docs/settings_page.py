"""The table of docs/settings.md, from the settings themselves: `python -m tests.docs.settings_page` writes it."""

from __future__ import annotations

from ospreyops.settings import KEYS, OLD_NAMES
from tests.docs.citations import DOCS
from tests.docs.generated import write

DOCUMENT = DOCS / "settings.md"
WRITER = "tests.docs.settings_page"


def table() -> str:
    """Each setting, its default, its meaning and its older name."""
    older = {new: f"; older name: `{old}`" for old, new in OLD_NAMES.items()}
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for key, known in KEYS.items():
        default = f"`{known.default}`" if known.default else ""
        rows.append(f"| `{key}` | {default} | {known.metadata['help']}{older.get(key, '')} |")
    return "\n".join(rows)


if __name__ == "__main__":
    write(DOCUMENT, WRITER, table())
