#!/bin/sh
# Takes back one change of vfiotui. It needs a shell and the small programs of a rescue system only.
#   sh undo.sh       takes it back
#   sh undo.sh -n    tells what it would do, and does nothing
#   sh undo.sh -f    also overwrites what somebody changed since
#   ROOT=/mnt sh undo.sh    when this folder does not lie inside the system that it belongs to
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 4
ROOT=${ROOT-$(cd "$here/../../../../.." && pwd)}
ROOT=${ROOT%/}
only_tell='' force='' conflicts=0 failed=0
for option in "$@"; do
    case $option in
    -n) only_tell=1 ;;
    -f) force=1 ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done

say() { printf '%s\n' "$*"; }

there() { # what lies at a place, as one word
    if [ -L "$1" ]; then
        printf 'link:%s' "$(readlink "$1")"
    elif [ -f "$1" ]; then
        sum=$(sha256sum <"$1") && printf '%s' "${sum%% *}"
    elif [ -e "$1" ]; then
        printf 'something that is no file'
    else
        printf 'absent'
    fi
}

check() { # PATH BEFORE AFTER: is it as before the change, or as the change left it?
    [ "$3" = any ] && return
    now=$(there "$ROOT$1")
    [ "$now" = "$2" ] || [ "$now" = "$3" ] && return
    say "$1 was changed by somebody since: it is left alone (-f overwrites it)"
    conflicts=1
}

put_back() { # KEPT PATH BEFORE: the path holds again what was kept
    rm -f "$ROOT${2%/*}/.vfiotui-$NUMBER-${1%%.*}" 2>/dev/null
    [ "$(there "$ROOT$2")" = "$3" ] && return
    if [ -n "$only_tell" ]; then
        say "would put back $2"
        return
    fi
    say "puts back $2"
    partial=$ROOT${2%/*}/.vfiotui-$NUMBER-${1%%.*}
    # mv would move into the folder to which a link points.
    [ -L "$ROOT$2" ] && rm -f "$ROOT$2"
    case $3 in
    absent) rm -f "$ROOT$2" ;;
    link:*) ln -s "${3#link:}" "$partial" && mv -f "$partial" "$ROOT$2" ;;
    *) # A second name for the kept file has all of its attributes; on another file system a copy has to do.
        { ln "$here/before/$1" "$partial" 2>/dev/null || cp -a "$here/before/$1" "$partial"; } && mv -f "$partial" "$ROOT$2" ;;
    esac
    [ "$(there "$ROOT$2")" = "$3" ] || { say "$2 could NOT be put back"; failed=1; }
}

drop_new() { # PATTERN KNOWN…: files of the pattern that were not there before
    pattern=$1
    shift
    old_ifs=$IFS
    IFS=
    for place in $ROOT$pattern; do
        IFS=$old_ifs
        [ -e "$place" ] || [ -L "$place" ] || continue
        [ -d "$place" ] && [ ! -L "$place" ] && continue
        for known in "$@"; do
            [ "$place" = "$ROOT$known" ] && continue 2
        done
        if [ -n "$only_tell" ]; then say "would remove ${place#"$ROOT"}"; else
            say "removes ${place#"$ROOT"}"
            rm -f "$place"
        fi
    done
    IFS=$old_ifs
}

drop_empty() { # FOLDER…: folders that the change made, where nothing is in them
    [ -n "$only_tell" ] && return
    for folder in "$@"; do
        [ ! -d "$ROOT$folder" ] || rmdir "$ROOT$folder" 2>/dev/null || return 0
    done
}

set_value() { # PATH VALUE BOOT: a value of the running kernel, if it is still the same boot
    [ -z "$ROOT" ] && [ "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" = "$3" ] || return 0
    if [ -n "$only_tell" ]; then say "would set $1 to $2"; return; fi
    say "sets $1 to $2"
    printf %s "$2" >"$1" || { say "$1 could NOT be set"; failed=1; }
}

set_driver() { # BDF DRIVER OVERRIDE BOOT: a device of the running kernel goes back to its driver
    [ -z "$ROOT" ] && [ "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" = "$4" ] || return 0
    device=/sys/bus/pci/devices/$1
    if [ -n "$only_tell" ]; then say "would give $1 back to ${2:-no driver}"; return; fi
    say "gives $1 back to ${2:-no driver}"
    printf '%s\n' "$2" >"$device/driver_override"
    [ ! -e "$device/driver" ] || printf %s "$1" >"$device/driver/unbind"
    [ -z "$2" ] || printf %s "$1" >/sys/bus/pci/drivers_probe
    printf '%s\n' "$3" >"$device/driver_override" || { say "$1 could NOT be given back"; failed=1; }
}

run_back() { # WORDS…: a command of the system that is mended
    if [ -n "$only_tell" ]; then say "would run $*"; return; fi
    say "runs $*"
    if [ -z "$ROOT" ]; then "$@"; else chroot "$ROOT" "$@"; fi || { say "$1 failed: run it again after the next start"; failed=1; }
}

guest() { # WORDS…: a call of virsh, on the running system only
    if [ -n "$ROOT" ] || ! command -v virsh >/dev/null 2>&1; then
        say "the guest is left as it is; after the next start: virsh $*"
        return
    fi
    if [ -n "$only_tell" ]; then say "would run virsh $*"; return; fi
    virsh "$@" || { say "virsh failed: start libvirtd and run again"; failed=1; }
}

NUMBER=@NUMBER@
say "change $NUMBER: "@TITLE@
say "in ${ROOT:-/}"
checks() {
:
@CHECKS@
}
backs() {
:
@BACKS@
}
checks
if [ "$conflicts" = 1 ] && [ -z "$force" ]; then
    say "nothing was done"
    exit 1
fi
backs
[ -n "$only_tell" ] && exit 0
sync
if [ "$failed" = 1 ]; then
    say "NOT everything was taken back: read the lines above, mend it, run again"
    exit 4
fi
printf '\n{"event": "undone", "why": "by undo.sh"}\n' >>"$here/journal"
say "taken back"
