# Runs many shell lines at the same time, each under its own limit, and prints what they said.
#
# usage: perl ask.pl [NAMES SECONDS VAIN LINE]...
#   NAMES    of the line, or of its parts, with commas; after each part it prints its first argument on both outputs, and
#            behind that the exit status of the part on its standard output
#   VAIN     "NAME PATTERN": once the line of that name has ended well and printed that, this one is ended as if its time
#            was over; "" for never
#
# It prints one row for each line, or each of its parts:
#   NAME STATUS LATE OUTPUT. ERRORS.
# STATUS is the exit status, 128 + N when signal N ended the line, or -1 when its time was over. LATE is then 1, else 0.
# A part that the line did not come to the end of is late, too.
# OUTPUT and ERRORS are in hexadecimal. The dot is their end: a row without both dots was cut off.
#
# It loads no module: that takes milliseconds for each look.
use strict;

# Bytes of an output that are kept. The rest is read and dropped.
my $longest = 1048576;
my $wnohang = 1;

# Whose outputs are read, by the number of the descriptor, and those numbers as select takes them.
my (%questions, %sources);
my $watched = "";
my $forget = sub {
    my ($number) = @_;
    vec($watched, $number, 1) = 0;
    delete $sources{$number};
};
# Nobody whose words a line prints knows this.
my $mark = join "-", "ospreyops", $$, rand;

# Seconds since the start that no change of the clock moves: each turn of the loop below takes a part of a second, so a
# turn in which the clock goes back, or on by more than a second, counts as the clock was set in it.
my ($passed, $before) = (0, time);
my $seconds = sub {
    my $now = time;
    $passed += $now > $before ? 1 : 0;
    $before = $now;
    return $passed;
};

while (@ARGV) {
    my ($name, $limit, $vain, $line) = splice @ARGV, 0, 4;
    pipe my $out, my $out_writer;
    pipe my $err, my $err_writer;
    my $child = fork // die;
    unless ($child) {
        setpgrp;
        open STDIN, "<", "/dev/null";
        open STDOUT, ">&", $out_writer;
        open STDERR, ">&", $err_writer;
        close $_ for $out, $err, $out_writer, $err_writer;
        exec "/bin/sh", "-c", $line, "sh", $mark;
        exit 127;
    }
    # Both processes make the group: it must exist whichever of them runs first.
    setpgrp $child, $child;
    close $out_writer;
    close $err_writer;
    # The clock counts whole seconds. One more makes sure that no line gets less than its limit.
    my $end = $seconds->() + $limit + 1;
    my @vain = split / /, $vain, 2;
    $questions{$name} =
      {child => $child, end => $end, vain => \@vain, out => "", err => "", open => 2, late => 0, done => 0};
    for ([$out, "out"], [$err, "err"]) {
        my ($reader, $kind) = @$_;
        $sources{fileno $reader} = [$name, $kind, $reader];
        vec($watched, fileno $reader, 1) = 1;
    }
}

# A row is printed as soon as it is known: who waits is told what is still missing.
# It begins on a fresh line, whatever a login shell printed before it.
my $answer = sub {
    my ($names) = @_;
    my $question = delete $questions{$names};
    for my $other ($question->{status} ? () : values %questions) {
        my ($name, $pattern) = @{$other->{vain}};
        $other->{end} = 0 if defined $name and $name eq $names and $question->{out} =~ /$pattern/m;
    }
    my @errors = split /\n$mark\n/, $question->{err}, -1;
    my @parts = split /\n$mark ([0-9]+)\n/, $question->{out}, -1;
    for my $name (split /,/, $names) {
        my ($out, $status) = splice @parts, 0, 2;
        my @how = defined $status ? ($status, 0) : $names =~ /,/ ? (-1, 1) : @$question{qw(status late)};
        print "\n", join(" ", $name, @how, map { unpack("H*", $_ // "") . "." } $out, shift @errors), "\n";
    }
};

$| = 1;
while (my @left = keys %questions) {
    # With nothing left to read, this loop would wait for too long.
    my $count = select my $ready = $watched, undef, undef, %sources ? .1 : .01;
    for my $number ($count > 0 ? grep { vec $ready, $_, 1 } keys %sources : ()) {
        my ($name, $kind, $reader) = @{$sources{$number}};
        if (sysread $reader, my $part, 65536) {
            $questions{$name}{$kind} .= $part if length $questions{$name}{$kind} < $longest * (1 + $name =~ tr/,//);
        } else {
            $forget->($number);
            $questions{$name}{open}--;
        }
    }
    my $now = $seconds->();
    for my $name (@left) {
        my $question = $questions{$name};
        if (not defined $question->{status} and waitpid($question->{child}, $wnohang) > 0) {
            $question->{status} = $? & 127 ? 128 + ($? & 127) : $? >> 8;
        }
        # A line is done when it has ended and nobody holds its outputs any more.
        if (defined $question->{status} and not $question->{open}) {
            $question->{done} = 1;
        } elsif ($now >= $question->{end}) {
            kill -9, $question->{child};
            $question->{status} = -1;
            $question->{late} = $question->{done} = 1;
            $forget->($_) for grep { $sources{$_}[0] eq $name } keys %sources;
        }
        $answer->($name) if $question->{done};
    }
}
