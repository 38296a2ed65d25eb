"""docs/settings.md says which settings there are."""

from __future__ import annotations

from tests.docs import settings_page
from tests.docs.generated import written
from tests.docs.settings_page import DOCUMENT


def test_the_document_has_the_table_of_all_settings() -> None:
    assert written(DOCUMENT, settings_page.WRITER) == settings_page.table(), "python -m tests.docs.settings_page"
