"""The sound server that a guest speaks to is there.

Expected
    The socket of <audio type='pipewire'> or 'pulseaudio' exists, and a guest of the system daemon names its
    folder.
Why
    QEMU runs as a user of its own and finds no server of yours: the guest has a sound card and no sound.
How it is read
    <audio>, the socket below runtimeDir or serverName.
Fix
    Set runtimeDir='/run/user/UID' and let QEMU's user in (user= in qemu.conf, or an ACL), or use SPICE audio.
Valid for
    libvirt 9.10 for PipeWire.
Sources
    libvirt formatdomain, audio.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, guest_rule, holds, known, seen


@guest_rule("AUDIO-SOCKET", Severity.INFO, needs=("guest_files",), fires="guest-glass", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    for audio in domain.devices.audios:
        if audio.kind not in ("pipewire", "pulseaudio"):
            continue
        path = f"{audio.runtime_dir}/pipewire-0" if audio.kind == "pipewire" and audio.runtime_dir else audio.server
        if not path.startswith("/"):
            yield fails(
                domain.name,
                f"Its sound goes to {audio.kind} and no socket is named: QEMU's own user has none.",
                seen(domain.source, f"audio {audio.kind} without runtimeDir or serverName"),
                fix=fix("name the socket's folder", Risk.R2, ("domain.audio", audio.kind)),
            )
        elif known(known(facts.guest_files).missing(path)):
            yield fails(
                domain.name,
                f"Its sound goes to {path}, which is not there now.",
                seen(domain.source, f"audio {audio.kind}"),
                seen(path, "is not there"),
                fix=by_hand(
                    ByHand.RUNNING_HOST, "log in as that user before the guest starts, or correct the path", Risk.R2
                ),
            )
        else:
            yield holds(domain.name, f"{path} is there", seen(path, "is there"))
