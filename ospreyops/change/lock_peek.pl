# Tells who holds the lock of a host.
#
# usage: perl lock_peek.pl, in the folder of the file lock
#
# It prints "free", or a line:
#   held SECONDS ALIVE HOLDER
# SECONDS have passed since the last heartbeat. ALIVE is 1 when the process that HOLDER names runs lock_hold.pl, else 0.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;
use warnings;
use Fcntl qw(:flock);
use Errno qw(ENOENT);

my $lock;
unless (open $lock, "<", "lock") {
    die "lock: " . $^E . "\n" unless $^E == ENOENT;
    print "free\n";
    exit;
}
if (flock $lock, LOCK_SH | LOCK_NB) {
    print "free\n";
    exit;
}

my $holder = <$lock> // "";
chomp $holder;
my ($process) = $holder =~ /"perl":(\d+)/;
# lock_hold.pl runs as `perl -e TEXT`, and its text names the history. Another process with that number does not.
my $command = $process ? qx(ps -ww -o args= -p $process) : "";
my $alive = index($command, "history.jsonl") < 0 ? 0 : 1;
my $heartbeat = (stat $lock)[9];
print "held ", time - $heartbeat, " $alive $holder\n";
