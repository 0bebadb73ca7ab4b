"""The script that makes the running guests have the USB devices that they follow, as often as it is run.

It asks libvirt by virsh, and keeps below /run what it has given: a device that was unplugged stays in a guest by its
old number, which no device has any more, until it is taken out (libvirt.org/formatdomain, hostdev of type usb).
"""

from __future__ import annotations

from vfiotui.formats.usb_follow.units import WAKE
from vfiotui.model.guest.usb_follow import PATH

TEXT = rf"""#!/bin/sh
# Made by vfiotui: gives the USB devices of {PATH} to the running guests that follow them.
# vfiotui-usb.service runs it; udev and libvirt's hooks only make the file that starts the service.
root=${{VFIOTUI_USB_ROOT:-}}
uri=${{VFIOTUI_USB_URI:-qemu:///system}}
conf=$root{PATH}
state=$root/run/vfiotui/usb-given
devices=$root/sys/bus/usb/devices
"""
BODY = r"""
say() {
  printf '%s\n' "$1" >&2
}

ask() {
  timeout 60 virsh -q -c "$uri" "$@" </dev/null
}

# The first line of an attribute of a device; empty where it is gone.
value() {
  found=
  { read -r found <"$devices/$1/$2"; } 2>/dev/null
  printf %s "$found"
}

# The number of a running guest; a guest that does not run has none.
run_of() {
  found=$(ask domid "$1" 2>/dev/null)
  case $found in *[!0-9]*) found= ;; esac
  printf %s "$found"
}

# Takes what was unplugged out of its guest; forgets what an ended guest had.
let_go() {
  for file in "$state"/*.xml; do
    [ -f "$file" ] || continue
    path=${file##*/}
    path=${path%.xml}
    number= uuid= run=
    { read -r number uuid run <"$state/$path"; } 2>/dev/null
    if [ -n "$run" ] && [ "$(run_of "$uuid")" = "$run" ]; then
      [ "$(value "$path" devnum)" = "$number" ] && continue
      ask detach-device "$uuid" "$file" --live >/dev/null || say "$path: its guest does not let it go"
    fi
    rm -f "$file" "$state/$path"
  done
}

# Whether a device sits in a port, or behind a hub in it: PATH CONTROLLER SPEED CHAIN.
sits_in() {
  hub=usb${1%%-*}
  real=$(readlink -f "$devices/$hub") || return 1
  case $real in */"$2"/*) ;; *) return 1 ;; esac
  speed=$(value "$hub" speed)
  [ "${speed%%.*}" = "$3" ] || return 1
  case ${1#*-}. in "$4".*) return 0 ;; *) return 1 ;; esac
}

# What of a device the host uses, by its block devices; empty for nothing.
used() {
  find "$devices/$1/" -path '*/block/*' -name dev 2>/dev/null | while read -r file; do
    folder=${file%/dev}
    for holder in "$folder"/holders/*; do
      [ ! -e "$holder" ] || printf '%s\n' "${holder##*/} holds ${folder##*/}"
    done
    awk -v number="$(cat "$file" 2>/dev/null)" -v name="/dev/${folder##*/}" '
      $3 == number { print name " is mounted at " $5; exit }
      { for (i = 7; i < NF - 1; i++) if ($i == "-" && $(i + 2) == name) { print name " is mounted at " $5; exit } }
      ' "$root/proc/self/mountinfo" 2>/dev/null
    awk -v name="/dev/${folder##*/}" '$1 == name { print name " is swap"; exit }' "$root/proc/swaps" 2>/dev/null
  done
}

give() {
  path=$1 uuid=$2
  [ ! -f "$state/$path.xml" ] || return
  bus=$(value "$path" busnum) number=$(value "$path" devnum)
  case $bus:$number in :* | *: | *[!0-9:]*) return ;; esac
  run=$(run_of "$uuid")
  [ -n "$run" ] || return
  why=$(used "$path" | sed -n 1p)
  if [ -n "$why" ]; then
    say "$path stays with the host: $why"
    return
  fi
  printf '%s\n' "<hostdev mode='subsystem' type='usb' managed='yes'><source>" \
    "<address bus='$bus' device='$number'/></source></hostdev>" >"$state/$path.xml"
  printf '%s\n' "$number $uuid $run" >"$state/$path"
  if ask attach-device "$uuid" "$state/$path.xml" --live >/dev/null; then
    say "$path is given to $uuid"
  else
    say "$path could not be given to $uuid"
    rm -f "$state/$path.xml" "$state/$path"
  fi
}

serve() {
  while read -r kind one two three four _; do
    for folder in "$devices"/*-*; do
      path=${folder##*/}
      case $path in *[!0-9.-]*) continue ;; esac
      [ "$(value "$path" bDeviceClass)" != 09 ] || continue
      case $kind in
        port) sits_in "$path" "$one" "$two" "$three" && give "$path" "$four" ;;
        id) [ "$(value "$path" idVendor):$(value "$path" idProduct)" = "$one" ] && give "$path" "$two" ;;
      esac
    done
  done <"$conf"
}

umask 077
@RM@
mkdir -p "$state" || exit 1
if ! ask uri >/dev/null; then
  say 'libvirt does not answer: nothing was given'
  exit 1
fi
let_go
[ ! -f "$conf" ] || serve
exit 0
"""


def script() -> str:
    """The whole script; the same for all rules."""
    return TEXT + BODY.replace("@RM@", f'rm -f "$root{WAKE}"')
