# Passes an image archive on to `docker load` as a plain tar, and what names its images last, once it was read.
#
# usage: perl gate.pl FILE IMAGE ARCHITECTURE [UNZIP [ABOUT INDEX MANIFEST LAYER ...]] | docker load
#   FILE          the archive: a tar, plain or compressed in a way that its first bytes tell
#   IMAGE         the only name that it may give, as osprey/service:0.3
#   ARCHITECTURE  of the engine, in its own word (amd64); may be empty
#   UNZIP         unzip.pl, for bzip2 decodes on one processor alone; or empty
#   ABOUT ...     the image's descriptions in the OCI layout, to be written in the place of those in the classic one; or
#                 empty. "size":"DIGEST" in them becomes the size of that blob, "digest":"about" the digest of ABOUT.
#   LAYER         DIGEST=MEMBER, one that is passed on, or -DIGEST=MEMBER, one that Docker has and that is left out
#
# Docker gives no name before it has read to the end. So the members with names in them (manifest.json, index.json,
# repositories) are kept back until the whole archive was read, in one pass. Then either they follow, or the tar
# ends in the middle of a member, and Docker takes nothing.
#
# On its standard error is then one line: "gate: image ID", "gate: other WHY", "gate: damaged WHY", "gate: unread WHY",
# "gate: odd WHY" where no part of the archive will do, but the whole may, or "gate: stale WHY" where what decoded.pl kept of
# the archive was not to be passed on, and was removed.
# Before it are lines "ospreyops: N of M": so many bytes of the archive are read. The program that decodes it reads from
# the same open file, whose position tells, on a Mac as on Linux.
use strict;
use warnings;

# Of decoded.pl, where that goes before this program.
our ($kept, $is_whole, $begin, $add, $finish, $drop);
my ($file, $image, $engine, $unzip, $about, $listing, $given, @layers) = @ARGV;
my $classic = length($about // "");
my (%needed, %left_out, %sizes);
for my $layer (@layers) {
    my ($out, $digest, $name) = $layer =~ /^(-?)([^=]*)=(.*)$/s;
    ($out ? \%left_out : \%needed)->{$name} = $digest;
}
# Bytes of the biggest member that is kept: a configuration is far smaller.
my $most = 4194304;
my $step = 1048576;
# A header was passed on, and not all of its content yet.
my $within = 0;
my (%texts, @last);

my $header_of = sub {
    my ($name, $size) = @_;
    my @numbers = ("0000644", ("0000000") x 2, sprintf("%011o", $size), "00000001000", " " x 8);
    my $header = pack "a100a8a8a8a12a12a8a1a355", $name, @numbers, 0, "";
    substr $header, 148, 8, sprintf "%06o\x00 ", unpack "%32C*", $header;
    return $header;
};

# A header of a member whose content never comes: the tar that ends with it is a broken one to every reader.
my $end = sub {
    print STDERR $kept ? "gate: stale $kept is damaged\n" : "gate: @_\n";
    $drop->() if $drop;
    print STDOUT $header_of->("broken", 512) unless $within;
    close STDOUT;
    exit 3;
};

open my $raw, "<", $kept // $file or $end->("unread $file cannot be opened");
binmode $raw;
binmode STDOUT;
# Linux's F_SETPIPE_SZ, for fewer switches between the programs; elsewhere it is refused.
my $widen = sub { fcntl $_[0], 1031, 1048576 };
$widen->(*STDOUT);
sysread $raw, my $first, 512;
my $python = "import sys,%s,shutil;shutil.copyfileobj(%s.open(sys.stdin.buffer),sys.stdout.buffer)";
my @kinds = (
    ["^BZh[1-9]", "bzip2", [qw(lbzip2 -dc)], [qw(bzip2 -dc)], ["python3", "-c", sprintf $python, "bz2", "bz2"]],
    ["^\\x1f\\x8b", "gzip", [qw(pigz -dc)], [qw(gzip -dc)]],
    ["^\\xfd7zXZ\\x00", "xz", [qw(xz -dc)], ["python3", "-c", sprintf $python, "lzma", "lzma"]],
    ["^\\x28\\xb5\\x2f\\xfd", "zstd", [qw(zstd -dc)], [qw(unzstd -c)]],
);
my $source = $raw;
my ($packed, $decoder);
for my $kind (@kinds) {
    my ($begin, $name, @tools) = @$kind;
    next unless $first =~ /$begin/s;
    my ($tool) = grep { my $word = $_->[0]; grep { -x "$_/$word" } split /:/, $ENV{PATH} } @tools;
    $end->("unread $name is not installed, and the archive is compressed with it") unless $tool;
    $packed = $tool->[0] eq "bzip2" && length($unzip // "") ? ["perl", "-e", $unzip] : $tool;
}
# Always by the system's own calls: Perl's would read ahead of what the decoder gets.
sysseek $raw, 0, 0;
if ($packed) {
    pipe my $reader, my $decoded;
    $widen->($reader);
    $source = $reader;
    $decoder = fork // $end->("unread $packed->[0] cannot be started");
    unless ($decoder) {
        open STDIN, "<&", $raw;
        open STDOUT, ">&", $decoded;
        close $_ for $raw, $source, $decoded;
        exec @$packed;
        exit 127;
    }
    close $decoded;
    binmode $source;
    $begin->() if $begin and not $kept;
}

my $total = -s $raw;
my $told = 0;
my $tell = sub {
    return if time == $told;
    $told = time;
    printf STDERR "ospreyops: %d of %d\n", sysseek($raw, 0, 1), $total;
};

my $buffer = "";
my $fill = sub {
    my ($count) = @_;
    $tell->();
    while (length $buffer < $count) {
        my $had = length $buffer;
        last unless sysread $source, $buffer, $step, $had;
        $add->($buffer, $had) if $add;
    }
    return length $buffer >= $count;
};
my $octal = sub {
    my ($text) = @_;
    return $text =~ /^\s*([0-7]+)/ ? oct $1 : 0 unless "\x80" eq substr $text, 0, 1;
    my $sum = 0;
    $sum = $sum * 256 + $_ for unpack "C*", substr $text, 4;
    return $sum;
};

while (1) {
    $fill->(512) or $end->("damaged it ends too early");
    my $header = substr $buffer, 0, 512, "";
    last if $header =~ /^\x00*$/;
    my $blank = $header;
    substr $blank, 148, 8, " " x 8;
    $end->("damaged it is not a tar") unless $octal->(substr $header, 148, 8) == unpack "%32C*", $blank;
    my ($name, $kind) = (unpack("Z100", $header), substr $header, 156, 1);
    my $prefix = $header =~ /^.{257}ustar\x00/s ? unpack "x345Z155", $header : "";
    $name = "$prefix/$name" if length $prefix;
    $name =~ s{^\./}{};
    my $size = $octal->(substr $header, 124, 12);
    $size = 0 if $kind =~ /[1-6]/;
    my $padded = $size + (-$size % 512);
    if (@layers and $kind =~ /[gxKLS]/) {
        my $odd = $kind ne "x" || $size > $most;
        $odd or $fill->($padded) or $end->("damaged it ends too early");
        $odd ||= grep { not /^[0-9]+ [amc]time=/ } split /\n/, substr $buffer, 0, $size;
        $end->("odd it has more to say of a member") if $odd;
        substr $buffer, 0, $padded, "";
        next;
    }
    my $plain = $kind =~ /[0\x00]/;
    my $names = $plain && $name =~ /^(manifest\.json|index\.json|repositories)$/;
    my $layer = $plain ? $needed{$name} // $left_out{$name} : undef;
    my $passed = not $classic;
    if (defined $layer) {
        $passed = $needed{$name} && not defined $sizes{$layer};
        $sizes{$layer} = $size;
        $header = $header_of->("blobs/" . $layer =~ tr{:}{/}r, $size) if $classic;
    } elsif ($names or ($plain and $size <= $most and $name =~ m{^([^/]+\.json|blobs/sha256/[0-9a-f]+)$})) {
        $end->("other its $name is too big") if $size > $most;
        $fill->($padded) or $end->("damaged it ends too early");
        my $content = substr $buffer, 0, $padded, "";
        my $text = substr $content, 0, $size;
        $texts{$name} = $text if $names or $text =~ /^\s*\{/;
        if ($names) {
            push @last, $header, $content;
        } elsif ($passed) {
            print STDOUT $header, $content;
        }
        next;
    }
    print STDOUT $header if $passed;
    $within = $passed;
    while ($padded) {
        $fill->($padded < $step ? $padded : $step) or $end->("damaged it ends too early");
        my $part = substr $buffer, 0, $padded, "";
        $padded -= length $part;
        print STDOUT $part if $passed;
    }
    $within = 0;
}

# What follows the end is read, for only then the other program tells whether it could decode all.
$buffer = "";
1 while sysread $source, $buffer, $step;
close $source if $packed;
waitpid $decoder, 0 if $packed;
$told = 0;
$tell->();
$end->("damaged it cannot be decoded") if $packed and $?;

# The names that Docker would give, from either layout.
my ($manifest, $index) = map { $texts{$_} // "" } "manifest.json", "index.json";
my $string = "\x22([^\x22\\\\]*+(?:\\\\.[^\x22\\\\]*+)*+)\x22";
my %given;
for my $list ($manifest =~ /\x22RepoTags\x22\s*:\s*\[([^\]]*)\]/g) {
    $given{$_} = 1 for $list =~ /$string/g;
}
$given{$_} = 1 for $index =~ /\x22io\.containerd\.image\.name\x22\s*:\s*$string/g;
my ($repository, $tag) = $image =~ /^(.*):([^:]*)$/;
for my $short ($index =~ /\x22org\.opencontainers\.image\.ref\.name\x22\s*:\s*$string/g) {
    $given{$short =~ m{[/:]} ? $short : "$repository:$short"} = 1;
}
my %known = map { s{^docker\.io/(library/)?}{}; ($_, 1) } keys %given;
my @others = grep { $_ ne $image } sort keys %known;
$end->("other it has neither manifest.json nor index.json") unless length "$manifest$index";
$end->("other it holds " . (join(", ", @others) || "no image with a name") . ", not $image") unless $known{$image};
$end->("other it also holds " . join ", ", @others) if @others;

# The configurations, and what they say on their uppermost level: a label may have the same key.
my @configs = $manifest =~ /\x22Config\x22\s*:\s*$string/g;
$end->("other it holds " . @configs . " images") if @configs > 1;
my $known = @configs;
@configs = grep { $texts{$_} =~ /\x22rootfs\x22/ and /^blobs/ } sort keys %texts unless @configs;
my @built;
for my $config (@configs) {
    my $text = $texts{$config} // $end->("damaged it has no $config");
    $text =~ s/$string/my $word = $1; $word =~ tr({}[])()d; "\x22$word\x22"/ge;
    $text =~ s/^\s*\{|\}\s*$//g;
    1 while $text =~ s/\{[^{}]*\}|\[[^\[\]]*\]//g;
    push @built, $1 if $text =~ /\x22architecture\x22\s*:\s*$string/ and $1 ne "unknown";
}
if (length $engine and @built and not grep { $_ eq $engine } @built) {
    $end->("other it is built for $built[0], and Docker is on $engine");
}

my ($id) = $known ? $configs[0] =~ /([0-9a-f]{64})/ : ();
$end->("odd it lacks the layer $_") for grep { not defined $sizes{$_} } sort values %needed;
if ($classic) {
    my $config = $texts{$configs[0]};
    $sizes{"sha256:$id"} = length $config;
    for ($about, $listing) {
        s/(?<=\x22size\x22:)\x22([^\x22]*)\x22/$sizes{$1} \/\/ $end->("odd it lacks the layer $1")/ge;
        $sizes{about} = length $about;
    }
    my @sum = ("sh", "-c", "printf %s \x22\$1\x22 | { sha256sum || shasum -a 256; } 2>/dev/null", "sh", $about);
    open my $summed, "-|", @sum or $end->("odd nothing here tells a sha256");
    my ($sum) = (<$summed> // "") =~ /^([0-9a-f]{64})/ or $end->("odd nothing here tells a sha256");
    $listing =~ s/\x22about\x22/\x22sha256:$sum\x22/;
    my $layout = "{\x22imageLayoutVersion\x22:\x221.0.0\x22}";
    my @blobs = (["blobs/sha256/$id", $config], ["blobs/sha256/$sum", $about], ["oci-layout", $layout]);
    @last = map {
        ($header_of->($_->[0], length $_->[1]), $_->[1], "\x00" x (-length($_->[1]) % 512));
    } @blobs, ["index.json", $listing], ["manifest.json", $given];
}
$end->() if $kept and not $is_whole->();
print STDOUT @last, "\x00" x 1024;
close STDOUT or $end->("damaged Docker did not take all");
print STDERR "gate: image " . ($id ? "sha256:$id" : "-") . "\n";
$finish->() if $finish;
