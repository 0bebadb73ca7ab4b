"""A trial boot: passthrough is tried once, and stays only when the host came up well.

GRUB notes in its environment block that the trial has begun (grub-editenv(1), save_env); until a check of the started
host takes the note away, every later start takes the entry without passthrough. systemd-boot has that entry as its
default meanwhile, and the other one for one start (bootctl(1), set-oneshot).
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.change.change import Effect, run_command, set_link
from vfiotui.model.finding.finding import Risk
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.selection import Chosen
from vfiotui.plan.boot.command_line import loader_of
from vfiotui.plan.boot.fallback import GRUB_SCRIPT, add_escape
from vfiotui.plan.boot.fallback_entry import newest_entry
from vfiotui.plan.boot.loader_files import WITHOUT_ENTRY
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.isolate import stored
from vfiotui.plan.isolate.method import Method

SCRIPT = "/etc/vfiotui/trial.sh"
HEALTHY = "/etc/vfiotui/healthy"
"""A program of the owner's; where it is there and fails, the trial has failed."""
UNIT = "/etc/systemd/system/vfiotui-trial.service"
WANTED = "/etc/systemd/system/multi-user.target.wants/vfiotui-trial.service"
UNIT_TEXT = f"""# Made by vfiotui: looks once whether a trial boot is healthy, and is removed then.
[Unit]
Description=Is the trial boot of vfiotui healthy?
ConditionPathExists={SCRIPT}

[Service]
Type=exec
ExecStart=/bin/sh {SCRIPT}

[Install]
WantedBy=multi-user.target
"""
SECONDS = 900
"""How long a start may take."""
DRIVER_SECONDS = 60
"""How long a driver may take behind udev: some probe their devices aside (PROBE_PREFER_ASYNCHRONOUS)."""
DEFAULT = "/sys/firmware/efi/efivars/LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
"""Where systemd-boot keeps a default that a person chose (systemd.io/BOOT_LOADER_INTERFACE)."""


@dataclass(frozen=True, slots=True)
class Counter:
    """How a loader tries an entry once."""

    arm: tuple[tuple[str, ...], ...]
    """Commands that prepare the trial."""
    disarm: tuple[tuple[str, ...], ...]
    """What takes each of them back."""
    keep: str
    """The shell's command that makes passthrough the default again."""
    fail: str
    """The one that notes a bad trial."""


def grub_counter(editor: str) -> Counter:
    """GRUB's, by its program for the environment block."""
    words = (editor, "-")
    return Counter(
        ((*words, "set", "vfiotui_trial=armed"),),
        ((*words, "unset", "vfiotui_trial"),),
        f"{editor} - unset vfiotui_trial",
        f"{editor} - set vfiotui_trial=failed",
    )


def entry_counter(name: str) -> Counter:
    """systemd-boot's, for the entry of this name."""
    return Counter(
        (("bootctl", "set-default", WITHOUT_ENTRY), ("bootctl", "set-oneshot", name)),
        (("bootctl", "set-default", ""), ("bootctl", "set-oneshot", "")),
        "bootctl set-default ''",
        ":",
    )


def _grub(draft: Draft) -> Counter | None:
    editor = next((p for p in ("grub-editenv", "grub2-editenv") if p in draft.snapshot.programs), None)
    if editor is None or draft.text(GRUB_SCRIPT) is None:
        return None
    return grub_counter(editor)


def _systemd_boot(draft: Draft) -> Counter | None:
    base = newest_entry(draft)
    if base is None or "bootctl" not in draft.snapshot.programs:
        return None
    folder, _, name = base.rpartition("/")
    if draft.text(f"{folder}/{WITHOUT_ENTRY}") is None:
        return None
    if not isinstance(draft.snapshot.content(DEFAULT), Unread):
        raise PlanError("a trial would lose the chosen default of systemd-boot: 'bootctl set-default \"\"' first")
    return entry_counter(name)


def script_text(counter: Counter, given: tuple[str, ...], kept: tuple[tuple[str, str], ...]) -> str:
    """The check: addresses that vfio-pci must have, and those that must have a driver of the host."""
    lines = [
        "#!/bin/sh",
        "# Made by vfiotui: keeps the passthrough of a trial boot when the host came up well.",
        f"remove() {{ rm -f {WANTED} {UNIT} {SCRIPT}; systemctl daemon-reload; }}",
        'bad() { echo "the trial boot is not healthy: $1; the next start is without passthrough";',
        f"    {counter.fail}; exit 0; }}",
        f"left={DRIVER_SECONDS}",
        "has() {",
        "    while :; do",
        "        driver=$(readlink /sys/bus/pci/devices/$1/driver)",
        '        [ "${driver##*/}" != "$2" ] || return 0',
        '        [ "$left" -gt 0 ] || bad "$1 has the driver ${driver##*/}, not $2"',
        "        left=$((left - 1))",
        "        sleep 1",
        "    done",
        "}",
        "for word in $(cat /proc/cmdline); do",
        f"    case $word in vfiotui=off) {counter.fail}; remove; exit 0 ;; esac",
        "done",
        f"state=$(timeout {SECONDS} systemctl is-system-running --wait)",
        'case $state in running | degraded) ;; *) bad "the system is ${state:-still starting}" ;; esac',
        # A system that is up has asked udev for its drivers; that they are loaded is not said.
        f"udevadm settle --timeout={SECONDS}",
        *(f"has {bdf} vfio-pci" for bdf in given),
        *(f"has {bdf} {driver}" for bdf, driver in kept),
        f'if [ -x {HEALTHY} ] && ! {HEALTHY}; then bad "{HEALTHY} says no"; fi',
        f"{counter.keep} || exit 1",
        'echo "the trial boot is healthy: passthrough stays"',
        "remove",
    ]
    return "\n".join((*lines, ""))


def add_trial(draft: Draft) -> None:
    """The next boot is a trial; PlanError where the loader cannot count."""
    loader = loader_of(draft.facts)
    add_escape(draft)
    counter = _grub(draft) if loader == "grub" else _systemd_boot(draft) if loader == "systemd-boot" else None
    if counter is None or "systemctl" not in draft.snapshot.programs:
        raise PlanError(
            "a trial boot needs systemd, the boot entry without passthrough, and GRUB with grub-editenv or "
            "systemd-boot with bootctl: take the entry at the boot menu instead"
        )
    bus = draft.facts.pci
    if isinstance(bus, Unread):
        raise PlanError(f"the PCI devices cannot be seen: {bus}")
    chosen = stored(draft)
    given = tuple(c.bdf for c in chosen if c.method != Method.DYNAMIC)
    if not given:
        raise PlanError("a trial boot tries an isolation: add the goal isolate.auto=BDF before it")
    why = "look after the next boot whether the host is healthy"
    for path, text, mode in ((SCRIPT, script_text(counter, given, _displays(bus, chosen)), 0o755),
                             (UNIT, UNIT_TEXT, 0o644)):  # fmt: skip
        draft.write(path, text, why, Phase.COMMAND_LINE, risk=Risk.R2, effect=Effect.BOOT, mode=mode)
    draft.add(set_link(WANTED, None, UNIT, why, risk=Risk.R1, effect=Effect.BOOT), Phase.COMMAND_LINE)
    for argv, back in zip(counter.arm, counter.disarm, strict=True):
        arm = run_command(argv, "try the next boot once", back=back, risk=Risk.R2, effect=Effect.BOOT)
        draft.add(arm, Phase.ARM)
    draft.escape("the next boot is a trial: when it does not come up well, start once more, and it is without")
    draft.note(f"where {HEALTHY} is a program, it has a say in whether the trial was healthy")


def _displays(bus: PciBus, chosen: tuple[Chosen, ...]) -> tuple[tuple[str, str], ...]:
    """The displays that stay, with their drivers."""
    gone = {c.bdf for c in chosen}
    return tuple(
        (d.bdf, d.driver) for d in bus.devices
        if d.is_display and d.bdf not in gone and isinstance(d.driver, str) and "vfio" not in d.driver
    )  # fmt: skip


def _draw(draft: Draft, argument: str) -> None:
    add_trial(draft)


PLANNERS = (
    Planner("boot.trial", "yes", "make the next boot a trial, kept only when its check passes", "Try it once", _draw),
)
