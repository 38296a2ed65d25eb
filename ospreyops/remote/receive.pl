# Appends its input to a file, until the input ends or stays silent. A line beside it gets all that the file has then.
#
# usage: perl receive.pl SECONDS FILE LINE
#   SECONDS  how long the input may be silent
#   LINE     what its input is: first what the file has already, then what arrives; its output is on the standard error
#
# A computer that sleeps leaves its connection open. What it sends to must not wait for it for hours.
# The line gets a piece once that is written: it never knows of more than the file has.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;

my ($seconds, $file, $line) = @ARGV;
my $size = 65536;
my $part;
open my $out, ">>", $file or die "it cannot be written: " . $^E . "\n";
open my $there, "<", $file or die "it cannot be read: " . $^E . "\n";

# A line that has ended is no reason to end.
$SIG{PIPE} = "IGNORE";
open STDOUT, ">&STDERR";
open my $beside, "|-", $line or die "no line can be started: " . $^E . "\n";
while (sysread $there, $part, $size) {
    syswrite $beside, $part;
}

$SIG{ALRM} = sub { die "nothing was received for $seconds s\n" };
alarm $seconds;
while (sysread STDIN, $part, $size) {
    alarm $seconds;
    my $begin = 0;
    while ($begin < length $part) {
        $begin += syswrite($out, $part, $size, $begin) // die "it cannot be written: " . $^E . "\n";
    }
    syswrite $beside, $part;
}
alarm 0;
close $out or die "it cannot be written: " . $^E . "\n";
close $beside;
