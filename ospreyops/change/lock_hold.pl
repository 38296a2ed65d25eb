# Holds the lock of a host for as long as it hears from the task that changes the host.
#
# usage: perl lock_hold.pl TOKEN HOLDER SECONDS, in the folder of the files lock and history.jsonl
#   TOKEN    what each record on the input begins with
#   HOLDER   who takes the lock, as a JSON object
#   SECONDS  how long the input may be silent
#
# It prints "ok" when it has the lock. When another process has it, it prints "held" with the holder, and ends.
#
# Any input is a heartbeat. A line of TOKEN and a record is kept and answered with "told"; the last one counts.
# Other lines are passed over: sudo's password can come in on the same input.
#
# It ends when its input ends or stays silent, or at a signal. Then it appends the last record to the history.
# The lock is the kernel's (flock), so it is free as soon as this process is gone.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;
use warnings;
use Fcntl qw(:flock);
use Errno qw(EWOULDBLOCK);
use IO::Handle;

my ($token, $holder, $silence) = @ARGV;
my ($locked, $ended, $last, $input) = (0, 0, undef, "");

# A reader that is gone must not keep the last record from the history.
$SIG{PIPE} = "IGNORE";
for my $signal (qw(TERM HUP INT)) {
    $SIG{$signal} = sub { $ended = 1 };
}
my $say = sub { syswrite STDOUT, "\n@_\n" };
my $fail = sub { die "@_: " . $^E . "\n" };

open my $lock, "+>>", "lock" or $fail->("lock");
# lock_peek.pl locks the file for a moment, too. Some tries make sure that it is not taken for a holder.
for (1 .. 5) {
    last if $locked = flock $lock, LOCK_EX | LOCK_NB;
    $fail->("lock") unless $^E == EWOULDBLOCK;
    select undef, undef, undef, .05;
}
unless ($locked) {
    seek $lock, 0, 0;
    my $other = <$lock> // "";
    chomp $other;
    $say->("held $other");
    exit;
}

# The holder is written with the number of this process. On a full disk it is not, and the lock holds all the same.
truncate $lock, 0;
chop $holder;
syswrite $lock, $holder . qq(,"perl":) . $$ . "}\n";
$say->("ok");

until ($ended) {
    my $readable = "";
    vec($readable, 0, 1) = 1;
    my $count = select $readable, undef, undef, $silence;
    # A signal interrupted it.
    next if $count < 0;
    last unless $count and sysread STDIN, my $part, 65536;
    $input .= $part;
    # The time of the file is the time of the last heartbeat.
    utime undef, undef, "lock";
    while ($input =~ s/^([^\n]*)\n//) {
        my $line = $1;
        next if index $line, "$token ";
        $last = substr $line, 1 + length $token;
        $say->("told");
    }
}

if (defined $last) {
    open my $history, "+>>", "history.jsonl" or $fail->("history");
    # A line that a power cut left unfinished is ended first.
    my $end = "\n";
    sysseek $history, -1, 2 and sysread $history, $end, 1;
    my $record = ($end eq "\n" ? "" : "\n") . $last . "\n";
    my $written = syswrite $history, $record;
    $fail->("history") unless defined $written and $written == length $record;
    $history->sync;
}
truncate $lock, 0;
