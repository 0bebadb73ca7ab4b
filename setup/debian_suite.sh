#!/bin/sh
# The suite on another Debian: debian_suite.sh SUITE all|reduced [pytest arguments]
# SUITE is trixie, sid, …; "all" runs what `make test` runs, "reduced" the tests that need no daemon.
# The system is made once by debootstrap and kept in $VFIOTUI_CHROOTS; the checkout's last commit is cloned into it.
set -eu
cd "$(dirname "$0")/.."
suite=${1:?"usage: debian_suite.sh SUITE all|reduced [pytest arguments]"}
which=${2:?"usage: debian_suite.sh SUITE all|reduced [pytest arguments]"}
shift 2
system=${VFIOTUI_CHROOTS:-/var/cache/vfiotui-chroots}/$suite

say() { printf '%s: %s\n' "$suite" "$*"; }
lacks() { # a missing part fails in CI and skips elsewhere
    say "the suite does not run here: $*" >&2
    [ -n "${CI:-}" ] && exit 1
    exit 0
}

[ "$(id -u)" -eq 0 ] || lacks "making and entering a system needs root"
PATH=$PATH:/usr/sbin:/sbin
command -v debootstrap >/dev/null || lacks "debootstrap is missing: install the package debootstrap"

if [ ! -e "$system/etc/debian_version" ]; then
    say "debootstrap makes $system (about two minutes)"
    rm -rf "$system.new"
    mkdir -p "$(dirname "$system")"
    debootstrap --variant=minbase --include=make,git,ca-certificates "$suite" "$system.new" >"$system.log" 2>&1 || {
        tail -5 "$system.log" >&2
        rm -rf "$system.new"
        lacks "debootstrap failed: $system.log holds its messages"
    }
    mv "$system.new" "$system"
fi

# What this machine needs to reach its registries.
cp -L /etc/resolv.conf "$system/etc/resolv.conf"
for file in /etc/apt/apt.conf.d/*; do
    ! grep -qiE '^[^#/]*(proxy|check-)' "$file" || cp "$file" "$system/etc/apt/apt.conf.d/"
done
for file in /etc/pip.conf /etc/xdg/pip/pip.conf /etc/xdg/pip/constraints.txt "$HOME/.config/pip/pip.conf"; do
    [ ! -e "$file" ] || { mkdir -p "$system$(dirname "$file")" && cp "$file" "$system$file"; }
done
# A name of its own: installing ca-certificates inside writes /etc/ssl/certs anew.
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$system/usr/local/machine-ca.crt"

# The .venv of an earlier run stays: set-up makes it anew where it no longer fits.
rm -rf "$system/root/vfiotui.new"
git clone -q . "$system/root/vfiotui.new"
[ ! -e "$system/root/vfiotui/.venv" ] || mv "$system/root/vfiotui/.venv" "$system/root/vfiotui.new/.venv"
rm -rf "$system/root/vfiotui"
mv "$system/root/vfiotui.new" "$system/root/vfiotui"

# Services that packages want to start stay off.
printf '#!/bin/sh\nexit 101\n' >"$system/usr/sbin/policy-rc.d"
chmod 755 "$system/usr/sbin/policy-rc.d"

# The mounts live in a namespace of their own and end with it.
export system which suite
# The inner shell expands its own variables.
# shellcheck disable=SC2016
exec unshare --mount --propagation private sh -eu -c '
    mount --bind "$system" "$system"
    mount -t proc proc "$system/proc"
    mount --rbind /sys "$system/sys"
    mount --rbind /dev "$system/dev"
    mount -t tmpfs tmpfs "$system/run"
    mount -t tmpfs -o mode=1777 tmpfs "$system/tmp"
    case $which in
    all) job="sh setup/setup.sh test && .venv/bin/python -m pytest -n 2" ;;
    *) job="sh setup/setup.sh python && .venv/bin/python -m pytest -n 2 tests/model tests/formats tests/rules tests/plan tests/demo tests/cli" ;;
    esac
    ca=/usr/local/machine-ca.crt
    [ -e "$system$ca" ] || ca=/etc/ssl/certs/ca-certificates.crt
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
        ${CI:+CI="$CI"} PIP_CERT=$ca SSL_CERT_FILE=$ca REQUESTS_CA_BUNDLE=$ca GIT_SSL_CAINFO=$ca \
        chroot "$system" sh -eu -c "cd /root/vfiotui; $job \"\$@\"" sh "$@"
' sh "$@"
