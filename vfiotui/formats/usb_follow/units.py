"""What starts the replay: udev and a hook make a file, systemd sees it and starts a service (systemd.path(5)).

udev ends a program of RUN after some seconds and holds back the device meanwhile, and a hook that asks libvirt waits
for itself: neither does more than make the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vfiotui.formats.libvirt_hooks import guest_hook
from vfiotui.model.guest.usb_follow import Follow

WAKE = "/run/vfiotui-usb.wake"
"""The file that starts the replay, which removes it first: what happens meanwhile starts it again."""
SCRIPT = "/etc/vfiotui/usb-follow.sh"
RULES = "/etc/udev/rules.d/90-vfiotui-usb.rules"
SERVICE = "/etc/systemd/system/vfiotui-usb.service"
WATCH = "/etc/systemd/system/vfiotui-usb.path"
WANTED = "/etc/systemd/system/paths.target.wants/vfiotui-usb.path"
SERVICE_TEXT = f"""# Made by vfiotui: gives USB devices to the running guests that follow them.
[Unit]
Description=USB devices of running guests
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh {SCRIPT}
TimeoutStartSec=10min
"""
WATCH_TEXT = f"""# Made by vfiotui: starts vfiotui-usb.service when a followed device comes or goes, or a guest starts.
[Unit]
Description=USB devices that guests follow

[Path]
PathExists={WAKE}

[Install]
WantedBy=paths.target
"""
NAME = "usb"
HOOK = f"{guest_hook.FOLDER}/60-vfiotui-usb"
PROMISE = "Has the USB devices that a guest follows given to it once it has started."
BODY = f'work() {{ : >"$root{WAKE}"; }}\n'
RULE_HEAD = (
    "# Made by vfiotui: these devices start vfiotui-usb.service when they come or go. Nothing else runs here:\n"
    "# udev must not wait for libvirt. Which guest gets them stands in /etc/vfiotui/usb.conf.\n"
    'SUBSYSTEM!="usb", GOTO="vfiotui_usb_end"\n'
    'ENV{DEVTYPE}!="usb_device", GOTO="vfiotui_usb_end"\n'
    'ACTION!="add|remove", GOTO="vfiotui_usb_end"\n'
)
RULE_END = 'LABEL="vfiotui_usb_end"\n'
RUN = f"RUN+=\"/bin/sh -c ': >{WAKE}'\""

OWN_RULE = re.compile(
    rf'(?:ENV\{{PRODUCT\}}=="[0-9a-f]{{1,4}}/[0-9a-f]{{1,4}}/\*"|DEVPATH=="[\w.:@*/\[\]|-]+"), {re.escape(RUN)}'
)


def hook(guests: Iterable[str]) -> str:
    """The fragment of libvirt's qemu.d that starts the replay behind the start of these guests."""
    return guest_hook.serving(NAME, PROMISE, BODY, ("started",), (), guests)


def hook_guests(text: str) -> tuple[str, ...]:
    """The guests that our fragment serves."""
    return guest_hook.guests_of(NAME, text)


def rules(follows: Iterable[Follow]) -> str:
    """The udev rules: a port by its controller and the ports on the way, ids by the kernel's own word for them.

    PRODUCT is there when a device goes, too; its attributes are not (drivers/usb/core/driver.c usb_uevent). A device is
    matched on each bus of its controller: which of them is meant is the script's to see.
    """
    lines = []
    for follow in follows:
        if follow.ids:
            vendor, _, product = follow.ids.partition(":")
            lines.append(f'ENV{{PRODUCT}}=="{int(vendor, 16):x}/{int(product, 16):x}/*", {RUN}\n')
        else:
            place = f"*/{follow.controller}/*usb[0-9]*/*-{follow.chain}"
            lines.append(f'DEVPATH=="{place}|{place}.*", {RUN}\n')
    return f"{RULE_HEAD}{''.join(dict.fromkeys(lines))}{RULE_END}"


def is_own_rules(text: str) -> bool:
    """Whether a file of rules does nothing but what `rules` writes.

    >>> is_own_rules(rules([Follow("win", "", ids="046d:c52b")])), is_own_rules('RUN+="/bin/rm -rf /"')
    (True, False)
    """
    body = text.removeprefix(RULE_HEAD).removesuffix(RULE_END)
    whole = f"{RULE_HEAD}{body}{RULE_END}" == text
    return whole and all(OWN_RULE.fullmatch(line) for line in body.splitlines())


def config(follows: Iterable[Follow]) -> str:
    """The file that the script reads, one rule a line."""
    lines = dict.fromkeys(f.line for f in follows)
    return "".join(f"{line}\n" for line in ("# Made by vfiotui: USB devices, and the guests that get them.", *lines))
