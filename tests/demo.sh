# The demo: an engine, a sample release, then exactly what a maintainer would do. `make demo-clean` removes all of it.
set -eu
say() { printf '\n== %s\n' "$*"; }
run() { printf '\n$ %s\n' "$*"; "$@"; }

# A demo that is there keeps its port. A new one looks for one before anything is made.
asked=${PORT:-$(sed -n 's/.*SERVICE_PORT=//p' .demo/env 2>/dev/null || true)}
asked=${asked:-${INVOKE_OSPREY_SERVICE_PORT:-}}
listen='use IO::Socket::INET; IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 1, ReuseAddr => 1) or print $@'
listeners() { ss -Hltnp "sport = :$1" || lsof -nP -iTCP:"$1" -sTCP:LISTEN; }
who='s/.*(("\([^"]*\)",pid=\([0-9]*\).*/ by \1 (pid \2)/p; s/^\([^ ]*\)  *\([0-9]*\) .*(LISTEN)$/ by \1 (pid \2)/p'
for port in ${asked:-44342 44352 44362 44372}; do
    [ ! -f .demo/env ] || break
    problem=$(perl -e "$listen" "$port")
    [ -n "$problem" ] || break
    echo "demo: port $port: ${problem#*: }$(listeners "$port" 2>/dev/null | sed -n "$who" | head -n 1)" >&2
done
if [ -n "${problem:-}" ]; then
    echo "  try: another one: make demo PORT=44382" >&2
    exit 3
fi

if docker version >/dev/null 2>&1; then
    say "using the Docker engine that is here"
    sh tests/setup.sh requirements.lock
    engine=${DOCKER_HOST:-}
    there=$(docker container ls -aq --filter name='^/osprey-service$'; docker image ls -q osprey/service)
    if [ ! -d .demo ] && [ -n "$there" ]; then
        echo "demo: this engine has an Osprey service or its images already, and the demo must not touch them" >&2
        exit 3
    fi
    mkdir -p .demo
else
    say "no Docker engine can be reached: Debian's docker.io, started privately in .demo/engine"
    sh tests/setup.sh requirements.lock python3-venv docker.io iptables curl openssl bzip2 iproute2 procps perl-base
    mkdir -p .demo
    engine=$(.venv/bin/python -m tests.lab.engine start .demo/engine)
fi
cat >.demo/env <<ENV
${engine:+export DOCKER_HOST=$engine}
export INVOKE_OSPREY_FOLDER="$PWD/.demo/osprey"
export INVOKE_OSPREY_ARCHIVE="$PWD/.demo/releases"
export INVOKE_OSPREY_SERVICE_PORT=$port
export PATH="$PWD/.venv/bin:\$PATH"
ENV
. .demo/env
say "a sample release, as OSPREY's own build would make it"
for served in 0.3 0.4,0.3; do
    .venv/bin/python -m tests.release "${served%,*}" --protocols "$served" --out .demo/releases
done
run inv deploy --version 0.3
run inv status
run curl --silent --show-error --insecure "https://localhost:$port/v0.3/about"
say "The service runs. To go on by hand:"
cat <<NEXT
    . .demo/env
    inv deploy --version 0.3           # nothing to do
    inv --dry deploy --version 0.4     # what an upgrade would do
    inv deploy --version 0.4
    inv service.logs --follow
    inv --list
    make demo-clean                    # removes all of it
NEXT
