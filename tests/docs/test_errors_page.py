"""docs/errors.md says which errors there are."""

from __future__ import annotations

import re

from ospreyops.outcome import Status
from tests.docs import errors_page
from tests.docs.errors_page import DOCUMENT, kinds, told
from tests.docs.generated import written


def test_the_document_has_the_table_of_all_errors() -> None:
    assert written(DOCUMENT, errors_page.WRITER) == errors_page.table(), "python -m tests.docs.errors_page"


def test_each_kind_of_error_says_what_to_try() -> None:
    assert [kind.__name__ for kind in kinds() if not all(told(kind))] == []


def test_every_exit_status_is_in_the_document() -> None:
    rows = re.findall(r"^\| ([0-9]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert [int(row) for row in rows] == [int(status) for status in Status]
