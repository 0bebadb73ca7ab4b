"""The hook that keeps the host's work off the CPUs of running guests: a fragment for libvirt's qemu.d.

It takes the CPUs from the guest's own XML, which libvirt hands to every hook, so that it follows every later pin.
Its state lies below /run: a reboot forgets it together with what systemd was told at run time.
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.libvirt_hooks import guest_hook

NAME = "cores"
PATH = f"{guest_hook.FOLDER}/50-vfiotui-cores"
PROMISE = "Keeps the host's own work off the CPUs that running guests are pinned to, and gives them back."
OPERATIONS = ("prepare", "reconnect", "release")
WANTED = ("cputune/vcpupin cpuset",)
BODY = r"""slices='user.slice system.slice init.scope'

# Lists such as 0-3,^1,8 become one number a line, each once.
numbers() {
  tr ',' '\n' | awk '
    { gsub(/[ \t\r]/, ""); if ($0 == "") next
      off = sub(/^\^/, ""); parts = split($0, ends, "-"); last = parts > 1 ? ends[2] : ends[1]
      for (i = ends[1] + 0; i <= last + 0; i++) if (off) delete chosen[i]; else chosen[i] = 1 }
    END { for (i in chosen) print i }' | sort -n
}

# Numbers, one a line, become a list.
listed() {
  tr '\n' ',' | sed 's/,$//'
}

# What is in the first list and not in the second.
without() {
  printf '%s\n' "$2" | numbers >"$state/.second"
  printf '%s\n' "$1" | numbers | grep -vxF -f "$state/.second" | listed
}

# A guest that is gone keeps nothing.
forget_dead() {
  for file in "$state"/guest/*; do
    [ -f "$file" ] && [ "$file" != "$state/guest/$1" ] && gone "$file" && rm -f "$file"
  done
}

allow() {
  [ -f "$root/sys/fs/cgroup/cgroup.controllers" ] || return 0
  systemctl set-property --runtime -- "$1" "AllowedCPUs=$2" 2>/dev/null || say "$1 cannot be kept to CPU $2"
}

squeeze() {
  for slice in $slices; do
    [ -f "$state/slice/$slice" ] || systemctl show -p AllowedCPUs --value -- "$slice" >"$state/slice/$slice" 2>/dev/null
    allow "$slice" "$1"
  done
  for file in "$root"/proc/irq/*/smp_affinity_list; do
    [ -f "$file" ] || continue
    number=${file%/smp_affinity_list}
    number=${number##*/}
    [ -f "$state/irq/$number" ] || cat "$file" >"$state/irq/$number"
    left=$(without "$(cat "$state/irq/$number")" "$2")
    # Interrupts that the kernel manages itself refuse to be moved.
    { printf '%s\n' "${left:-$1}" >"$file"; } 2>/dev/null
  done
}

release() {
  for slice in $slices; do
    [ -f "$state/slice/$slice" ] || continue
    before=$(tr ' ' ',' <"$state/slice/$slice")
    allow "$slice" "${before:-$1}"
  done
  for file in "$state"/irq/*; do
    [ -f "$file" ] || continue
    { cat "$file" >"$root/proc/irq/${file##*/}/smp_affinity_list"; } 2>/dev/null
  done
  rm -rf "$state"
}

settle() {
  every=$(cat "$root/sys/devices/system/cpu/online")
  taken=$(for file in "$state"/guest/*; do [ -f "$file" ] && sed 1d "$file"; done | tr '\n' ',')
  host=$(without "$every" "$taken")
  if [ -z "$(printf '%s' "$taken" | tr -d ',')" ]; then
    release "$every"
  elif [ -z "$host" ]; then
    say 'the guests have all CPUs: the host is not squeezed'
  else
    squeeze "$host" "$taken"
  fi
}

work() {
  take_guest "$@" || return 0
  umask 077
  mkdir -p "$state/guest" "$state/slice" "$state/irq" || return 0
  case $2 in
    prepare | reconnect)
      cpus=$(printf '%s\n' "$facts" | sed -n 's:^cputune/vcpupin|\([0-9,^-]*\)$:\1:p')
      [ -n "$cpus" ] || return 0
      { printf '%s\n' "$1"; printf '%s\n' "$cpus"; } >"$state/guest/$uuid"
      ;;
    release) rm -f "$state/guest/$uuid" ;;
  esac
  forget_dead "$uuid"
  settle
}
"""


def cores_hook(guests: Iterable[str]) -> str:
    """The script for these guests."""
    return guest_hook.serving(NAME, PROMISE, BODY, OPERATIONS, WANTED, guests)


def guests_of(text: str) -> tuple[str, ...]:
    """The guests that a script of ours serves; none for somebody else's.

    >>> guests_of(cores_hook(["win10", "it's"]))
    ("it's", 'win10')
    """
    return guest_hook.guests_of(NAME, text)
