# Holds the lock of a host for as long as it hears from the task that changes the host.
#
# usage: perl lock_hold.pl TOKEN HOLDER SECONDS, in the folder of the files lock, token, line and history.jsonl
#   TOKEN    what each record on the input begins with, and what guard.pl compares
#   HOLDER   who takes the lock, as a JSON object
#   SECONDS  how long the input may be silent
#
# It prints "ok" when it has the lock, and for how many seconds at least no other task has left a trace: none had the
# lock, and no line of one ended. When another process has it, it prints "held" with the holder, and ends. When a line of
# a task that lost the lock still goes on, it prints "line" with what guard.pl noted of it, and ends.
#
# Any input is a heartbeat. A line of TOKEN and a record is kept and answered with "told"; the last one counts.
# Other lines are passed over: sudo's password can come in on the same input.
#
# The files are for nobody but this user: whoever may open one may lock it. An older version of this program let everybody
# open them. Such a file is replaced by another one, once what it notes is over: its holder has not been heard of for twice
# as long as it may be silent, or its line has reached its limit. Whoever locks it then is a stranger.
#
# It ends when its input ends or stays silent, when somebody removes or replaces the file lock, or at a signal. Then it
# appends the last record to the history.
# The lock is the kernel's (flock), so it is free as soon as this process is gone.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;
use warnings;
use Fcntl qw(:flock O_RDWR O_CREAT O_EXCL);
use Errno qw(EWOULDBLOCK);
use IO::Handle;

my ($token, $holder, $silence) = @ARGV;
my ($locked, $ended, $removed, $last, $input) = (0, 0, 0, undef, "");

# A reader that is gone must not keep the last record from the history.
$SIG{PIPE} = "IGNORE";
for my $signal (qw(TERM HUP INT)) {
    $SIG{$signal} = sub { $ended = 1 };
}
my $say = sub { syswrite STDOUT, "\n@_\n" };
my $fail = sub { die "@_: " . $^E . "\n" };

# Seconds that no change of the clock moves: the kernel has counted them since it started.
my $seconds = sub { time };
if (eval { require Time::HiRes; Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) }) {
    $seconds = sub { Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) };
} elsif (eval { require POSIX; POSIX::sysconf(POSIX::_SC_CLK_TCK()) }) {
    $seconds = sub { (POSIX::times())[0] / POSIX::sysconf(POSIX::_SC_CLK_TCK()) };
}

# When a file was changed, as exactly as this perl can tell.
my $changed = sub { (stat $_[0])[9] };
$changed = sub { (Time::HiRes::stat($_[0]))[9] } if eval { require Time::HiRes; Time::HiRes::stat(".") };

my $older = sub {
    my @is = lstat $_[0];
    return (@is and -f _ and $is[2] & 077);
};
# The second argument is set to the file, which is locked from then on, unless somebody has its lock.
my $in_use = sub {
    my ($name) = @_;
    open my $old, "<", $name or return 0;
    if (flock $old, LOCK_EX | LOCK_NB) {
        $_[1] = $old;
        return 0;
    }
    my ($begin, $limit) = (<$old> // "") =~ /^([0-9]+) ([0-9]+) [0-9]+ [0-9]+$/;
    ($begin, $limit) = ((stat $old)[9], $silence) if $name eq "lock";
    return (defined $begin and time >= $begin - $silence and time <= $begin + $limit + $silence);
};
# The new file in the place of one of an older version, locked; nothing where there is none, or where it is in use.
# Who has the lock of the new file is the only one to give it its name.
my $renewed = sub {
    my ($name) = @_;
    return unless $older->($name);
    sysopen my $new, "$name.new", O_RDWR | O_CREAT, 0600 or $fail->($name);
    return unless flock $new, LOCK_EX | LOCK_NB;
    my @there = stat "$name.new";
    return unless @there and $there[1] == (stat $new)[1];
    if ($older->($name) and not $in_use->($name, my $old)) {
        rename "$name.new", $name or $fail->($name);
        return $new;
    }
    unlink "$name.new";
    return;
};

# The lock is on the file, not on its name: somebody may remove the name, and another task lock a new file.
my $lock;
my $named = sub {
    my @held = stat $lock;
    my @there = stat "lock";
    return (@there and "@held[0,1]" eq "@there[0,1]");
};
# lock_peek.pl locks the file for a moment, too. Some tries make sure that it is not taken for a holder. Who has the lock
# and no name in the file has just got it, or is about to end: there are more tries then.
# The lock of an older file is none: another task may be about to replace that file.
my $first_ever;
for my $try (1 .. 40) {
    last if $locked = $lock = $renewed->("lock");
    $first_ever = sysopen $lock, "lock", O_RDWR | O_CREAT | O_EXCL, 0600;
    $first_ever or sysopen $lock, "lock", O_RDWR | O_CREAT, 0600 or $fail->("lock");
    $locked = flock $lock, LOCK_EX | LOCK_NB;
    $fail->("lock") unless $locked or $^E == EWOULDBLOCK;
    last if $locked and $named->() and not(-f $lock and (stat _)[2] & 077);
    flock $lock, LOCK_UN if $locked;
    $locked = 0;
    last if $try >= 5 and -s $lock;
    select undef, undef, undef, .05;
}
unless ($locked) {
    my $other = <$lock> // "";
    chomp $other;
    $say->("held $other");
    exit;
}

# Each holder changes this file until it ends.
my $held = $first_ever ? 0 : $changed->($lock);

# From here on guard.pl begins no line of another task: it asks for this token. A link needs no room on a full disk.
unlink "token";
symlink $token, "token" or $fail->("token");
# The holder is written with the number of this process. On a full disk it is not, and the lock holds all the same.
truncate $lock, 0;
chop $holder;
my $first = $holder . qq(,"perl":) . $$ . "}\n";
syswrite $lock, $first;

# guard.pl empties this file once its line is over. What is noted of a line whose end it did not see is still there.
my ($noted, $over) = (-s "line", $changed->("line") // 0);

# A line that began before is still locked by guard.pl, or by what it started.
my $line = $renewed->("line");
my $alone = defined $line;
open $line, "+>>", "line" or $fail->("line") unless $alone;
for (1 .. 5) {
    last if $alone ||= flock $line, LOCK_SH | LOCK_NB;
    $fail->("line") unless $^E == EWOULDBLOCK;
    select undef, undef, undef, .05;
}
unless ($alone) {
    seek $line, 0, 0;
    chomp(my @noted = <$line>);
    $say->("line " . join("\t", @noted));
    unlink "token";
    truncate $lock, 0;
    exit;
}
close $line;

# The second line of the file is the moment of the last heartbeat; its time is, by the clock.
my $beat = sub {
    utime undef, undef, "lock";
    sysseek $lock, length $first, 0;
    syswrite $lock, sprintf "%020.2f\n", $seconds->();
};
$beat->();

# All by the clock of the file system, which may be another computer's. A file's time is that of the clock's last tick, or
# of whole seconds.
my $traced = $held > $over ? $held : $over;
my $quiet = $changed->($lock) - $traced - ($traced == int $traced ? 1 : .01);
$say->(sprintf "ok %.3f", $noted ? 0 : $quiet);

until ($ended) {
    my $readable = "";
    vec($readable, 0, 1) = 1;
    my $count = select $readable, undef, undef, $silence;
    # A signal interrupted it.
    next if $count < 0;
    last unless $count and sysread STDIN, my $part, 65536;
    $removed = not $named->();
    $input .= $part;
    $beat->() unless $removed;
    while ($input =~ s/^([^\n]*)\n//) {
        my $record = $1;
        next if index $record, "$token ";
        $last = substr $record, 1 + length $token;
        $say->("told") unless $removed;
    }
    last if $removed;
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
die "lock: it was removed or replaced\n" if $removed;
unlink "token";
truncate $lock, 0;
