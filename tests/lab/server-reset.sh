#!/bin/sh
# Bring a lab server back to a host without Osprey; with the word "keep-images", its images stay.
unit=/usr/lib/systemd/system/osprey.service
set -e
systemctl start docker ssh
if [ -e $unit ]; then
    systemctl stop --no-block osprey
fi
for pid in $(pgrep -f 'osprey-service --version'); do
    kill -KILL "$pid" || true
done
timeout 30 sh -c 'while ids=$(docker ps -aq); [ "$ids" ]; do docker rm -fv $ids || sleep 0.1; done' >/dev/null 2>&1
if [ -e $unit ]; then
    systemctl stop osprey
    systemctl --quiet disable osprey
    rm -f $unit
    systemctl daemon-reload
    systemctl reset-failed
fi
for t in iptables ip6tables; do
    for c in PREROUTING OUTPUT; do $t -t nat -D $c -j OSPREY 2>/dev/null || true; done
    $t -t nat -F OSPREY 2>/dev/null && $t -t nat -X OSPREY || true
done
docker volume rm --force osprey-service >/dev/null
if [ "${1:-}" != keep-images ]; then
    docker image ls --quiet osprey/service | sort -u | xargs -r docker image rm --force >/dev/null
fi
rm -rf /var/lib/ospreyops /opt/osprey-service /srv/osprey /root/osprey /home/*/osprey /usr/project/dlab
