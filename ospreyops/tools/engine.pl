# Speaks to the engine that the docker command of this user would reach, without that command, which starts slowly.
#
# usage: perl engine.pl dial    connects the input and the output to the engine, as `docker system dial-stdio` does
#        perl engine.pl root    prints the folder where the engine has its images, as `docker info` does
#
# It does so where it is sure: on Linux, where the docker command is a program, no script that may lead elsewhere, and
# where DOCKER_HOST, or the want of a context, names a socket that can be connected to, or that refuses this user. Else the
# docker command runs, and says in its own words what is wrong.
#
# It loads no module: that takes milliseconds for each line. The numbers of sockets are these on every Linux.
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;

my ($what) = @ARGV;
my ($unix, $stream, $write_side, $longest, $absent, $denied) = (1, 1, 1, 107, 2, 13);
my %docker = (
    dial => [qw(docker system dial-stdio)],
    root => ["docker", "info", "--format", "{{.DockerRootDir}}"],
);

# Whether the docker command is a program: the first one in PATH begins as one for Linux.
my $program = sub {
    my ($command) = grep { -f $_ and -x $_ } map { "$_/docker" } split /:/, $ENV{PATH};
    open my $file, "<", $command // "" or return "";
    read $file, my $head, 4;
    return $head eq "\x7fELF";
};
# The socket of the engine; "" where that cannot be told.
my $socket = sub {
    return "" unless $^O eq "linux" and $program->();
    return $ENV{DOCKER_HOST} =~ m{^unix://(/.+)$} ? $1 : "" if defined $ENV{DOCKER_HOST};
    return "" if defined $ENV{DOCKER_CONTEXT};
    my $config = ($ENV{DOCKER_CONFIG} || "$ENV{HOME}/.docker") . "/config.json";
    if (-e $config or -l $config) {
        open my $file, "<", $config or return "";
        return "" if grep { /"currentContext"/ } <$file>;
    }
    return "/var/run/docker.sock";
};

my $path = $socket->();
my $near = ($path ne "" and length $path <= $longest);
my $engine;
unless ($near and socket $engine, $unix, $stream, 0 and connect $engine, pack("Sa108", $unix, $path)) {
    # The docker command would ask the same socket, and say the same.
    if ($near and $^E == $denied) {
        print STDERR "permission denied: $path\n";
        exit 1;
    }
    exec @{$docker{$what}} or print STDERR "docker: ", $^E == $absent ? "not found" : $^E, "\n";
    exit 127;
}

my $send = sub {
    my ($to, $part) = @_;
    while (length $part) {
        my $written = syswrite $to, $part;
        exit 1 unless defined $written;
        substr $part, 0, $written, "";
    }
};
if ($what eq "root") {
    $send->($engine, "GET /info HTTP/1.0\r\nHost: docker\r\n\r\n");
    my $said = "";
    1 while sysread $engine, $said, 65536, length $said;
    print "$1\n" if $said =~ /\x22DockerRootDir\x22:\x22([^\x22\\]+)\x22/;
    exit;
}
# The engine may have something to say after the end of the input; after its own end there is nobody to speak to.
my $open = 1;
while (1) {
    my $wanted = "";
    vec($wanted, fileno $engine, 1) = 1;
    vec($wanted, fileno STDIN, 1) = 1 if $open;
    next if select($wanted, undef, undef, undef) < 0;
    if (vec($wanted, fileno $engine, 1)) {
        sysread $engine, my $part, 65536 or exit;
        $send->(*STDOUT, $part);
    }
    if ($open and vec($wanted, fileno STDIN, 1)) {
        if (sysread STDIN, my $part, 65536) {
            $send->($engine, $part);
        } else {
            $open = 0;
            shutdown $engine, $write_side;
        }
    }
}
