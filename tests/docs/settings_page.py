"""The table of docs/settings.md, from the settings themselves: `python -m tests.docs.settings_page` writes it."""

from __future__ import annotations

from ospreyops.settings import KEYS, OLD_NAMES
from tests.docs.citations import DOCS

DOCUMENT = DOCS / "settings.md"
BEGIN, END = "<!-- tests/docs/settings_page.py writes from here -->", "<!-- to here -->"


def table() -> str:
    """Each setting, its default, its meaning and its older name."""
    older = {new: f"; older name: `{old}`" for old, new in OLD_NAMES.items()}
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for key, known in KEYS.items():
        default = f"`{known.default}`" if known.default else ""
        rows.append(f"| `{key}` | {default} | {known.metadata['help']}{older.get(key, '')} |")
    return "\n".join(rows)


def main() -> None:
    """Write the table into the document."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}")


if __name__ == "__main__":
    main()
