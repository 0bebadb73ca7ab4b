#!/bin/sh
# @TITLE@
# Made by vfiotui for one machine. It keeps nothing for an undo: 'vfiotui apply' does.
# Everything is compared with what the plan was made from before anything is changed.
# What looks like code in the quoted words below is none.
# shellcheck disable=SC1003,SC2016,SC2317,SC2329
set -eu
LC_ALL=C
export LC_ALL
changed=''

stop() { # SENTENCE
    printf '%s\n' "${changed:-nothing was changed}: $1" >&2
    exit 1
}

this_machine() { # FINGERPRINT of /etc/machine-id
    id=$(tr -d '[:space:]' </etc/machine-id 2>/dev/null) || id=''
    is=$(printf 'vfiotui %s' "$id" | sha256sum)
    [ "$(printf %.12s "$is")" = "$1" ] || stop 'the plan was made for another machine (its machine-id differs)'
}

installed() { # PROGRAM
    command -v "$1" >/dev/null 2>&1 || stop "$1 is not installed here"
}

look() { # PATH: the SHA-256 of the file there, links followed, in $now; absent where nothing is
    place=$(readlink -f "$1") || place=''
    if [ -z "$place" ] || [ ! -e "$place" ]; then
        now=absent
    elif [ -f "$place" ]; then
        now=$(sha256sum <"$place")
        now=${now%% *}
    else
        now='something that is no file'
    fi
}

file_is() { # PATH SHA-256
    look "$1"
    [ "$now" = "$2" ] || stop "$1 is not as it was when the plan was made: make the plan again"
}

put() { # PATH MODE: standard input takes its place, whole or not at all; MODE is for a file that is new
    mkdir -p "${1%/*}/"
    place=$(readlink -f "$1")
    partial=$place.vfiotui-new
    rm -f "$partial"
    if [ -e "$place" ]; then
        cp -p "$place" "$partial"
    else
        (umask 077 && : >"$partial")
        chmod "$2" "$partial"
    fi
    cat >"$partial" && sync && mv -f "$partial" "$place"
}

written() { # PATH SHA-256
    look "$1"
    [ "$now" = "$2" ] || stop "$1 does not hold what was written into it"
}

link_is() { # PATH TARGET: an empty TARGET is none
    now=''
    if [ -L "$1" ]; then
        now=$(readlink "$1")
    elif [ -e "$1" ]; then
        stop "$1 is no symbolic link"
    fi
    [ "$now" = "$2" ] || stop "$1 points elsewhere than when the plan was made: make the plan again"
}

value_is() { # PATH VALUE: what an attribute of the kernel holds; of a choice, the chosen word
    now=$(cat "$1" 2>/dev/null) || stop "$1 cannot be read"
    case $now in *\[*\]*)
        now=${now#*\[}
        now=${now%%\]*}
        ;;
    esac
    now=$(printf '%s\n' "$now" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')
    [ "$now" = "$2" ] || stop "$1 holds $now, not $2 as when the plan was made: make the plan again"
}

driver_is() { # BDF DRIVER: an empty DRIVER is none
    [ -d "/sys/bus/pci/devices/$1" ] || stop "$1 is not in this machine"
    now=$(readlink "/sys/bus/pci/devices/$1/driver") || now=''
    [ "${now##*/}" = "$2" ] || stop "$1 has another driver than when the plan was made: make the plan again"
}

guest_is() { # URI NAME SHA-256: its stored definition; absent where there is no such guest
    installed virsh
    virsh -q -c "$1" uri >/dev/null || stop "libvirt cannot be reached at $1"
    if [ "$3" = absent ]; then
        virsh -q -c "$1" domuuid --domain "$2" >/dev/null 2>&1 || return 0
        stop "there is a guest $2 already"
    fi
    xml=$(virsh -q -c "$1" dumpxml --inactive --security-info --domain "$2") || stop "there is no guest $2"
    now=$(printf '%s\n' "$xml" | sha256sum)
    [ "${now%% *}" = "$3" ] || stop "the definition of $2 is not as it was when the plan was made: make the plan again"
}

guest_runs() { # URI NAME
    installed virsh
    id=$(virsh -q -c "$1" domid --domain "$2") || stop "there is no guest $2"
    case $id in *[0-9]*) ;; *) stop "$2 does not run" ;; esac
}

autostart_is() { # URI NAME enable|disable
    installed virsh
    now=$(LC_ALL=C virsh -q -c "$1" dominfo --domain "$2" | awk '$1 == "Autostart:" { print $2 }') || stop "there is no guest $2"
    [ "$now" = "$3" ] || stop "the autostart of $2 is not as it was when the plan was made: make the plan again"
}

pin_is() { # URI NAME THREAD CPUS: THREAD is a number, emulator, or io and a number
    case $3 in
    emulator) now=$(virsh -q -c "$1" emulatorpin --domain "$2" --live | awk 'NF { cpus = $NF } END { print cpus }') ;;
    io*) now=$(virsh -q -c "$1" iothreadinfo --domain "$2" --live | awk -v n="${3#io}" '$1 == n { print $2 }') ;;
    *) now=$(virsh -q -c "$1" vcpupin --domain "$2" --vcpu "$3" --live | awk -v n="$3" '$1 == n { print $2 }') ;;
    esac
    [ "$now" = "$4" ] || stop "the pins of $2 are not as they were when the plan was made: make the plan again"
}

words() { # PATH: a text, or the words inside a unified image
    case $1 in
    *.efi) objcopy -O binary --only-section=.cmdline "$1" /dev/stdout | tr '\0' '\n' ;;
    *) cat "$1" ;;
    esac
}

holds() { # PATH PATTERN WORD
    words "$1" | grep -q -E -e "$2" || stop "$1 does not hold $3"
}

lacks() { # PATH PATTERN WORD
    [ -f "$1" ] || stop "$1 was not made"
    ! words "$1" | grep -q -E -e "$2" || stop "$1 still holds $3"
}

@CHECKS@

changed='stopped on the way, what was done so far stays'

@STEPS@
