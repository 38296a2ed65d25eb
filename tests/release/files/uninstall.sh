#!/bin/sh
# Stops and removes the service and its image; the volume and /tmp stay. Run with sudo.

here=$(dirname "$(realpath "$0")")
units=/usr/lib/systemd/system
version=$(cd "$here" && ls -d osprey-service-docker-* | sed 's/^osprey-service-docker-//; s/\.tar\.bz2$//')

if [ -d "$units" ]; then
    systemctl stop osprey
    systemctl disable osprey
    rm -f "$units/osprey.service"
    systemctl daemon-reload
elif [ -d /Library/LaunchDaemons ]; then
    echo "launchd detected, OSX platform not supported"
    exit 1
fi

docker image rm "osprey/service:$version"
