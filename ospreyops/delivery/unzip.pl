# Decodes bzip2 from its input to its output on all processors: what lbzip2 does, by bzip2 alone.
#
# usage: perl unzip.pl [BYTES] <FILE
#   BYTES  of a piece at least
#
# A file is cut where a block begins; a mark tells that, at any bit. A piece gets a header and an end of its own, so bzip2
# decodes and checks it. The pieces are passed on in their order.
# What is cut off or damaged ends with another status than 0, and some of it may have been passed on.
use strict;
use warnings;

my $step = $ARGV[0] // 1048576;
my ($block, $end) = map { unpack "B*", pack "H*", $_ } "314159265359", "177245385090";
my $workers = (`getconf _NPROCESSORS_ONLN 2>/dev/null` // "") =~ /^([0-9]+)/ ? $1 : 2;
# Each takes some 30 MB.
$workers = 8 if $workers > 8;
binmode STDIN;
binmode STDOUT;

# Where a mark is in the bytes from FROM on, in bits. In each way that it may lie, it has five whole bytes.
my $places = sub {
    my ($mark, $from) = @_;
    my @found;
    for my $lead (0 .. 7) {
        my $bytes = pack "B40", substr $mark, $lead, 40;
        my $at = $from - 1;
        while (($at = index $_[2], $bytes, $at + 1) >= 0) {
            my $bit = $at * 8 - $lead;
            next if $bit < 0;
            push @found, $bit if $mark eq substr unpack("B*", substr $_[2], $bit >> 3, 7), $bit & 7, 48;
        }
    }
    return sort { $a <=> $b } @found;
};
my $bits = sub {
    my ($from, $to) = @_;
    return substr unpack("B*", substr $_[2], $from >> 3, ($to >> 3) - ($from >> 3) + 1), $from & 7, $to - $from;
};

# The bytes, each bit that many places further to the front. tr takes all bytes at once, and is compiled for each way.
my @shifted = (undef, map {
    my $by = $_;
    my ($here, $next) = map { my $way = $_; join "", map { sprintf "\\x%02x", 255 & $way->($_) } 0 .. 255 }
        sub { $_[0] * 2 ** $by }, sub { $_[0] >> 8 - $by };
    my $all = "tr/\\x00-\\xff/";
    eval "sub { return (\$_[0] =~ $all$here/r) | (substr(\$_[0], 1) =~ $all$next/r) }";
} 1 .. 7);
# From bit to bit of the bytes: as many whole ones as there are, and the bits that are left.
my $bytes = sub {
    my ($from, $to) = @_;
    my ($by, $count) = ($from & 7, $to - $from >> 3);
    my $part = substr $_[2], $from >> 3, $count + 1;
    $part = $shifted[$by]->($part) if $by;
    return substr($part, 0, $count), $bits->($from + $count * 8, $to, $_[2]);
};

# The piece from bit to bit of the bytes, as files that are whole. A stream may end in it, and another begin.
my $whole = sub {
    my ($from, $to) = @_;
    my %ends = map { $_ => 1 } $places->($end, 0, $_[2]);
    my @marks = grep { $_ >= $from and $_ < $to } sort { $a <=> $b } keys %ends, $places->($block, 0, $_[2]);
    my ($made, $begin, $next, $sum) = ("", $from, $from, 0);
    for my $at (@marks, $to) {
        exit 1 unless $at == ($next // $at);
        if ($at < $to and not $ends{$at}) {
            ($begin, $next) = ($next // $begin, undef);
            $sum = (($sum * 2 & 0xffffffff) | $sum >> 31) ^ oct "0b" . $bits->($at + 48, $at + 80, $_[2]);
            next;
        }
        unless (defined $next) {
            my ($most, $rest) = $bytes->($begin, $at, $_[2]);
            $made .= "BZh9$most" . pack "B*", $rest . $end . sprintf "%032b", $sum;
        }
        ($next, $sum) = (($at + 87 >> 3) * 8 + 32, 0);
    }
    return $made;
};

# What is decoded: a pipe, what was read of it, and whether more comes. Only the first one's goes on to the output; of each
# other one, so much is kept: a few bytes may be decoded to gigabytes.
my @going;
my ($most, $wide) = (8388608, 1);
my $take = sub {
    my $first = $going[0];
    while (1) {
        print STDOUT $first->[1] or exit 1;
        $first->[1] = "";
        last unless $first->[2];
        my $ready = "";
        vec($ready, fileno $_->[0], 1) = 1 for grep { $_->[2] and length $_->[1] < $most } @going;
        # bzip2 writes 4 kB at a time. Where its pipe takes more, this process leaves it the processor until there is more.
        select undef, undef, undef, 0.005 if $wide;
        select $ready, undef, undef, undef;
        for my $one (grep { $_->[2] and vec $ready, fileno $_->[0], 1 } @going) {
            $one->[2] = sysread $one->[0], $one->[1], $step, length $one->[1];
        }
    }
    shift @going;
    close $first->[0] or exit 1;
};
my $give = sub {
    my ($from, $to) = @_;
    my $process = open(my $pipe, "-|") // exit 1;
    unless ($process) {
        my $made = $whole->($from, $to, $_[2]);
        exit 0 unless length $made;
        open my $decoder, "|-", "bzip2", "-dc" or exit 1;
        binmode $decoder;
        print $decoder $made;
        exit(close $decoder ? 0 : 1);
    }
    binmode $pipe;
    # Linux's F_SETPIPE_SZ; elsewhere it is refused, and so where a user has many wide ones.
    $wide &&= fcntl $pipe, 1031, 1048576;
    push @going, [$pipe, "", 1];
    $take->() if @going > $workers;
};

# The first block follows the header, and the next piece begins at that bit of the bytes that are left.
my ($buffer, $from, $more) = ("", 32, 1);
while ($more) {
    my $had = length $buffer;
    $more = sysread STDIN, $buffer, $step, length $buffer;
    last unless $more;
    next if length $buffer < $step;
    my ($to) = grep { $_ > $from } $places->($block, $had > 6 ? $had - 6 : 0, $buffer);
    next unless defined $to;
    $give->($from, $to, $buffer);
    substr $buffer, 0, $to >> 3, "";
    $from = $to & 7;
}
my ($last) = reverse $places->($end, 0, $buffer);
exit 1 unless defined $last and $last >= $from and length $buffer >= $last + 87 >> 3;
# What follows the last stream is none of bzip2's business, unless it begins as another stream.
exit 1 if "B" eq substr $buffer, $last + 87 >> 3, 1;
$give->($from, $last, $buffer) if $last > $from;
$take->() while @going;
