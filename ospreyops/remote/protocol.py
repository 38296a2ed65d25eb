"""How a limit is kept on the host: two Perl programs, for a Mac has no `timeout`, no `setsid` (field book: macos, 5).

Ending our end of a connection leaves the remote process running, so each line is run in a process group of its own,
which Perl kills when its time is over. Neither program has a newline or an exclamation mark: a login shell may be csh.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from .command import Answer, Command

LATE = 124
LONGEST = 1 << 20
"""Bytes of a question's output after which the rest is passed over."""
LATE_MARK = "ospreyops: ended at its limit"
PATH = 'PATH="$PATH:/usr/local/bin:/opt/homebrew/bin:/usr/sbin:/sbin"; export PATH; '
"""A Mac's sshd gives none of these, and a Linux user's PATH has no sbin."""
RUN = (
    "my($s,$l)=@ARGV; my($p,$end); "
    "$SIG{ALRM}=sub{kill -9,$p; print STDERR qq(" + LATE_MARK + "\\n); exit " + str(LATE) + "}; "
    "$SIG{$_}=sub{$end=1; $p or return; kill -9,$p; exit 130} for qw(INT TERM HUP); "
    "my $f=fork // die; unless($f){setpgrp; exec '/bin/sh','-c',$l; exit 127} setpgrp $f,$f; "
    "$p=$f; $SIG{TERM}->() if $end; "
    "alarm $s; waitpid $p,0; exit($?&127 ? 128+($?&127) : $?>>8)"
)
ASK = (
    "use IO::Select; my $sel=IO::Select->new; my(%q,%of); "
    "while(@ARGV){my($n,$s,$l)=splice @ARGV,0,3; pipe my $o,my $ow; pipe my $e,my $ew; my $p=fork // die; "
    "unless($p){setpgrp; open STDIN,q(<),q(/dev/null); open STDOUT,q(>&),$ow; open STDERR,q(>&),$ew; "
    "close $_ for $o,$e,$ow,$ew; exec '/bin/sh','-c',$l; exit 127} setpgrp $p,$p; close $ow; close $ew; "
    "$q{$n}={pid=>$p,end=>time+$s+1,out=>q(),err=>q(),open=>2,late=>0}; $of{$o}=[$n,q(out)]; $of{$e}=[$n,q(err)]; "
    "$sel->add($o,$e)} "
    "while(my @left=grep {not $q{$_}{done}} keys %q){ select(undef,undef,undef,.01) unless $sel->count; "
    "for my $h($sel->can_read(.1)){my($n,$k)=@{$of{$h}}; my $got=sysread $h,my $b,65536; "
    "if($got){$q{$n}{$k}.=$b if length $q{$n}{$k}<" + str(LONGEST) + "}else{$sel->remove($h); $q{$n}{open}--}} "
    "for(@left){my $q=$q{$_}; my $n=$_; "
    "$q->{code}=$?&127 ? 128+($?&127) : $?>>8 if not defined $q->{code} and waitpid($q->{pid},1)>0; "
    "if(defined $q->{code} and not $q->{open}){$q->{done}=1} "
    "elsif(time>=$q->{end}){kill -9,$q->{pid}; $q->{code}=-1; $q->{late}=$q->{done}=1; "
    "$of{$_}[0] eq $n and $sel->remove($_) for $sel->handles}}} "
    "for(keys %q){my $q=$q{$_}; "
    "print qq(\\n),join(q( ),$_,$q->{code},$q->{late},map {unpack(q(H*),$_).q(.)} $q->{out},$q->{err}),qq(\\n)}"
)


def with_timeout(command: Command) -> str:
    """The command's line under its limit, for any login shell."""
    return "exec /bin/sh -c " + shlex.quote(
        PATH + shlex.join(["exec", "perl", "-e", RUN, _seconds(command), command.line])
    )


def batch(questions: Mapping[str, Command]) -> str:
    """One line that runs all questions at the same time, each under its own limit; `answers` reads what it prints."""
    words = ["exec", "perl", "-e", ASK]
    for name, question in questions.items():
        words += [name, _seconds(question), question.line]
    return "exec /bin/sh -c " + shlex.quote(PATH + shlex.join(words))


def parse_batch(printed: str) -> dict[str, Answer]:
    """What the line made by `asked` printed, by the questions' names; bytes that are no UTF-8 are replaced."""
    found = {}
    for line in printed.splitlines():
        if row := re.fullmatch(r"(\w+) (-?[0-9]{1,3}) ([01]) ((?:[0-9a-f]{2})*)\. ((?:[0-9a-f]{2})*)\.", line):
            name, code, late, out, err = row.groups()
            found[name] = Answer(int(code), _text(out), _text(err), late == "1")
    return found


def _seconds(command: Command) -> str:
    return str(max(1, round(command.limit)))


def _text(hexadecimal: str) -> str:
    return bytes.fromhex(hexadecimal).decode(errors="replace")
