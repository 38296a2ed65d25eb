# Ends the process that holds the lock of a host.
#
# usage: perl lock_end.pl PROCESS, in the folder of the file lock
#
# It ends only a process that holds the lock. When the lock is free, there is nothing to do.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;
use warnings;
use Fcntl qw(:flock);

my ($process) = @ARGV;
open my $lock, "<", "lock" or die "lock: " . $^E . "\n";

# The lock is free within so many tenths of a second.
my $free_within = sub {
    for (1 .. shift) {
        return 1 if flock $lock, LOCK_SH | LOCK_NB;
        select undef, undef, undef, .1;
    }
    return 0;
};

exit if $free_within->(1);
my $holder = <$lock> // "";
die "another holds it now\n" if index($holder, qq("perl":$process})) < 0;
# A number is given to another process once its own has ended. The text of lock_hold.pl names the history.
my $command = qx(ps -ww -o args= -p $process);
die "process $process does not hold it\n" if index($command, "history.jsonl") < 0;

for (qw(TERM KILL)) {
    kill $_, $process;
    exit if $free_within->(20);
}
die "process $process does not end\n";
