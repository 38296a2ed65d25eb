"""How the Perl programs are sent: on one line, from the checkout and from the one file of the watchdog."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ospreyops
from ospreyops.daemon import bundle
from ospreyops.remote import protocol
from ospreyops.remote.perl import one_line, program

PACKAGE = Path(ospreyops.__file__).parent
FILES = sorted(PACKAGE.rglob("*.pl"))
LIMIT, ASK = PACKAGE / "remote/limit.pl", PACKAGE / "remote/ask.pl"
PATIENCE = 20

each_file = pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])


def sent(file: Path) -> str:
    return program(".".join(file.relative_to(PACKAGE.parent).parent.parts), file.name)


@each_file
def test_perl_has_no_error_and_no_warning_for_a_program(file: Path) -> None:
    checked = subprocess.run(["perl", "-cw", str(file)], capture_output=True, text=True, timeout=PATIENCE)
    assert checked.stderr == f"{file} syntax OK\n"
    assert "\nuse strict;\n" in file.read_text()


@each_file
def test_any_login_shell_takes_a_program_and_perl_takes_it_as_it_is_sent(file: Path) -> None:
    assert re.fullmatch(r"[ -~]+", sent(file)) and not set("!'") & set(sent(file))
    checked = subprocess.run(["perl", "-cwe", sent(file)], capture_output=True, text=True, timeout=PATIENCE)
    assert checked.stderr == "-e syntax OK\n"


def test_a_program_is_sent_without_its_comments_and_indentation() -> None:
    source = '#!/usr/bin/perl\n# It\'s "fine"!\n\nif ($#ARGV) {\n    print "a # b" if 1;\n\n    # done\n}\n'
    with pytest.raises(ValueError, match="a comment behind code"):
        one_line(source)
    assert one_line(source.replace(" # b", "#b")) == 'if ($#ARGV) { print "a#b" if 1; }'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("exit if !$ready;", "an exclamation mark"),
        ("print $!;", "an exclamation mark"),
        ("print 'text';", "a single quote"),
        ("print <<TEXT;", "a here-document"),
        ("print <<~TEXT;", "a here-document"),
        ("exit; # done", "a comment behind code"),
        ("=head1 NAME", "documentation"),
        ("__END__", "an end mark"),
        ("__DATA__", "an end mark"),
        ('print "two', "a text over more than one line"),
        ("print qq(é);", "a character that is not printable ASCII"),
        ("print qq(\t);", "a character that is not printable ASCII"),
    ],
)
def test_a_program_that_would_change_on_one_line_is_refused_with_the_reason(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}.*: {re.escape(line)}$"):
        one_line(f"use strict;\n    {line}\n")


def test_the_one_file_of_the_watchdog_has_the_programs(tmp_path: Path) -> None:
    names = [(".".join(file.relative_to(PACKAGE.parent).parent.parts), file.name) for file in FILES]
    code = (
        f"import sys; sys.path.insert(0, {str(bundle.build(tmp_path / 'osprey.pyz'))!r}); import json; "
        f"from ospreyops.remote.perl import program; print(json.dumps([program(*name) for name in {names}]))"
    )
    words = [sys.executable, "-I", "-S", "-c", code]
    read = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == [sent(file) for file in FILES]


def test_the_programs_and_the_package_agree_on_their_constants() -> None:
    assert f"exit {protocol.LATE};" in sent(LIMIT)
    assert f'print STDERR "{protocol.LATE_MARK}\\n";' in sent(LIMIT)
    assert f"my $longest = {protocol.LONGEST};" in sent(ASK)
