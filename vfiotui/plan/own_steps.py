"""What the planners of this program write and run, so that a plan from a file that does more is known for it.

A plan may be edited, or written by somebody: its own words about its risk prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.formats.libvirt_hooks import cores_hook, libvirt_hook, pages_hook, sleep_hook
from vfiotui.formats.suffix import lacks_suffix
from vfiotui.formats.usb_follow import units as usb_units
from vfiotui.model.change.change import Change, image_words
from vfiotui.model.change.plan import text_of
from vfiotui.plan.boot import fallback as escape
from vfiotui.plan.boot import fallback_entry as escape_entry
from vfiotui.plan.boot import guard, trial
from vfiotui.plan.cpu.services import SLICE, UNIT
from vfiotui.plan.draft import ANY_NAME, FILE_NAME
from vfiotui.plan.goals import declared
from vfiotui.plan.guest import guest_hook, usb_follow
from vfiotui.plan.guest.access import HOOKS, USER
from vfiotui.plan.isolate import early_script, override_rule
from vfiotui.plan.memory import mount
from vfiotui.plan.memory.pool import COMPACT

FILES = re.compile("|".join(declared("WRITES")))
"""Files that are edited, and read by programs as settings: each module of the planners names its own."""
PLAIN = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
"""A character that breaks neither a line nor a terminal."""
BELOW = rf"(?!.*\.\.){PLAIN}"
"""The first character of a path, or of its end, that leads to no other folder."""
WORD = rf"{PLAIN}*"
MENU = r"/boot/grub2?/grub\.cfg"
COMMANDS = re.compile(
    "|".join(
        (
            rf"update-grub|grub2?-mkconfig\0-o\0{MENU}|update-initramfs\0-u(\0-k\0all)?|mkinitcpio\0-P",
            r"dracut\0-f\0--regenerate-all|/usr/lib/booster/regenerate_images|proxmox-boot-tool\0refresh",
            r"limine-update|update-extlinux|sdboot-manage\0gen|sdbootutil\0update-all-entries|sync",
            r"reinstall-kernels|limine-mkinitcpio",
            rf"kernel-install\0add\0{FILE_NAME}\0/(boot|usr/lib/modules|lib/modules)/(?!.*\.\.)[\w./+~-]+",
            rf"grubby\0--update-kernel=ALL(\0--(remove-)?args={WORD})+|kernelstub\0-[ad]\0{WORD}",
            rf"rpm-ostree\0kargs(\0--(append-if-missing|delete-if-present)={WORD})+",
            r"grub2?-editenv\0-\0(set\0vfiotui_trial=armed|unset\0vfiotui_trial)",
            rf"bootctl\0set-(default|oneshot)\0({FILE_NAME})?|modprobe(\0-a\0-b)?(\0[\w-]+)+",
            rf"setfacl\0-m\0u:{USER}:x\0/{BELOW}{WORD}|usermod\0-aG\0libvirt\0{USER}|chmod\0\+x\0{HOOKS}",
            rf"systemctl\0(disable\0--now\0{UNIT}|set-property\0--runtime\0{SLICE}\0AllowedCPUs=)",
            r"systemctl\0(daemon-reload|(start|stop)\0vfiotui-usb\.path|start\0--no-block\0vfiotui-usb\.service)",
        )
    )
)
"""Commands, their words joined by NUL."""
BACK = re.compile(
    rf"setfacl\0-x\0u:{USER}\0/{BELOW}{WORD}|gpasswd\0-d\0{USER}\0libvirt|chmod\0-x\0{HOOKS}|"
    rf"systemctl\0(enable\0--now\0{UNIT}|set-property\0--runtime\0{SLICE}\0AllowedCPUs=[\d,-]+)"
)
"""Commands that only undo one of these."""
WANTED = re.compile(rf"/etc/systemd/system/{FILE_NAME}\.(wants|requires)/{FILE_NAME}\.service")
"""The links by which a unit starts at boot."""
PRODUCTS = re.compile(
    rf"(/boot|/efi)/({BELOW}{PLAIN}*)?|/(?!.*\.\.)[\w./@+-]+\.(img|efi)|/var/lib/initramfs-tools/\*|{FILES.pattern}"
    r"|/boot/grub2?/grubenv"
)
"""Presets may name images on any file system."""
VALUES = re.compile(rf"(/proc)?/sys/{BELOW}{PLAIN}*|/proc/irq/\d+/smp_affinity(_list)?")
RUNS_CODE = re.compile(r"/proc/sys/kernel/(core_pattern|modprobe|hotplug|poweroff_cmd)|/sys/.*/uevent_helper")
"""Values that the kernel runs as a program, as root."""
OWN_LINKS = frozenset(
    (link, target)
    for link, unit in ((trial.WANTED, trial.UNIT), (usb_units.WANTED, usb_units.WATCH))
    for target in (None, unit.encode())
)
NUDGES = (COMPACT, "/proc/sys/vm/drop_caches")
DATA = re.compile(
    r"take [0-9a-f:.]+( \w+=[0-9a-f]+)*|has [0-9a-f:.]+ [\w-]+"
    r'|ACTION=="add", SUBSYSTEM=="pci", KERNEL=="[0-9a-f:.]+"(, ATTR\{\w+\}=="0x[0-9a-f]+")*, '
    r'ATTR\{driver_override\}="vfio-pci", ATTR\{\[subsystem/pci\]drivers_probe\}="\$kernel"'
)
"""Lines of our scripts and rules that name devices."""
NO_IMAGES = ("/etc/", "/boot/", "/efi/", "/usr/", "/lib", "/bin/", "/sbin/", "/dev/", "/proc/", "/sys/", "/run/")
"""Where no image of a guest lies."""
RULES = "/etc/udev/rules.d/"
EXCEPT = re.compile(r'^(KERNEL!="[0-9a-f:.]+", )+')
"""What keeps a rule from a device."""


STARTED = re.compile(rf"/etc/libvirt/qemu/autostart/({ANY_NAME}\.xml)")
"""The links by which libvirt starts guests together with itself, of a system that does not run."""


def _trials() -> Iterator[str]:
    counters = (trial.grub_counter("grub-editenv"), trial.grub_counter("grub2-editenv"), trial.entry_counter(""))
    return (trial.script_text(counter, (), ()) for counter in counters)


def _bare(text: str) -> str:
    """A script of ours without the devices in it."""
    return "\n".join(line for line in text.split("\n") if not DATA.fullmatch(line))


def _scripts() -> dict[str, tuple[str, ...]]:
    """The files that are run, or hold what is run, with the texts that they may have but for the devices."""
    return {
        escape.GRUB_SCRIPT: (escape.GRUB_TEXT,),
        escape_entry.PLUGIN: (escape_entry.plugin_text(escape.TITLE, escape.WORDS),),
        override_rule.RULE: (override_rule.rule_text(()),),
        early_script.SCRIPT: (early_script.script_text(()),),
        early_script.DRACUT_SETUP: (early_script.DRACUT_SETUP_TEXT,),
        early_script.DRACUT_HOOK: (early_script.dracut_hook_text(()),),
        early_script.MKINITCPIO_HOOK: (early_script.mkinitcpio_hook_text(()),),
        early_script.MKINITCPIO_INSTALL: (early_script.MKINITCPIO_INSTALL_TEXT, early_script.UNIT_INSTALL_TEXT),
        early_script.UNIT: (early_script.UNIT_TEXT,),
        early_script.UNIT_SCRIPT: (early_script.unit_script_text(()),),
        trial.SCRIPT: tuple(_trials()),
        trial.UNIT: (trial.UNIT_TEXT,),
        guest_hook.RUNNER: (libvirt_hook.runner(),),
        **{path: (text,) for path, (text, _) in usb_follow.OWN.items()},
    }


def _is_own_script(path: str, after: bytes | None) -> bool | None:
    """Whether a file that is run has a text of ours, or goes away; None for a file that is not run."""
    makers = {
        pages_hook.PATH: (pages_hook.guests_of, pages_hook.pages_hook),
        cores_hook.PATH: (cores_hook.guests_of, cores_hook.cores_hook),
        sleep_hook.PATH: (sleep_hook.guests_of, sleep_hook.sleep_hook),
        usb_units.HOOK: (usb_units.hook_guests, usb_units.hook),
    }
    if path in guard.PATHS:
        return after is None or guard.is_own_text(path, text_of(after) or "")
    if mount.is_unit(path):
        return after is None or mount.is_own_text(path, text_of(after) or "")
    if path == usb_units.RULES:
        return after is None or usb_units.is_own_rules(text_of(after) or "")
    texts = _scripts().get(path)
    if texts is None and path not in makers:
        return None
    if after is None:
        return True
    text = text_of(after) or ""
    if texts is not None:
        return _bare(text) in texts
    guests_of, script = makers[path]
    return text == script(guests_of(text))


def _is_old_name(step: Change) -> bool:
    """Whether a file goes away that its program passes over because of its name: a rename removes it, none writes it.

    >>> [_is_old_name(Change("file", "/etc/modprobe.d/x.txt", "", b"", after)) for after in (None, b"x")]
    [True, False]
    """
    return step.after is None and lacks_suffix(step.subject) and step.subject.isprintable()


def _file(step: Change) -> str:
    own = _is_own_script(step.subject, step.after)
    if own is None and not FILES.fullmatch(step.subject) and not _is_old_name(step):
        return f"writes {step.subject}"
    if step.mode is not None and step.mode & 0o7022:
        return f"gives {step.subject} the mode {step.mode:04o}"
    if own is False:
        return f"writes code of its own into {step.subject}"
    before, after = ((text_of(c) or "").split("\n") for c in (step.before, step.after))
    new = (line.split(None, 1)[0] for line in after if line not in before and line.split())
    ours = (override_rule.RULE, usb_units.RULES)
    if step.subject.startswith(RULES) and step.subject not in ours and not _passes_over(before, after):
        return f"writes rules of its own into {step.subject}"
    if "/modprobe.d/" in step.subject and any(word in ("install", "remove") for word in new):
        return f"has {step.subject} run a command when a module is loaded"
    if step.after is not None and text_of(step.after) is None:
        return f"writes what is no text into {step.subject}"
    return ""


def _passes_over(before: list[str], after: list[str]) -> bool:
    """Whether rules of a person have no new line, but for conditions by which one passes over a device."""
    return all(line in before or EXCEPT.sub("", line) in before for line in after)


def _command(step: Change) -> str:
    for argv, known in ((step.argv, (COMMANDS,)), (step.back, (COMMANDS, BACK))):
        if argv and not any(pattern.fullmatch("\0".join(argv)) for pattern in known):
            return f"runs {' '.join(argv)}"
    strange = [p for p in step.products if not PRODUCTS.fullmatch(p)]
    return f"keeps and puts back {' and '.join(strange)}" if strange else ""


def _image(step: Change) -> str:
    """An image is made where nothing is: what it may hold is nothing yet, so that only the place counts."""
    try:
        image_words(step)
    except ValueError as error:
        return f"makes an image of a strange kind: {error}"
    ours = step.subject.startswith(NO_IMAGES) or step.before is not None
    return f"makes an image at {step.subject}" if ours else ""


def strange(step: Change) -> str:
    """What a step does that no planner of this program plans, as a half sentence; empty where there is nothing."""
    match step.kind:
        case "file":
            return _file(step)
        case "link":
            own = (step.subject, step.after) in OWN_LINKS
            disables = step.after is None and WANTED.fullmatch(step.subject)
            own = own or mount.is_own_link(step.subject, step.after)
            guest = STARTED.fullmatch(step.subject)
            starts = guest and step.after in (None, f"/etc/libvirt/qemu/{guest[1]}".encode())
            return "" if own or disables or starts else f"sets the link {step.subject}"
        case "command":
            return _command(step)
        case "value" | "pages":
            code = RUNS_CODE.fullmatch(step.subject)
            if code or not VALUES.fullmatch(step.subject):
                return f"writes {step.subject}{', which the kernel runs as root' if code else ''}"
        case "disk_image":
            return _image(step)
        case "release":
            return "" if step.subject == cores_hook.PATH else f"runs {step.subject}"
        case "nudge":
            return "" if step.subject in NUDGES else f"writes {step.subject}"
    return ""
