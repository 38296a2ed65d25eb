# Keeps an archive decoded on the host, and has gate.pl read that the next time: bzip2 takes most of a load.
#
# usage: perl -e DECODED -e GATE FOLDER FILE IMAGE ARCHITECTURE ... | docker load
#   FOLDER  where it is kept: a file for each release, VERSION_ARCHIVE_SHA256.tar, and VERSION_ARCHIVE.PID.part while it is
#           written. ARCHIVE is what tells FILE from any other, also from one that was put in its place.
#
# What is kept is summed while it is passed on. Docker gets the names in it after that, and only if the sum is right.
# It is written and flushed while the archive is decoded, and what Docker wrote is then flushed as fast as ever. It is summed
# after that: the decoder leaves no processor free, and Docker, which unpacks then, does.
# Two releases are kept, and none where less room would be left than the disk has to keep.
use strict;
use warnings;
use IO::Handle;

{
    # For gate.pl: the file that is read instead of the archive; whether its sum is right; what goes before, with and after the
    # decoding; and what forgets all of it.
    our ($kept, $is_whole, $begin, $add, $finish, $drop);
    my $place = shift @ARGV;
    my ($archive, $version) = ($ARGV[0], $ARGV[1] =~ /([0-9.]+)$/);
    # Bytes that stay free on the disk, bytes between two looks at that, and how many releases are kept.
    my ($least, $pace, $most) = (5000000000, 67108864, 2);
    my $key = join "-", map { sprintf "%x", $_ } (stat $archive)[1, 7, 9, 10];
    my ($part, $out, $flusher);
    my ($written, $looked) = (0, 0);

    my $names = sub {
        opendir my $entries, $place or return;
        return grep { /^[0-9.]+_/ } readdir $entries;
    };
    # The newest first.
    my $whole = sub {
        my %since = map { $_ => (stat "$place/$_")[9] // 0 } grep { /\.tar$/ } $names->();
        return sort { $since{$b} <=> $since{$a} or $a cmp $b } keys %since;
    };
    # Which one works is tried before: the first to read would leave nothing for the next.
    my @tools = ("openssl dgst -sha256 -r", "sha256sum", "shasum -a 256");
    my $line = join "; ", "exec 2>/dev/null <\x22\$1\x22", map { "$_ </dev/null >/dev/null && exec $_" } @tools;
    my $summing = sub {
        my ($file) = @_;
        open my $process, "-|", "sh", "-c", $line, "sh", $file or return;
        return $process;
    };
    my $summed = sub {
        my ($process) = @_;
        return $process && (<$process> // "") =~ /^([0-9a-f]{64})/ ? $1 : "";
    };
    # Docker writes as much again.
    my $room = sub {
        open my $shown, "-|", "df", "-Pk", $place or return 0;
        my ($free) = join("", <$shown>) =~ /\s([0-9]+)\s+[0-9]+%\s/;
        return defined $free && $free * 1024 - $written - $pace >= $least;
    };

    unlink map { "$place/$_" } grep { /\.part$/ } $names->();
    if (my ($name) = grep { /^\Q${version}_$key\E_[0-9a-f]{64}\.tar$/ } $names->()) {
        $kept = "$place/$name";
        utime undef, undef, $kept;
        my $process = $summing->($kept);
        $is_whole = sub { return "${version}_${key}_" . $summed->($process) . ".tar" eq $name };
    }

    # A process that flushes the file once a second, until it is told to end, or this one has ended.
    my $flushing = sub {
        my ($file) = @_;
        pipe my $input, my $end;
        my $child = fork // return;
        return $end if $child;
        close $_ for $end, *STDOUT, *STDERR;
        while (1) {
            vec(my $ended = "", fileno $input, 1) = 1;
            exit if select $ended, undef, undef, 1;
            $file->sync;
        }
    };

    $drop = sub {
        unlink grep { defined } $part, $kept;
        ($part, $out, $flusher) = ();
    };
    $begin = sub {
        mkdir $place, 0700;
        my $fits = $room->();
        my @others = $whole->();
        my @stay = $fits ? grep { not /^\Q${version}_/ } @others : ();
        my %stays = map { $_ => 1 } splice @stay, 0, $most - 1;
        unlink map { "$place/$_" } grep { not $stays{$_} } @others;
        return unless $fits;
        my $file = "$place/${version}_$key.$$.part";
        open $out, ">", $file or return;
        binmode $out;
        ($part, $flusher) = ($file, $flushing->($out));
    };
    # The bytes of the buffer from there on.
    $add = sub {
        return unless $part;
        my $length = length($_[0]) - $_[1];
        $written += $length;
        if ($written > $looked) {
            $looked += $pace;
            $room->() or return $drop->();
        }
        my $from = $_[1];
        while ($from < length $_[0]) {
            $from += syswrite($out, $_[0], length($_[0]) - $from, $from) || return $drop->();
        }
    };
    $finish = sub {
        return unless $part;
        close $flusher if $flusher;
        my $flushed = $out->sync && close $out;
        my $found = $summed->($summing->($part));
        $flushed and $found and $room->() or return $drop->();
        rename $part, "$place/${version}_${key}_$found.tar" or $drop->();
    };
}
