# Keeps an archive decoded on the host, and has gate.pl read that the next time: bzip2 takes most of a load.
#
# usage: perl -e DECODED -e GATE FOLDER FILE IMAGE ARCHITECTURE ... | docker load
#   FOLDER  where it is kept: a file for each release, VERSION_ARCHIVE_SHA256.tar, and VERSION_ARCHIVE.PID.part while it is
#           written. ARCHIVE is what tells FILE from any other, also from one that was put in its place.
#
# What is kept is summed while it is passed on. Docker gets the names in it after that, and only if the sum is right.
# It is written while the archive is decoded, then flushed and summed while Docker unpacks the layers. So a load takes no
# longer, and what Docker wrote is flushed as fast as ever.
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
    my ($part, $out);
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
    my $summing = sub {
        my ($file) = @_;
        my $line = "{ openssl dgst -sha256 -r || sha256sum || shasum -a 256; } 2>/dev/null <\x22\$1\x22";
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

    $drop = sub {
        unlink grep { defined } $part, $kept;
        ($part, $out) = ();
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
        $part = $file;
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
        my $done = syswrite $out, $_[0], $length, $_[1];
        $drop->() unless defined $done and $done == $length;
    };
    $finish = sub {
        return unless $part;
        my $flushed = $out->sync && close $out;
        my $sum = $summed->($summing->($part));
        $flushed and $sum and $room->() or return $drop->();
        rename $part, "$place/${version}_${key}_$sum.tar" or $drop->();
    };
}
