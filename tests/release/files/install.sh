#!/bin/sh
# Loads the image next to this script and, where systemd runs the machine, installs the service. Run with sudo.

here=$(dirname "$(realpath "$0")")
units=/usr/lib/systemd/system
version=$(cd "$here" && ls -d osprey-service-docker-* | sed 's/^osprey-service-docker-//; s/\.tar\.bz2$//')

docker load < "$here/osprey-service-docker-$version.tar.bz2" || exit 1

if [ -d "$units" ]; then
    cat > "$units/osprey.service" <<END
[Unit]
Description=Osprey Service
After=docker.service

[Service]
Type=simple
Restart=always
RestartSec=1
WorkingDirectory=$here
ExecStart=$here/osprey-service --version $version

[Install]
WantedBy=multi-user.target
END
    systemctl daemon-reload
    systemctl start osprey
    systemctl enable osprey
elif [ -d /Library/LaunchDaemons ]; then
    echo "launchd detected, OSX platform not supported"
    exit 1
fi

echo "Osprey service installed!"
echo "Try pointing a browser to https://localhost:44342/about to check"
