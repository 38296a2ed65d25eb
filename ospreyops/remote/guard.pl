# Runs one command of a task for as long as that task has the lock of the host, and holds a lock of the command itself.
#
# usage: perl guard.pl FOLDER TOKEN SECONDS SHOWN COMMAND
#   FOLDER   of the files lock, token and line
#   TOKEN    of the task; lock_hold.pl writes it when it takes the lock
#   SECONDS  the limit of the command, for those who wait
#   SHOWN    the command, as people are told of it
#
# The command begins only when the lock is held, and with that token. Else the exit status is 123.
# The file line is locked from before that check until the command has ended. lock_hold.pl takes no lock in between, so
# no other task begins while the command goes on. All that the command starts inherits the file as descriptor 9: the
# lock of the line outlives this process, if somebody kills it. What goes on without the command has to close that.
#
# The file is emptied before it is unlocked: lock_hold.pl knows by that, and by the time of it, when the line was over.
#
# Its exit status is that of the command: 128 + N when signal N ended it.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
# It loads no module: that takes milliseconds for each line. The numbers of flock are these on every system.
use strict;

my ($shared, $exclusive, $at_once, $unlock) = (1, 2, 4, 8);
my ($folder, $token, $seconds, $shown, $command) = @ARGV;
my $refuse = sub {
    print STDERR "ospreyops: refused: @_\n";
    exit 123;
};

# A descriptor above this one is closed in what is started.
$^F = 9;
my $line;
open $line, "+<", "$folder/line" or open $line, "<", "$folder/line" or $refuse->("line: " . $^E);
$^F = 2;

# The line before may still be about to end, and lock_hold.pl tries the lock for a moment.
my $mine;
for (1 .. 100) {
    last if $mine = flock $line, $exclusive | $at_once;
    select undef, undef, undef, .05;
}
$refuse->("another line goes on, or it cannot be locked: " . $^E) unless $mine;

my $lock;
my $current = readlink("$folder/token") // "";
my $held = ($current eq $token and open $lock, "<", "$folder/lock" and not flock $lock, $shared | $at_once);
$refuse->("the lock is not held by this task any more") unless $held;
my $holder = <$lock> // "";
chomp $holder;
close $lock;

# This is for people who wait. Where it cannot be written, they are not told whose line it is.
my $note = sub {
    sysseek $line, 0, 0;
    truncate $line, 0;
    syswrite $line, join("\n", "@_", $holder, $shown) . "\n";
};
my $started = time;
$note->($started, $seconds, $$, 0);

# A signal to a terminal's group reaches the command, too. This process waits for the command in any case.
for my $signal (qw(INT TERM HUP)) {
    $SIG{$signal} = sub { };
}
my $child = fork // die;
unless ($child) {
    my $number = fileno $line;
    $command = "exec 9<&$number $number<&-; $command" if $number < 9;
    exec "/bin/sh", "-c", $command;
    exit 127;
}
$note->($started, $seconds, $$, $child);
# A handled signal interrupts the wait.
1 while waitpid($child, 0) < 0 and kill 0, $child;

# A command that was killed may have left processes that go on: they have the lock of the line until they end. So it is with
# a line that was killed (137, by limit.pl); one that another signal ended may have started what is to go on.
my $signal = $? & 127;
my $status = $signal ? 128 + $signal : $? >> 8;
unless ($signal or $status == 137) {
    truncate $line, 0;
    flock $line, $unlock;
}
exit $status;
