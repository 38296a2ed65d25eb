"""A job to be kept running, with signs in it that mean something to launchd and systemd."""

from __future__ import annotations

from ospreyops.tools.supervisor import Job

JOB = Job(
    user="jmartin",
    home="/Users/jmartin",
    folder='/Users/jmartin/it\'s 100% "mine" $HOME',
    log="/Users/jmartin/watch.log",
    words=("/usr/local/bin/python3", "-I", "/Users/jmartin/a & b.pyz", "watch"),
    environment={"VBOX_USER_HOME": "/Volumes/big <disk>"},
)
