# Tries a password of sudo once. Its input is one line, the password.
#
# usage: perl sudo_check.pl MARK SECONDS SUDO...
#   MARK     the prompt that SUDO was told to print
#   SECONDS  until sudo is given up
#   SUDO     the command
#
# It prints "wrong" when sudo prompts again, and ends sudo then: at the end of its input, sudo would go on and count one
# or two wrong passwords more, and PAM may lock the user out. Until sudo has begun the command, the user may end it.
# Its exit status is that of sudo; what sudo says is on its standard error, without the prompt.
use strict;

my ($mark, $seconds, @sudo) = @ARGV;
my $password = <STDIN> // exit 1;

pipe my $input, my $typed;
pipe my $errors, my $errors_writer;
my $child = fork // die;
unless ($child) {
    open STDIN, "<&", $input;
    open STDERR, ">&", $errors_writer;
    close $_ for $input, $typed, $errors, $errors_writer;
    exec @sudo;
    exit 127;
}
close $input;
close $errors_writer;
$SIG{PIPE} = "IGNORE";
$SIG{ALRM} = sub { kill 9, $child };
alarm $seconds;
syswrite $typed, $password;

my ($said, $wrong) = ("", 0);
while (not $wrong and sysread $errors, my $part, 4096) {
    $said .= $part;
    $wrong = () = $said =~ /\Q$mark\E/g;
    $wrong = $wrong > 1;
    kill 9, $child if $wrong;
}
waitpid $child, 0;
my $status = $?;
$said =~ s/^.*\Q$mark\E(?:\] Password: )?\n?//gm;
print STDERR $said;
print "wrong\n" if $wrong;
exit($status & 127 ? 1 : $status >> 8);
