# Tells whether sudo wants a password, or takes one, and counts as no wrong password more than is typed.
#
# usage: perl sudo_check.pl MARK SECONDS SUDO...
#   MARK     the prompt that SUDO was told to print
#   SECONDS  until sudo is given up
#   SUDO     the command
#
# Its input is one line, the password; with no input it finds out whether sudo wants one. When sudo prompts once more
# than there are passwords, it prints "asks", and ends sudo: at the end of its input, sudo would go on and count one or
# two wrong passwords more, and sudo-rs counts each `sudo -n`; PAM may lock the user out. Before sudo has begun the
# command, its user may end it.
# Its exit status is that of sudo; what sudo says is on its standard error, without the prompt.
use strict;

my ($mark, $seconds, @sudo) = @ARGV;
my $password = <STDIN>;

pipe my $input, my $typed;
pipe my $errors, my $errors_writer;
my $child = fork // die;
unless ($child) {
    open STDIN, "<&", $input;
    open STDERR, ">&", $errors_writer;
    close $_ for $input, $typed, $errors, $errors_writer;
    exec @sudo or print STDERR "$sudo[0] cannot be run: " . $^E . "\n";
    exit 127;
}
close $input;
close $errors_writer;
$SIG{PIPE} = "IGNORE";
$SIG{ALRM} = sub { kill 9, $child };
alarm $seconds;
syswrite $typed, $password if defined $password;

my ($said, $asks, $most) = ("", 0, defined $password ? 1 : 0);
while (not $asks and sysread $errors, my $part, 4096) {
    $said .= $part;
    my $prompts = () = $said =~ /\Q$mark\E/g;
    $asks = $prompts > $most;
    kill 9, $child if $asks;
}
waitpid $child, 0;
my $status = $?;
$said =~ s/^.*\Q$mark\E(?:\] Password: )?\n?//gm;
print STDERR $said;
print "asks\n" if $asks;
exit($status & 127 ? 1 : $status >> 8);
