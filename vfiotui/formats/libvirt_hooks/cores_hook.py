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

# Reads lines of a name and a list such as 0-3,^1,8; writes each name with what is in its list and not in $1.
spare() {
  awk -v taken="$1" '
    function choose(list, chosen,    items, ends, count, last, off, n, i) {
      count = split(list, items, ",")
      for (n = 1; n <= count; n++) {
        gsub(/[ \t\r]/, "", items[n]); if (items[n] == "") continue
        off = sub(/^\^/, "", items[n]); last = split(items[n], ends, "-") > 1 ? ends[2] : ends[1]
        if (last + 0 > most) most = last + 0
        for (i = ends[1] + 0; i <= last + 0; i++) if (off) delete chosen[i]; else chosen[i] = 1
      }
    }
    BEGIN { split("", gone); choose(taken, gone) }
    {
      split("", chosen); choose($2, chosen); left = ""
      for (i = 0; i <= most; i++) if ((i in chosen) && !(i in gone)) left = left (left == "" ? "" : ",") i
      print $1, left
    }'
}

# What is in the first list and not in the second.
without() {
  printf '. %s\n' "$1" | spare "$2" | { read -r name left; printf '%s' "$left"; }
}

# Sets $list to the first line of a file; empty where it cannot be read.
first_line() {
  list=
  { read -r list <"$1"; } 2>/dev/null
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
    # A slice that was kept to some CPUs before gets none of the others.
    left=$(without "$(tr ' ' ',' <"$state/slice/$slice")" "$2")
    allow "$slice" "${left:-$1}"
  done
  # One process for all interrupts, and builtins: hosts have hundreds of them, and the guest waits.
  for file in "$root"/proc/irq/*/smp_affinity_list; do
    [ -f "$file" ] || continue
    number=${file%/smp_affinity_list}
    number=${number##*/}
    [ -f "$state/irq/$number" ] || { first_line "$file"; printf '%s\n' "$list" >"$state/irq/$number"; }
    first_line "$state/irq/$number"
    [ -z "$list" ] || printf '%s %s\n' "$number" "$list"
  done | spare "$2" | while read -r number left; do
    # Interrupts that the kernel manages itself refuse to be moved.
    { printf '%s\n' "${left:-$1}" >"$root/proc/irq/$number/smp_affinity_list"; } 2>/dev/null
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
    first_line "$file"
    { printf '%s\n' "$list" >"$root/proc/irq/${file##*/}/smp_affinity_list"; } 2>/dev/null
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
