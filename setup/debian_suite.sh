#!/bin/sh
# The tests on another Debian: debian_suite.sh SUITE all|reduced [pytest arguments]
# SUITE is trixie, sid, …; "all" runs every test, "reduced" those that need no daemon.
# The system is made once by debootstrap, kept in $VFIOTUI_CHROOTS and brought up to date; the last commit is tested in it.
# One run at a time; its mounts and processes end with it, and those of a run that was killed with the next one.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s: %s\n' "$suite" "$*"; }
fail() { say "$*" >&2; exit 1; }
lacks() { # a missing part fails in CI and skips elsewhere
    say "the suite does not run here: $*" >&2
    [ -n "${CI:-}" ] && exit 1
    exit 0
}

suite=${1:-} which=${2:-}
case $suite:$which in
*[!a-z0-9]*:* | :*) usage=yes ;;
*:all | *:reduced) usage= ;;
*) usage=yes ;;
esac
[ -z "$usage" ] || { echo "usage: debian_suite.sh SUITE all|reduced [pytest arguments]" >&2; exit 2; }
shift 2

PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" -eq 0 ] || lacks "making and entering a system needs root: use sudo"
for program in debootstrap git; do
    command -v $program >/dev/null || lacks "$program is missing: install the package $program"
done
unshare --mount true 2>/dev/null || lacks "no mount namespace can be made: a container needs CAP_SYS_ADMIN for it"
# The checkout may belong to somebody else than root.
commit=$(git -c safe.directory='*' rev-parse --verify -q HEAD) || lacks "$PWD is no git checkout with a commit"
chroots=${VFIOTUI_CHROOTS:-/var/cache/vfiotui-chroots}
mkdir -p "$chroots" || lacks "$chroots cannot be made: name another folder in VFIOTUI_CHROOTS"
system=$(cd "$chroots" && pwd -P)/$suite
case $system in *[!A-Za-z0-9/._+-]*)
    fail "debootstrap takes plain paths only, not $system: name another folder in VFIOTUI_CHROOTS" ;;
esac

# Children do not get the lock: what outlives a killed run is ended by the next one.
exec 9>"$system.lock"
flock -n 9 || { say "another run uses $system: this one waits for its end"; flock 9; }

end_processes() { # daemons and guests that still run in the system
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        found=
        for link in /proc/[0-9]*/root; do
            case $(readlink "$link" 2>/dev/null) in
            "$system" | "$system"/* | "$system.new" | "$system.new"/*)
                pid=${link#/proc/}
                found=$found${found:+ }${pid%/root} ;;
            esac
        done
        [ -n "$found" ] || return 0
        # shellcheck disable=SC2086
        kill -KILL $found 2>/dev/null || :
        sleep 0.1
    done
    say "these processes in $system do not end: $found" >&2
}
child=
finish() {
    trap - EXIT
    [ -z "$child" ] || kill -KILL "$child" 2>/dev/null || :
    end_processes
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
apart() { # in a mount namespace of its own; ends with this shell, and a signal need not wait for its end
    setpriv --pdeathsig KILL unshare --mount --propagation private "$@" 9>&- &
    child=$!
    code=0
    wait "$child" || code=$?
    child=
    return "$code"
}
end_processes

if [ ! -e "$system/etc/debian_version" ]; then
    [ ! -e "$system" ] || fail "$system is there and no Debian: remove it, or name another folder in VFIOTUI_CHROOTS"
    say "debootstrap makes $system (about two minutes)"
    rm -rf --one-file-system "$system.new"
    apart --pid --fork --kill-child --mount-proc \
        debootstrap --variant=minbase --include=make,ca-certificates "$suite" "$system.new" >"$system.log" 2>&1 || {
        tail -5 "$system.log" >&2
        rm -rf --one-file-system "$system.new"
        lacks "debootstrap failed: is its mirror within reach? $system.log holds its messages"
    }
    mv -T "$system.new" "$system"
fi

# What this machine needs to reach its registries.
[ ! -e /etc/resolv.conf ] || cp -L --remove-destination /etc/resolv.conf "$system/etc/resolv.conf"
rm -f "$system"/etc/apt/apt.conf.d/90machine-*
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    ! grep -qisE '^[^#/]*(proxy|check-)' "$file" || cp "$file" "$system/etc/apt/apt.conf.d/90machine-${file##*/}"
done
for file in /etc/pip.conf /etc/xdg/pip/pip.conf /etc/xdg/pip/constraints.txt /root/.config/pip/pip.conf; do
    rm -f "$system$file"
    [ ! -e "$file" ] || { mkdir -p "$system${file%/*}" && cp "$file" "$system$file"; }
done
# A name of its own: installing ca-certificates inside writes /etc/ssl/certs anew.
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$system/usr/local/machine-ca.crt"
# Services that packages want to start stay off.
printf '#!/bin/sh\nexit 101\n' >"$system/usr/sbin/policy-rc.d"
chmod 755 "$system/usr/sbin/policy-rc.d"

say "commit $(git -c safe.directory='*' log -1 --format='%h %s' "$commit")"
[ -z "$(git -c safe.directory='*' status --porcelain)" ] || say "what is not committed is not tested"
# The .venv of an earlier run stays: set-up makes it anew where it no longer fits.
rm -rf "$system/root/vfiotui.new"
mkdir "$system/root/vfiotui.new"
git -c safe.directory='*' -c tar.umask=0022 archive -o "$system/root/vfiotui.tar" "$commit"
tar -xf "$system/root/vfiotui.tar" -C "$system/root/vfiotui.new"
[ ! -e "$system/root/vfiotui/.venv" ] || mv "$system/root/vfiotui/.venv" "$system/root/vfiotui.new/.venv"
rm -rf "$system/root/vfiotui"
mv -T "$system/root/vfiotui.new" "$system/root/vfiotui"

case $which in
all) tests= ;;
*) tests="tests/model tests/formats tests/rules tests/plan tests/demo tests/cli" ;;
esac
export system tests
# The inner shells expand their own variables.
# shellcheck disable=SC2016
apart sh -euc '
    mount --bind "$system" "$system"
    mount -t proc proc "$system/proc"
    mount --rbind /sys "$system/sys"
    mount --rbind /dev "$system/dev"
    mount -t tmpfs tmpfs "$system/run"
    mount -t tmpfs -o mode=1777 tmpfs "$system/tmp"
    set -- chroot "$system" sh -euc "
        export DEBIAN_FRONTEND=noninteractive
        dpkg --configure -a >/dev/null
        { apt-get update -qq && apt-get dist-upgrade -qq --fix-broken >/dev/null; } </dev/null ||
            echo \"set-up: apt-get could not bring this system up to date\" >&2
        cd /root/vfiotui
        sh setup/setup.sh test
        .venv/bin/python -m compileall -q vfiotui tests
        .venv/bin/python -m pytest -n 3 --reruns 1 -rR $tests \"\$@\"
    " sh "$@"
    ca=/usr/local/machine-ca.crt
    [ -e "$system$ca" ] || ca=/etc/ssl/certs/ca-certificates.crt
    for name in CI http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_INDEX_URL PIP_EXTRA_INDEX_URL; do
        eval "value=\${$name:-}"
        [ -z "$value" ] || set -- "$name=$value" "$@"
    done
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" \
        LANG=C.UTF-8 PIP_CERT=$ca SSL_CERT_FILE=$ca REQUESTS_CA_BUNDLE=$ca GIT_SSL_CAINFO=$ca "$@"
' sh "$@"
