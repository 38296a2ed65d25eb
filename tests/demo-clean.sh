# Take away what the demo left: its service, its engine, its files.
set -eu
[ -d .demo ] || exit 0
if [ -f .demo/env ]; then
    . .demo/env
    inv service.stop || true
    docker volume rm osprey-service >/dev/null 2>&1 || true
    docker image rm osprey/service:0.3 osprey/service:0.4 >/dev/null 2>&1 || true
fi
for t in iptables ip6tables; do
    for c in PREROUTING OUTPUT; do $t -t nat -D $c -j OSPREY; done
    $t -t nat -F OSPREY && $t -t nat -X OSPREY
done 2>/dev/null || true
[ ! -d .demo/engine ] || .venv/bin/python -m tests.lab.engine stop .demo/engine
rm -rf .demo
