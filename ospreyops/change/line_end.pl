# Ends a line that goes on though its task has lost the lock of the host.
#
# usage: perl line_end.pl PROCESS, in the folder of the file line
#   PROCESS  runs limit.pl, which ends all that the line has started
#
# It ends only a process that guard.pl noted and that runs limit.pl. When no line goes on, there is nothing to do.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;
use warnings;
use Fcntl qw(:flock);

my ($process) = @ARGV;
open my $line, "<", "line" or die "line: " . $^E . "\n";

# No line goes on within so many tenths of a second.
my $free_within = sub {
    for (1 .. shift) {
        return 1 if flock $line, LOCK_SH | LOCK_NB;
        select undef, undef, undef, .1;
    }
    return 0;
};

exit if $free_within->(1);
my $noted = <$line> // "";
die "another line goes on now\n" unless $noted =~ /^\d+ \d+ \d+ $process$/;
my $command = qx(ps -ww -o args= -p $process);
die "process $process does not run it\n" unless $command =~ /^perl .*ended at its limit/s;
kill "TERM", $process or die "process $process cannot be ended: " . $^E . "\n";
exit if $free_within->(100);
die "what process $process started does not end\n";
