# Tells whether others may change what a user runs, or where a user writes.
#
# usage: perl own.pl tell PATH...    a row for each path that others than root may change, or others than root and this user
#        perl own.pl check PATH      fails with status 121 where others than root and this user may change it
#        perl own.pl root PATH       the same, where this user is root; else it passes
#
# A row is "root" or "own", the path that was given, and the name that others may change, separated by tabs.
#
# Each name on the way to a path counts, with each link, and what lies in a folder up to two levels down: its owner is
# trusted, and nobody else may write. In a sticky folder on the way, others cannot move what is not theirs. What is not
# there yet is fine, unless others may make it.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
# It loads no module: that takes milliseconds for each line.
use strict;

my ($how, @paths) = @ARGV;
my ($absent, $kind, $link, $folder, $sticky) = (2, 0170000, 0120000, 0040000, 01000);
my ($me, $links);

# The group has nobody in it but this user.
my $alone = sub {
    my ($group, $members) = (getgrgid shift)[0, 3];
    my $name = getpwuid $me;
    return (defined $group and defined $name and $group eq $name and ($members eq "" or $members eq $name));
};
my $trusted = sub {
    my ($user) = @_;
    return ($user == 0 or $user == $me);
};
my $written = sub {
    my ($mode, $group) = @_;
    return ($mode & 02 or ($mode & 020 and not $alone->($group)));
};

# The first name that others may change on the way to a path, or so many levels below it; "" without one.
my $changed;
$changed = sub {
    my ($path, $levels) = @_;
    my @left = split "/", $path;
    my ($at, $shared) = ("", "");
    while (1) {
        my $name = $at eq "" ? "/" : $at;
        my @is = lstat $name;
        return $^E == $absent ? $shared : $name unless @is;
        my ($mode, $user, $group) = @is[2, 4, 5];
        @left = grep { $_ ne "" and $_ ne "." } @left;
        return $name unless $trusted->($user);
        if (($mode & $kind) == $link) {
            return $name if $links++ > 40;
            my $target = readlink $name;
            $at = $target =~ m{^/} ? "" : $at =~ s{/[^/]*$}{}r;
            unshift @left, split "/", $target;
            next;
        }
        $shared = $written->($mode, $group) ? $name : "";
        return $shared if $shared ne "" and not (@left and $mode & $sticky);
        if (@left) {
            my $next = shift @left;
            $at = $next eq ".." ? $at =~ s{/[^/]*$}{}r : "$at/$next";
            next;
        }
        return "" unless $levels and ($mode & $kind) == $folder;
        # What may not be read may be read by root, who checks it again before a line begins.
        opendir my $entries, $name or return $how eq "tell" ? "" : $name;
        for my $entry (sort grep { $_ ne "." and $_ ne ".." } readdir $entries) {
            my $found = $changed->("$name/$entry", $levels - 1);
            return $found if $found ne "";
        }
        return "";
    }
};
my $of = sub {
    (my $path, $me) = @_;
    $links = 0;
    return $changed->($path, 2) =~ tr/\n\t/??/r;
};

if ($how eq "tell") {
    for my $path (@paths) {
        for ([root => 0], [own => $>]) {
            my ($whose, $user) = @$_;
            my $found = $of->($path, $user);
            print "$whose\t$path\t$found\n" if $found ne "";
        }
    }
} elsif ($how eq "check" or $> == 0) {
    my $found = $of->($paths[0], $>);
    if ($found ne "") {
        print STDERR "ospreyops: others may write: $found\n";
        exit 121;
    }
}
