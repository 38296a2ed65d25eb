"""Finds each citation of the field book and of the runbook, and says what is wrong with it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
FORM = 'the form is "field book: BOOK, 3", "… 3 and 5", "… 5-7" or "… "A heading""'

FENCED = re.compile(r"^```.*?^```[^\n]*$", re.MULTILINE | re.DOTALL)
FIELD_BOOK = re.compile(r"\bfield\s+book(?:\s*:\s+|[^.:;()]{0,40}\((?=[a-z-]+,\s*\d))", re.IGNORECASE)
SECTION = r'(?:\d+(?:[-–]\d+)?|"[^"]+")'
ITEM = rf"\b(?!and\b)[a-z][a-z-]*(?:, {SECTION}(?:(?:, | and ){SECTION})*)?"
CITED = re.compile(rf"({ITEM}(?:(?:, | and ){ITEM})*)(?=[).:;\]`]|$)")
RUNBOOK = re.compile(r"\brunbook(?::\s+|,\s+(?=\"|line\s+\d))", re.IGNORECASE)
QUOTED = re.compile(r'"(?P<words>[^"]*)"|`(?P<shell>[^`]*)`|(?P<end>[;)|]|[.](?=\s|$))')
WILD = re.compile(r"…")
WILD_SHELL = re.compile(r"…|\$\w+|\b[A-Z]{2,}\b")


@dataclass(frozen=True)
class Passage:
    """Text that a person reads: a docstring's paragraph, a comment, a paragraph of Markdown."""

    file: str
    line: int
    text: str


@dataclass(frozen=True)
class Citation:
    """Where it stands, what it cites, and what is wrong with it; "" when it resolves."""

    where: str
    cited: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.where}: {self.cited}: {self.wrong}"


class FieldBook:
    """The books, each with its sections."""

    def __init__(self, folder: Path) -> None:
        self.books = {
            file.stem: re.findall(r"^## (?:(\d+)\. )?(.+)$", unfenced(file.read_text()), re.MULTILINE)
            for file in sorted(folder.glob("*.md"))
            if file.name != "README.md"
        }

    def citations(self, passages: Iterable[Passage]) -> Iterator[Citation]:
        """Each citation of a book's sections."""
        for passage in passages:
            for mark in FIELD_BOOK.finditer(passage.text):
                where, after = _place(passage, mark)
                found = CITED.match(after)
                if not found:
                    yield Citation(where, after[:40], FORM)
                    continue
                for item in re.findall(ITEM, found[1]):
                    yield Citation(where, item, self.missing(item))

    def missing(self, item: str) -> str:
        """What is not there of "BOOK, 3 and 5-7"; "" when all of it is."""
        book, _, sections = item.partition(", ")
        if book not in self.books:
            return f"there is no book {book}"
        numbers, titles = {number for number, _ in self.books[book]}, [title for _, title in self.books[book]]
        for section in re.findall(SECTION, sections):
            if section.startswith('"'):
                known = any(title.startswith(section.strip('"')) for title in titles)
            else:
                first, last = (int(number) for number in (re.split("[-–]", section) * 2)[:2])
                known = first <= last and all(str(number) in numbers for number in range(first, last + 1))
            if not known:
                return f"{book} has no section {section}"
        return ""


class Runbook:
    """The maintainer's runbook, as what its readers quote is looked for in it."""

    def __init__(self, file: Path) -> None:
        self.lines = file.read_text().splitlines()
        self._shell = [_plain(line) for line in self.lines]
        self._words = _plain(" ".join(self.lines))

    def citations(self, passages: Iterable[Passage]) -> Iterator[Citation]:
        """Each text that is quoted after the word, up to the end of the sentence or a semicolon."""
        for passage in passages:
            for mark in RUNBOOK.finditer(passage.text):
                where, after = _place(passage, mark)
                if numbered := re.match(r"line (\d+)", after):
                    blank = not "".join(self.lines[int(numbered[1]) - 1 : int(numbered[1])]).strip()
                    yield Citation(where, numbered[0], "there is nothing on that line" if blank else "")
                    continue
                quoted = list(_quoted(after))
                if not quoted:
                    yield Citation(where, after[:40], "nothing is quoted after the word runbook")
                for text, shell in quoted:
                    yield Citation(where, text, self.missing(text, shell=shell))

    def missing(self, text: str, *, shell: bool) -> str:
        """Why the text is not the runbook's; "" when it is.

        … stands for anything; in a shell line $VARIABLE and words in capitals do, too.
        """
        wild, lines = (WILD_SHELL, self._shell) if shell else (WILD, [self._words])
        parts = [_plain(part) for part in wild.split(text)]
        if not any(re.search(r"\w\w", part) for part in parts):
            return "it quotes no words"
        pattern = re.compile(".+".join(re.escape(part) for part in parts))
        return "" if any(pattern.search(line) for line in lines) else "the runbook does not say so"


def passages(*, without: Iterable[Path] = ()) -> Iterator[Passage]:
    """All that a person reads in the project: docstrings, comments and Markdown."""
    left_out = set(without)
    files = [PROJECT / name for name in ("tasks.py", "Makefile", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    for folder in ("ospreyops", "tests", "docs"):
        files += sorted(file for file in (PROJECT / folder).rglob("*") if file.is_file())
    for file in files:
        if file not in left_out and "__pycache__" not in file.parts:
            yield from read(file)


def read(file: Path) -> Iterator[Passage]:
    """The passages of a file; none of one that is no text."""
    try:
        text = file.read_text()
    except UnicodeDecodeError:
        return
    name = file.relative_to(PROJECT).as_posix()
    if file.suffix == ".md":
        yield from _paragraphs(name, 1, unfenced(text), own=r"\s*(?:[|#>*-]|\d+\.)")
    elif file.suffix == ".py" or re.match(r"#!.*\bpython", text):
        yield from _python(name, text)
    else:
        comments = [line.strip().lstrip("# ") if line.strip().startswith("#") else "" for line in text.splitlines()]
        yield from _paragraphs(name, 1, "\n".join(comments))


def unfenced(text: str) -> str:
    """Markdown with its blocks of code left blank, line by line."""
    return FENCED.sub(lambda block: "\n" * block[0].count("\n"), text)


def _python(name: str, text: str) -> Iterator[Passage]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from _paragraphs(name, node.lineno, node.value.value)
    comments = [""] * (text.count("\n") + 2)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.string.lstrip("# ")
    yield from _paragraphs(name, 0, "\n".join(comments))


def _paragraphs(name: str, first: int, text: str, own: str = "(?!)") -> Iterator[Passage]:
    """The paragraphs of a text; a line that begins with `own` begins another, too."""
    part: list[str] = []
    for line, words in enumerate([*text.split("\n"), ""], first):
        if part and (not words.strip() or re.match(own, words)):
            yield Passage(name, line - len(part), "\n".join(part))
            part = []
        if words.strip():
            part.append(words)


def _place(passage: Passage, mark: re.Match[str]) -> tuple[str, str]:
    """Where a mark stands, and what follows it, on one line."""
    line = passage.line + passage.text.count("\n", 0, mark.start())
    return f"{passage.file}:{line}", " ".join(passage.text[mark.end() :].split())


def _quoted(after: str) -> Iterator[tuple[str, bool]]:
    """What is quoted, and whether it is shell, until the sentence ends."""
    for found in QUOTED.finditer(after):
        if found["end"]:
            return
        yield (found["words"], False) if found["shell"] is None else (found["shell"], True)


def _plain(text: str) -> str:
    """Words with single spaces and without quotation marks."""
    return re.sub(r"\s+", " ", re.sub('["`]', "", text))
