"""Closing the lid does not put the host to sleep under a running guest.

Expected
    Where a guest is given PCI devices of a laptop, the host goes on when the lid closes, or a hook holds that off
    while the guest runs.
Why
    A device in a guest's hands is not put to sleep and woken with the host: the guest becomes unstable. An inhibitor
    of sleep alone does not help: logind ignores it for the lid.
How it is read
    /proc/acpi/button/lid; HandleLidSwitch, HandleLidSwitchExternalPower and HandleLidSwitchDocked of logind.conf and
    its drop-ins; libvirt's hooks that inhibit handle-lid-switch.
Fix
    HandleLidSwitch=ignore and HandleLidSwitchExternalPower=ignore below [Login] in
    /etc/systemd/logind.conf.d/vfio.conf, then systemctl restart systemd-logind; or let the hook of the guest run
    systemd-inhibit --what=sleep:handle-lid-switch.
Valid for
    Hosts with systemd-logind. A desktop session may handle the lid itself.
Sources
    logind.conf(5); systemd-inhibit(1).
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import Answers, fails, holds, known, not_applicable, rule, seen
from vfiotui.rules.security.host_sleep import given, keep_awake, serves

WORD = "handle-lid-switch"


@rule(
    "HOST-LID",
    Severity.INFO,
    needs=("limits", "virt", "boot"),
    fires="laptop-lid",
    silent="laptop-lid-ignored",
    changes=(Part.POWER,),
)
def check(facts: Facts) -> Answers:
    lid = known(known(facts.limits).lid)
    if lid is None:
        yield not_applicable("host", "this host shows no lid")
        return
    virt = known(facts.virt)
    names = given(known(virt.domains))
    hooks = known(facts.boot).hooks
    settings = known(lid.settings)
    guards = [h for h in hooks if WORD in h.text and serves(h, names)]
    plain, power, _ = settings
    sleeping = [s for s in (plain, power) if not s.keeps_running]
    shown = [seen(s.source or "logind.conf(5)", f"{s.name}={s.value}") for s in sleeping]
    if not names:
        yield not_applicable("host", "no guest has PCI devices of the host")
    elif guards:
        yield holds("host", "a hook holds logind off the lid", seen(guards[0].path, WORD))
    elif not sleeping:
        yield holds("host", "the host goes on when the lid closes", seen(plain.source, f"{plain.name}={plain.value}"))
    else:
        yield fails(
            "host",
            f"When the lid closes the host does '{sleeping[0].value}', under {' or '.join(names)} with its devices.",
            *shown,
            seen(lid.path, "closed" if lid.closed is True else "open" if lid.closed is False else "cannot be read"),
            fix=keep_awake(
                virt, "a hook that holds logind off the lid while the guest runs, or HandleLidSwitch=ignore"
            ),
        )
