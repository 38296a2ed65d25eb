"""docker-machine 0.16.2 as the field book describes it: a program of its own, run on olympias by Debian's Python."""
