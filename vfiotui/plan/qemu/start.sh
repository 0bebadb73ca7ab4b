#!/bin/sh
# Starts the guest @NAME@ with QEMU alone, without libvirt, as vfiotui wrote it from the guest's definition.
#
#   sh SCRIPT          binds its devices to vfio-pci, reserves huge pages, starts QEMU, pins its threads, waits for its
#                      end, and gives everything back; an interrupt ends QEMU
#   sh SCRIPT undo     gives back what a run left that was killed
#
# What differs from libvirt's guest:
@NOTES@
# QEMU runs as the user of this script, and its files are that user's. QMP listens on "$run/qmp-monitor.sock".
set -u
umask 077

guest=@GUEST@
uuid=@UUID@
root=${VFIOTUI_ROOT-}
if [ "$(id -u)" -eq 0 ]; then
    run=/run/vfiotui/qemu/$uuid state=/var/lib/vfiotui/qemu/$uuid
else
    run=${XDG_RUNTIME_DIR:-/tmp/vfiotui-$(id -u)}/vfiotui-qemu/$uuid
    state=${XDG_STATE_HOME:-$HOME/.local/state}/vfiotui-qemu/$uuid
fi
run=${VFIOTUI_RUN:-$run} state=${VFIOTUI_STATE:-$state}
tap=vft$(printf %.8s "$uuid")
pci=$root/sys/bus/pci
pid=

say() {
    printf '%s: %s\n' "$guest" "$*" >&2
}

stop() {
    say "$*"
    exit 1
}

# A whole number from a file; 0 where it holds none.
number() {
    found=
    [ ! -r "$1" ] || read -r found <"$1" || :
    case $found in '' | *[!0-9]*) found=0 ;; esac
    printf %s "$found"
}

put() {
    printf '%s\n' "$1" 2>/dev/null >"$2"
}

driver() {
    link=$(readlink "$pci/devices/$1/driver") || return 0
    printf %s "${link##*/}"
}

# A PCI function for VFIO; what had it is noted first.
take() {
    device=$pci/devices/$1
    [ -d "$device" ] || stop "there is no PCI device $1"
    had=$(driver "$1")
    [ "$had" != vfio-pci ] && [ ! -d "$device/vfio-dev" ] || return 0
    [ -n "$root" ] || modprobe vfio-pci || stop "the module vfio-pci cannot be loaded"
    printf '%s\n' "$had" >"$run/device-$1"
    put vfio-pci "$device/driver_override" || stop "$1 takes no other driver: are you root?"
    [ -z "$had" ] || put "$1" "$device/driver/unbind" || stop "$had does not release $1"
    put "$1" "$pci/drivers_probe" || stop "$1 cannot be bound"
    [ "$(driver "$1")" = vfio-pci ] || stop "$1 is not bound to vfio-pci: 'dmesg' says why"
}

give_device() {
    had=$(cat "$run/device-$1")
    device=$pci/devices/$1
    put '' "$device/driver_override"
    if [ "$(driver "$1")" = vfio-pci ]; then put "$1" "$device/driver/unbind"; fi
    if [ -n "$had" ]; then
        put "$1" "$pci/drivers_probe"
        [ "$(driver "$1")" = "$had" ] || put "$1" "$pci/drivers/$had/bind" || :
        [ "$(driver "$1")" = "$had" ] || { say "$1 is not back at $had"; return 1; }
    fi
    rm -f "$run/device-$1"
}

pool() { # NODE KIB
    case $1 in
        -) printf %s "$root/sys/kernel/mm/hugepages/hugepages-${2}kB" ;;
        *) printf %s "$root/sys/devices/system/node/node$1/hugepages/hugepages-${2}kB" ;;
    esac
}

# Huge pages: as many more as are not free; what came is noted, and given back.
reserve() { # NODE KIB PAGES
    where=$(pool "$1" "$2")
    [ -f "$where/nr_hugepages" ] || stop "this host has no pages of $2 KiB ($where)"
    more=$(($3 - $(number "$where/free_hugepages") + $(number "$where/resv_hugepages")))
    [ "$more" -gt 0 ] || return 0
    before=$(number "$where/nr_hugepages")
    printf '%s %s %s\n' "$1" "$2" "$before" >"$run/pages-$1-$2"
    [ -n "$root" ] || put 1 /proc/sys/vm/compact_memory
    put "$((before + more))" "$where/nr_hugepages" || stop "no huge pages can be reserved: are you root?"
    now=$(number "$where/nr_hugepages")
    [ "$now" -ge "$((before + more))" ] ||
        stop "$((now - before)) of $more more pages of $2 KiB came: memory is too full or too fragmented"
}

give_pages() {
    read -r node size before <"$1"
    put "$before" "$(pool "$node" "$size")/nr_hugepages" || return 1
    rm -f "$1"
}

# A copy of the firmware variables: the guest's own where there are some, else empty ones.
variables() { # OWN TEMPLATE
    [ ! -f "$state/variables" ] || return 0
    for from in "$1" "$2"; do
        [ -z "$from" ] || [ ! -f "$from" ] || {
            cp -- "$from" "$state/variables.new" && mv -- "$state/variables.new" "$state/variables" && return 0
        }
    done
    stop "there are no firmware variables: neither $1 nor a template is readable"
}

connect() { # NUMBER BRIDGE
    [ -d "/sys/class/net/$2/bridge" ] || stop "there is no bridge $2: start the network that has it"
    : >"$run/tap-$tap$1"
    ip tuntap add dev "$tap$1" mode tap && ip link set dev "$tap$1" master "$2" up ||
        stop "no network device for the bridge $2: are you root?"
}

# The TPM's state is a copy of what libvirt's swtpm has.
trust() { # OPTION
    command -v swtpm >/dev/null || stop "swtpm is not installed, and the guest has a TPM"
    if [ ! -d "$state/tpm" ]; then
        mkdir -p "$state/tpm.new"
        for from in "/var/lib/libvirt/swtpm/$uuid/tpm2" "/var/lib/libvirt/swtpm/$uuid/tpm1.2"; do
            [ ! -d "$from" ] || cp -- "$from"/* "$state/tpm.new/" || stop "the TPM's state in $from cannot be read"
        done
        mv -- "$state/tpm.new" "$state/tpm"
    fi
    set -- ${1#--tpm1}
    swtpm socket "$@" --tpmstate "dir=$state/tpm" --ctrl "type=unixio,path=$run/swtpm.sock" --terminate --daemon \
        --pid "file=$run/swtpm.pid" || stop "swtpm does not start"
}

password() {
    [ -n "${VNC_PASSWORD-}" ] || stop "its screen has a password: set VNC_PASSWORD"
    printf %s "$VNC_PASSWORD" >"$run/password"
}

# The threads of QEMU whose name begins so.
threads() {
    for task in /proc/"$pid"/task/*; do
        name=
        { read -r name <"$task/comm"; } 2>/dev/null || continue
        case "$name/" in "$1"/*) printf '%s\n' "${task##*/}" ;; esac
    done
}

pin() { # NAME CPUS
    found=$(threads "$1")
    [ -n "$found" ] || { say "there is no thread $1 to pin"; return; }
    for tid in $found; do
        taskset -pc "$2" "$tid" >/dev/null || say "$1 cannot be pinned to CPU $2"
    done
}

schedule() { # NAME OPTION PRIORITY
    for tid in $(threads "$1"); do
        chrt "$2" -p "$3" "$tid" || say "$1 gets no scheduling class"
    done
}

# vCPUs have threads once QEMU has all its memory, which takes its time with huge pages.
wait_for_threads() {
    while kill -0 "$pid" 2>/dev/null && [ -z "$(threads "CPU @LAST@")" ] && [ -z "$(threads "ALL CPUs")" ]; do
        sleep 0.1
    done
}

runs() {
    had=$(number "$run/pid")
    [ "$had" -gt 0 ] && [ -d "/proc/$had" ] && grep -qa -- "$uuid" "/proc/$had/cmdline"
}

give_back() {
    trap '' INT TERM HUP
    bad=0
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
        kill "$pid"
        wait "$pid"
    fi
    for file in "$run"/device-* "$run"/pages-* "$run"/tap-*; do
        [ -f "$file" ] || continue
        name=${file##*/}
        case $name in
            device-*) give_device "${name#device-}" || bad=1 ;;
            pages-*) give_pages "$file" || bad=1 ;;
            tap-*) ip link del dev "${name#tap-}" 2>/dev/null; rm -f "$file" ;;
        esac
    done
    helper=$(number "$run/swtpm.pid")
    [ "$helper" -eq 0 ] || kill "$helper" 2>/dev/null
    if [ "$bad" -eq 0 ]; then
        rm -rf -- "$run"
    else
        say "not all could be given back: run this script with the word undo once more"
    fi
    return "$bad"
}

case ${1-} in
    '' | undo) ;;
    *) stop "the only word is undo" ;;
esac
! runs || stop "it runs already, as process $(number "$run/pid")"
[ ! -d "$run" ] || [ "${1-}" = undo ] || stop "an earlier run left something: run this script with the word undo first"
if [ "${1-}" = undo ]; then
    [ ! -d "$run" ] || give_back
    exit
fi
mkdir -p -- "${run%/*}" "$state" && mkdir -- "$run" || stop "no folder for its run can be made"
trap 'code=$?; give_back || code=1; trap - EXIT; exit "$code"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
all=$(cat /sys/devices/system/cpu/online)
export all

@PREPARE@

ulimit -l unlimited 2>/dev/null || :
# Each line is one option of QEMU.
@ABOUT@ \
@COMMAND@ &
pid=$!
printf '%s\n' "$pid" >"$run/pid"
wait_for_threads
@PINS@
: >"$run/pinned"
wait "$pid"
code=$?
pid=
exit "$code"
