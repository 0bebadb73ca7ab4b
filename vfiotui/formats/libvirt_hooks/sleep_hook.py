"""The hook that keeps the host awake while a guest runs, also when the lid closes: a fragment for libvirt's qemu.d.

It starts a unit of its own that holds systemd's inhibitor for as long as QEMU's process lives (tail --pid), so that
the host may sleep again whatever ends the guest, the hook or libvirt's daemon.
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.libvirt_hooks import guest_hook

NAME = "nosleep"
PATH = f"{guest_hook.FOLDER}/60-vfiotui-nosleep"
PROMISE = "Keeps the host awake while a guest with its devices runs, also when the lid closes."
OPERATIONS = ("started", "reconnect", "release")
BODY = r"""work() {
  take_guest "$@" || return 0
  umask 077
  mkdir -p "$state/guest" || return 0
  unit=vfiotui-nosleep-$uuid.service
  case $2 in
    started | reconnect)
      pid=$(cat "$root/run/libvirt/qemu/$1.pid" 2>/dev/null)
      case $pid in '' | *[!0-9]*) say "the process of $1 is not known: the host may sleep"; return 0 ;; esac
      printf '%s\n' "$1" >"$state/guest/$uuid"
      systemctl is-active --quiet -- "$unit" ||
        systemd-run --quiet --collect --no-block --unit="$unit" --description="Host stays awake for a guest" \
          systemd-inhibit --what=sleep:handle-lid-switch --mode=block --who=libvirt --why="A guest has PCI devices" \
          tail -f /dev/null --pid="$pid" ||
        say "no unit that inhibits sleep could be started for $1"
      ;;
    release)
      rm -f "$state/guest/$uuid"
      systemctl stop --no-block -- "$unit" 2>/dev/null
      ;;
  esac
}
"""


def sleep_hook(guests: Iterable[str]) -> str:
    """The script for these guests."""
    return guest_hook.serving(NAME, PROMISE, BODY, OPERATIONS, (), guests)


def guests_of(text: str) -> tuple[str, ...]:
    """The guests that a script of ours serves; none for somebody else's.

    >>> guests_of(sleep_hook(["win10"]))
    ('win10',)
    """
    return guest_hook.guests_of(NAME, text)
