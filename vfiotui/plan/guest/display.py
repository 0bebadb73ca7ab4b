"""Goals about what a guest shows, plays and shares: emulated cards, displays, sound, shared memory, balloon, inputs."""

from __future__ import annotations

import re

from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.base.reading import Unread
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, pair, whole
from vfiotui.plan.guest.disks import lasting

INPUTS = "/dev/input/by-id"
MOST_MIB = 1 << 20
USERS = "/etc/passwd"
PERSONS = range(1000, 60000)
"""Numbers of users who log in (login.defs: UID_MIN, UID_MAX)."""
RUNTIME = re.compile(r"(?:unix:)?(/run/user/\d{1,10})/pulse/native")
FOLDER = re.compile(r"/[\w./@:+-]+")
SOCKETS = {"pipewire": ("runtimeDir", ""), "pulseaudio": ("serverName", "/pulse/native")}
"""Backend of <audio> → its attribute, and what stands there behind a user's runtime folder."""


def no_video(work: Definition, value: str) -> None:
    """No card is emulated; `value` is none."""
    if value != "none":
        raise PlanError(f"{value!r}: only none can be planned")
    xml = work.xml
    q = xml.document.quote
    found = xml.devices("video")
    if len(found) == 1 and (model := found[0].find("model")) is not None and model.get("type") == "none":
        return
    if found:
        xml.remove_all(found, prune=False)
    # Without the element libvirt would add a card for each display (formatdomain, video devices).
    xml.add("devices", f"<video>\n  <model type={q}none{q}/>\n</video>")
    work.note("until its driver runs in the guest, the passed card shows the firmware's screen at most")


def _graphics(work: Definition, value: str) -> None:
    if value not in ("spice", "vnc"):
        raise PlanError(f"{value!r} is neither spice nor vnc")
    if value in work.domain.devices.graphics:
        return
    q = work.xml.document.quote
    listens = f"  <listen type={q}address{q}/>\n"
    work.xml.add("devices", f"<graphics type={q}{value}{q} autoport={q}yes{q}>\n{listens}</graphics>")


def no_balloon(work: Definition, value: str) -> None:
    """No balloon takes memory back; `value` is none."""
    if value != "none":
        raise PlanError(f"{value!r}: only none can be planned")
    if work.domain.balloon == "none":
        return
    xml = work.xml
    found, q = xml.devices("memballoon"), xml.document.quote
    if found:
        # What it has beside its model belongs to a balloon that is there.
        xml.remove_all(found, prune=False)
    xml.add("devices", f"<memballoon model={q}none{q}/>")


def _shmem(work: Definition, value: str) -> None:
    name, word = pair(value, "NAME=MIB, such as looking-glass=32")
    mib = whole(word, "size in MiB", MOST_MIB)
    if not mib or mib & (mib - 1):
        raise PlanError(f"{mib} MiB: shared memory has a power of two, such as 32, 64 or 128")
    xml = work.xml
    found = next((s for s in xml.devices("shmem") if s.get("name") == name), None)
    if found is None:
        raise PlanError(f"{work.name} has no shared memory {name!r}")
    size, q = found.find("size"), xml.document.quote
    if size is None:
        xml.add_to(found, f"<size unit={q}M{q}>{mib}</size>", ("model", "size", "server", "msi"))
        return
    at = found.start
    xml.set_on(size, "unit", "M")
    size = next(s for s in xml.devices("shmem") if s.start == at).find("size")
    assert size is not None
    xml.set_words(size, str(mib))
    work.note(f"the file /dev/shm/{name} keeps its old size until it is removed while the guest is off")


def _tpm(work: Definition, value: str) -> None:
    if value != "2.0":
        raise PlanError(f"{value!r}: only 2.0 can be planned")
    xml = work.xml
    q = xml.document.quote
    old: Element | None = next(iter(xml.devices("tpm")), None)
    if old is None:
        xml.add(
            "devices",
            f"<tpm model={q}tpm-crb{q}>\n  <backend type={q}emulator{q} version={q}2.0{q}/>\n</tpm>",
        )
    else:
        backend = old.find("backend")
        if backend is None or backend.get("type") != "emulator":
            raise PlanError(f"the TPM of {work.name} is the host's own, whose version is what it is")
        xml.set_on(backend, "version", "2.0")
    work.note("the emulated TPM needs the program swtpm on this host")


def _audio(work: Definition, value: str) -> None:
    kind, _, folder = value.partition("=")
    if kind not in SOCKETS:
        raise PlanError(f"{kind!r} is none of {', '.join(SOCKETS)}")
    folder = folder or _runtime_folder(work)
    if not FOLDER.fullmatch(folder):
        raise PlanError(f"{folder!r} is no absolute path of a folder")
    name, behind = SOCKETS[kind]
    xml = work.xml
    q = xml.document.quote
    if not xml.devices("audio"):
        xml.add("devices", f"<audio id={q}1{q} type={q}{kind}{q}/>")
    first = xml.devices("audio")[0]
    if first.get("type") != kind:
        # Words of another backend, and its children, mean nothing to this one.
        number = first.get("id", "1")
        xml.document.edit(xml.document.remove_edits([first], prune=False))
        xml.add("devices", f"<audio id={q}{number}{q} type={q}{kind}{q}/>")
    first = next(a for a in xml.devices("audio") if a.get("type") == kind)
    xml.set_on(first, name, f"{folder}{behind}")
    work.note(f"QEMU's user must be let into {folder}: user= in qemu.conf, or an access list")


def _runtime_folder(work: Definition) -> str:
    """Whose sound server: the user's that the guest names already, else the only person's on this host."""
    for _, value in work.domain.qemu.environment:
        if match := RUNTIME.fullmatch(value):
            return match[1]
    content = work.snapshot.content(USERS)
    lines = [] if isinstance(content, Unread) else content.decode("utf-8", "replace").split("\n")
    numbers = [w[2] for line in lines if len(w := line.split(":")) > 6 and w[2].isascii() and w[2].isdecimal()]
    persons = sorted({int(n) for n in numbers if len(n) < 6 and int(n) in PERSONS})
    if len(persons) != 1:
        raise PlanError(
            f"it is not known whose sound server is meant ({len(persons)} persons on this host): name the folder, such "
            f"as domain.audio={work.name}/pipewire=/run/user/1000"
        )
    return f"/run/user/{persons[0]}"


def _input(work: Definition, value: str) -> None:
    for element in work.xml.devices("input"):
        source = element.find("source")
        if element.get("type") == "evdev" and source is not None and source.get("dev") == value:
            work.xml.set_on(source, "dev", lasting(work, INPUTS, value))
            return
    raise PlanError(f"{work.name} has no input {value!r}")


PLANNERS = (
    definition_goal("domain.video", "none", "remove the emulated graphics card", "no emulated card", no_video),
    definition_goal(
        "domain.graphics",
        "spice|vnc",
        "add a SPICE or VNC display beside the graphics card",
        "a {2} display",
        _graphics,
    ),
    definition_goal("domain.balloon", "none", "remove the memory balloon", "no memory balloon", no_balloon),
    definition_goal(
        "domain.shmem.size",
        "NAME=MIB",
        "set the size of a shared memory device (Looking Glass, KVMFR)",
        "shared memory {2} MiB",
        _shmem,
    ),
    definition_goal("domain.tpm", "2.0", "add an emulated TPM", "a TPM {2}", _tpm),
    definition_goal(
        "domain.input.by-id",
        "PATH",
        "name an evdev input by /dev/input/by-id, which stays the same after a reboot",
        "{2} by its id",
        _input,
        (INPUTS,),
    ),
    definition_goal(
        "domain.audio",
        "KIND[=FOLDER]",
        "send the guest's sound to a user's PipeWire or PulseAudio server",
        "sound by {2}",
        _audio,
        (USERS,),
    ),
)
