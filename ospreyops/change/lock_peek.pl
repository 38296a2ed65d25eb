# Tells who holds the lock of a host, and which line goes on.
#
# usage: perl lock_peek.pl, in the folder of the files lock and line
#
# It prints "free", or a row:
#   held SECONDS ALIVE HOLDER
# SECONDS have passed since the last heartbeat. ALIVE is 1 when the process that HOLDER names runs lock_hold.pl, else 0.
# While a line goes on, it prints a row "line" with what guard.pl noted of it, separated by tabs.
#
# A file of an older version, which everybody could open, counts only while the holder is heard of, or until the line has
# reached its limit: lock_hold.pl replaces it then.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;
use warnings;
use Fcntl qw(:flock);
use Errno qw(ENOENT);

# The file, if somebody holds its lock; else nothing.
my $held = sub {
    my ($name) = @_;
    unless (open my $file, "<", $name) {
        die "$name: " . $^E . "\n" unless $^E == ENOENT;
        return;
    } else {
        return if flock $file, LOCK_SH | LOCK_NB;
        my ($mode, $begin) = (stat $file)[2, 9];
        return $file unless $mode & 077;
        my $limit = 0;
        ($begin, $limit) = (<$file> // "") =~ /^([0-9]+) ([0-9]+) [0-9]+ [0-9]+$/ if $name eq "line";
        seek $file, 0, 0;
        return unless defined $begin and time >= $begin - 60 and time <= $begin + $limit + 60;
        return $file;
    }
};

# Seconds that no change of the clock moves, as lock_hold.pl counts them.
my $seconds = sub { time };
if (eval { require Time::HiRes; Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) }) {
    $seconds = sub { Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) };
} elsif (eval { require POSIX; POSIX::sysconf(POSIX::_SC_CLK_TCK()) }) {
    $seconds = sub { (POSIX::times())[0] / POSIX::sysconf(POSIX::_SC_CLK_TCK()) };
}

my $lock = $held->("lock");
if ($lock) {
    my $holder = <$lock> // "";
    chomp $holder;
    # An older version of lock_hold.pl tells the time of the last heartbeat by the file's own.
    my $beat = <$lock> // "";
    my $silent = $beat =~ /^[0-9]+[.][0-9]+$/ ? $seconds->() - $beat : time - (stat $lock)[9];
    my ($process) = $holder =~ /"perl":(\d+)/;
    # lock_hold.pl runs as `perl -e TEXT`, and its text names the history. Another process with that number does not.
    my $command = $process ? qx(ps -ww -o args= -p $process) : "";
    my $alive = index($command, "history.jsonl") < 0 ? 0 : 1;
    print "held ", int $silent, " $alive $holder\n";
} else {
    print "free\n";
}
my $line = $held->("line");
if ($line) {
    chomp(my @noted = <$line>);
    print "line ", join("\t", @noted), "\n";
}
