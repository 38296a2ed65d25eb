# Copies its input to its output, until the input ends or stays silent.
#
# usage: perl receive.pl SECONDS
#   SECONDS  how long the input may be silent
#
# A computer that sleeps leaves its connection open. What it sends to must not wait for it for hours.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;

my ($seconds) = @ARGV;
$SIG{ALRM} = sub { die "nothing was received for $seconds s\n" };
alarm $seconds;
while (sysread STDIN, my $part, 65536) {
    alarm $seconds;
    while (length $part) {
        my $written = syswrite(STDOUT, $part) // die "it cannot be written: " . $^E . "\n";
        substr $part, 0, $written, "";
    }
}
