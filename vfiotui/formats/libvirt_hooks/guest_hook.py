"""Fragments for libvirt's qemu.d that serve some guests by name, and what their scripts have in common.

Each is called as GUEST OPERATION SUB-OPERATION EXTRA with the guest's XML on standard input. It asks libvirt nothing
(that would wait for itself), prints nothing, and ends with 0: no guest fails because of it. Its state lies below /run,
so that a reboot forgets it together with what it did.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from vfiotui.formats.libvirt_hooks import hook_xml
from vfiotui.formats.libvirt_hooks.libvirt_hook import fragment, own

FOLDER = "/etc/libvirt/hooks/qemu.d"
GUESTS = re.compile(r"^  for guest in (.*); do$", re.MULTILINE)
HEAD = r"""# Called as: GUEST OPERATION SUB-OPERATION EXTRA, the guest's XML on standard input.
# It asks libvirt nothing (that would wait for itself), prints nothing, and ends with 0: no guest fails because of it.
root=${VFIOTUI_HOOK_ROOT:-}
state=$root/run/vfiotui/@NAME@

ours() {
  for guest in @GUESTS@; do
    [ "$guest" = "$1" ] && return 0
  done
  return 1
}

say() {
  logger -t 'vfiotui-@NAME@' -- "$1" 2>/dev/null
}

# Whether the guest of a state file, whose first line is its name, is gone without a word (a crash of guest and daemon).
gone() {
  pid=$(cat "$root/run/libvirt/qemu/$(sed -n 1p "$1").pid" 2>/dev/null)
  [ -z "$pid" ] || [ ! -d "$root/proc/$pid" ] || return 1
  # One that is just being started has no process yet.
  [ -z "$(find "$1" -mmin -2)" ]
}

# Sets $uuid from what was kept for the guest $1: its end is heard even where its XML cannot be read.
kept_uuid() {
  for file in "$state"/guest/*; do
    [ -f "$file" ] && [ "$(sed -n 1p "$file")" = "$1" ] && uuid=${file##*/} && return 0
  done
  return 1
}

# Sets $facts and $uuid for a call of GUEST OPERATION; fails where nothing can be done for the guest.
take_guest() {
  take_xml "$1" && return 0
  facts=''
  [ "$2" = release ] && kept_uuid "$1"
}

@XML@
"""
TAIL = r"""
case $2 in
  @OPERATIONS@)
    if ours "$1"; then
      {
        mkdir -p "${state%/*}"
        {
          flock 9
          work "$@"
        } 9>"$state.lock"
      } >/dev/null 2>&1
    fi
    ;;
esac
exit 0
"""


def serving(
    name: str, promise: str, body: str, operations: Iterable[str], wanted: Iterable[str], guests: Iterable[str]
) -> str:
    """A script that calls the function `work` of its body at these operations of these guests, one at a time.

    `wanted` are the elements of the guest's XML that the body finds in $facts; see hook_xml.functions.
    """
    text = f"# {promise}\n{HEAD}{body}{TAIL}".replace("@OPERATIONS@", " | ".join(operations))
    text = text.replace("@XML@", hook_xml.functions(wanted))
    return fragment(
        name, text.replace("@NAME@", name).replace("@GUESTS@", " ".join(map(shlex.quote, sorted(set(guests)))))
    )


def guests_of(name: str, text: str) -> tuple[str, ...]:
    """The guests that our script of this name serves; none for somebody else's."""
    found = own(text)
    match = GUESTS.search(found.body) if found is not None and found.name == name else None
    return tuple(shlex.split(match[1])) if match else ()
