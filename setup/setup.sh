#!/bin/sh
# Makes .venv ready: setup.sh run | test | bench | proof
# Installs system packages only where something is missing, and says so; uses sudo only when it must.
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}

say() { printf 'set-up: %s\n' "$*"; }
fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

find_python() {
    for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

present() { # is what the probe names there?
    case $1 in
    pkgconfig:*) pkg-config --exists "${1#*:}" 2>/dev/null ;;
    python:Python.h) [ -n "$python" ] && "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ;;
    python:venv) [ -n "$python" ] && "$python" -c 'import ensurepip, venv' 2>/dev/null ;;
    file:/*) [ -e "${1#*:}" ] ;;
    file:pci.ids) [ -e /usr/share/hwdata/pci.ids ] || [ -e /usr/share/misc/pci.ids ] ;;
    rom:*)
        for folder in /usr/lib/ipxe/qemu /usr/share/ipxe/qemu /usr/share/qemu /usr/share/seabios /usr/share/seavgabios; do
            [ ! -e "$folder/${1#*:}" ] || return 0
        done
        return 1 ;;
    *) command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] ;;
    esac
}

missing() { # packages of column $1 that are not there; python itself first
    [ -n "$python" ] || case $1 in 5) echo python ;; *) echo python3 ;; esac
    while read -r when probe apt dnf pacman; do
        case $when in '#'* | '') continue ;; esac
        case $when:$what:${CI:+ci} in run:*:* | test:test:* | test:bench:* | test:proof:* | bench:bench:* | proof:proof:* | ci:test:ci) ;; *) continue ;; esac
        present "$probe" || case $1 in 3) echo "$apt" ;; 4) echo "$dnf" ;; 5) echo "$pacman" ;; esac
    done <setup/packages.txt | grep -vx -e - | sort -u
}

install_missing() {
    if command -v apt-get >/dev/null 2>&1; then column=3
    elif command -v dnf >/dev/null 2>&1; then column=4
    elif command -v pacman >/dev/null 2>&1; then column=5
    else column=3; fi
    packages=$(missing $column | tr '\n' ' ')
    [ -n "${packages% }" ] || return 0
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || fail "neither root nor sudo is here; install these packages as root, then run this again: $packages"
        as_root=sudo
    fi
    say "installs system packages${as_root:+ with sudo}: $packages"
    # The names are words from our own list: splitting them is wanted.
    # shellcheck disable=SC2086
    case $column in
    3)
        command -v apt-get >/dev/null 2>&1 || fail "knows apt, dnf and pacman; install the like of these by hand: $packages"
        $as_root apt-get update -q >/dev/null || say "apt-get update failed; the old package lists are used"
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages >/dev/null </dev/null ||
            fail "apt-get install failed: run 'apt-get install $packages' and read its message"
        ;;
    4) $as_root dnf install -q -y $packages </dev/null || fail "dnf install failed: $packages" ;;
    5) $as_root pacman -S --needed --noconfirm $packages </dev/null || fail "pacman failed: $packages" ;;
    esac
}

python=$(find_python)
install_missing
python=$(find_python)
[ -n "$python" ] || fail "needs Python 3.11 or newer; none was found"

wanted=$(cat pyproject.toml setup/setup.sh | cksum | tr ' ' '-')-$("$python" -c 'import sys; print(sys.version_info[:3], sys.prefix)' | cksum | tr ' ' '-')
stamp=.venv/.ready-$what
if [ ! -e "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    say "makes .venv with $("$python" --version) and installs vfiotui into it (libvirt-python is compiled: about half a minute)"
    [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 || { rm -rf .venv; "$python" -m venv .venv; }
    extra=
    [ "$what" != run ] && extra='[dev]'
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".$extra" ||
        fail "pip could not install the Python packages; the lines above say which"
    printf '%s' "$wanted" >"$stamp"
fi
