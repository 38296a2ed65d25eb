# setup.sh LOCK [PACKAGE ...]: Debian's packages that are missing, and the virtual environment .venv with what LOCK lists.
# pip takes no file whose hash is not in LOCK. Where .venv has what both locks list by now, nothing is asked of pip.
# Says what it installs before it does; where there is no apt-get, it installs no packages.
set -eu
lock=$1
shift
if command -v apt-get >/dev/null; then
    missing=
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        [ "$(id -u)" = 0 ] || { echo "setup: missing are$missing; install them, or run this as root" >&2; exit 1; }
        echo "setup: this installs Debian's packages:$missing"
        # Their daemons are not started: what this project needs, it starts by itself and privately.
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            trap 'rm -f "$policy"' EXIT
            printf '#!/bin/sh\nexit 101\n' >"$policy"
            chmod 755 "$policy"
        fi
        apt-get update -qq
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    fi
fi
stamp=.venv/installed
locks=$(cat requirements.lock tests/requirements.lock | cksum)
case $(cat "$stamp" 2>/dev/null) in
"$locks $lock" | "$locks tests/requirements.lock") exit ;;
esac
echo "setup: this installs into .venv what $lock lists"
[ -x .venv/bin/pip ] || python3 -m venv .venv
rm -f "$stamp"
.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock"
echo "$locks $lock" >"$stamp"
