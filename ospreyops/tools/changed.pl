# Prints a line each time that one of some files changes, comes or goes. Ends when a process has ended, or its own input.
#
# usage: perl changed.pl PID FILE...
#   PID  of the process; 0 for none
#
# It looks twice a second: that costs next to nothing, and every system tells it in the same way.
# It loads no module: that takes milliseconds for each line. The number of the error is this one on every system.
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;

my ($pid, @files) = @ARGV;
my $gone = 3;
my $seen = sub { join "\n", map { join ",", (stat)[1, 7, 9] } @files };
my $before = $seen->();

$| = 1;
print "begun\n";
while (1) {
    vec(my $input = "", fileno STDIN, 1) = 1;
    exit if select $input, undef, undef, .5;
    exit if $pid and not kill 0, $pid and $^E == $gone;
    my $now = $seen->();
    print "changed\n" if $now ne $before;
    $before = $now;
}
