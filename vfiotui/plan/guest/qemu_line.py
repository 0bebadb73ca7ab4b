"""Goals about what a guest hands to QEMU past libvirt: arguments that go, or are written as QEMU takes them today."""

from __future__ import annotations

import json
import re

from vfiotui.formats.domain_xml.elements.commandline import Argument, Variable
from vfiotui.formats.domain_xml.elements.features import Hyperv
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal

WORDS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
BOOLEAN = ("master", "ioeventfd", "multifunction", "rombar")
NUMBERS = ("vectors", "bootindex", "acpi-index", "romsize")
"""Properties of ivshmem devices that are no texts (qemu-system -device ivshmem-plain,help)."""
FLAG = re.compile(r"[+-]?[a-z0-9][a-z0-9._-]{0,40}(=(on|off))?")
ENLIGHTENMENTS = frozenset(Hyperv.order)


def _arguments(work: Definition) -> list[Element]:
    return work.xml.root.all(Argument.value.path)


def _the(work: Definition, value: str) -> Element:
    found = next((a for a in _arguments(work) if a.get("value") == value), None)
    if found is None:
        raise PlanError(f"qemu:commandline of {work.name} has no argument {value!r}")
    return found


def _drop(work: Definition, value: str) -> None:
    """An argument, with what follows an option and with the option before a value; or NAME=VALUE of the environment."""
    name, equals, content = value.partition("=")
    variable = next(
        (
            v
            for v in work.xml.root.all(Variable.name.path)
            if equals and (v.get("name"), v.get("value")) == (name, content)
        ),
        None,
    )
    if variable is not None:
        work.xml.remove(variable)
        return
    given, one = _arguments(work), _the(work, value)
    at = given.index(one)
    gone = [one]
    if value.startswith("-"):
        gone += [a for a in given[at + 1 : at + 2] if not a.get("value").startswith("-")]
    elif at and given[at - 1].get("value").startswith("-"):
        gone.insert(0, given[at - 1])
    work.xml.remove_all(gone)


def _readonly(work: Definition, value: str) -> None:
    words = ["readonly=on" if word == "readonly" else word for word in value.split(",")]
    work.xml.set_on(_the(work, value), "value", ",".join(words))


def _as_json(work: Definition, value: str) -> None:
    driver, *rest = (w.replace("\0", ",") for w in value.replace(",,", "\0").split(","))
    if "ivshmem" not in driver or "=" in driver:
        raise PlanError(f"only devices of shared memory can be rewritten: {value!r} is none")
    said: dict[str, str | int | bool] = {"driver": driver}
    for word in rest:
        name, equals, content = word.partition("=")
        if not equals or not name:
            raise PlanError(f"{word!r} of {value!r} is no NAME=VALUE")
        said[name] = content
        if name in BOOLEAN:
            if content not in WORDS:
                raise PlanError(f"{name} of {value!r} is neither on nor off")
            said[name] = WORDS[content]
        elif name in NUMBERS and content.isascii() and content.isdecimal():
            said[name] = int(content)
    work.xml.set_on(_the(work, value), "value", json.dumps(said, separators=(",", ":"), ensure_ascii=False))


def _processor(work: Definition, value: str) -> None:
    """What -cpu says is said in <cpu> and <features>, and the argument goes; PlanError for a word that has no place."""
    given = [a.get("value") for a in _arguments(work)]
    at = next((i for i, word in enumerate(given) if word == "-cpu"), None)
    if at is None:
        return
    model, *flags = (given[at + 1] if at + 1 < len(given) else "").split(",")
    if model not in ("host", "max"):
        raise PlanError(f"-cpu {model}: only host and max can be moved into <cpu>; write <model> there by hand")
    xml = work.xml
    xml.cpu_mode = "host-passthrough" if model == "host" else "maximum"
    for name in ("model", "vendor"):
        if found := xml.root.all(f"cpu/{name}"):
            xml.remove_all(found)
    for flag in flags:
        _flag(work, flag.strip())
    _drop(work, "-cpu")


def _flag(work: Definition, flag: str) -> None:
    xml = work.xml
    name, _, word = flag.partition("=")
    if not flag or name in ("migratable", "check", "enforce", "host-cache-info", "l3-cache"):
        if name == "host-cache-info" and word == "on":
            xml.cache_mode = "passthrough"
        return
    if name == "kvm" and word in ("on", "off"):
        if word == "off":
            xml.kvm_hidden = True
        return
    if name.startswith(("hv_", "hv-")):
        _enlightenment(work, name[3:].replace("-", "_"), word)
        return
    if not FLAG.fullmatch(flag) or name.startswith("kvm"):
        raise PlanError(f"{flag!r} of -cpu has no place in <cpu>: write it there by hand")
    off = name.startswith("-") or word == "off"
    xml.cpu_features = {**xml.cpu_features, name.lstrip("+-"): "disable" if off else "require"}


def _enlightenment(work: Definition, name: str, word: str) -> None:
    xml = work.xml
    if name == "time":
        q = xml.document.quote
        if not any(t.get("name") == "hypervclock" for t in xml.root.all("clock/timer")):
            xml.add("clock", f"<timer name={q}hypervclock{q} present={q}yes{q}/>")
        return
    if name not in ENLIGHTENMENTS:
        raise PlanError(f"hv_{name} of -cpu has no place in <hyperv>: write it there by hand")
    path = f"features/hyperv/{name}"
    xml.set_attribute(path, "state", "off" if word == "off" else "on")
    if name == "spinlocks":
        number = int(word, 0) if re.fullmatch(r"0x[0-9a-fA-F]{1,8}|[1-9][0-9]{0,9}", word) else 8191
        xml.spinlock_retries = number
    elif name == "vendor_id":
        xml.set_attribute(path, "value", word[:12])


PLANNERS = (
    definition_goal(
        "domain.qemu.drop",
        "ARGUMENT",
        "remove an argument that is handed to QEMU (<qemu:commandline>)",
        "QEMU does not get {2}",
        _drop,
    ),
    definition_goal(
        "domain.qemu.readonly",
        "DRIVE",
        "write readonly=on in a -drive argument, as newer QEMU wants it",
        "readonly=on in -drive",
        _readonly,
    ),
    definition_goal(
        "domain.qemu.json",
        "DEVICE",
        "write the -device argument of a shared memory device as JSON",
        "shared memory as JSON",
        _as_json,
    ),
    definition_goal(
        "domain.qemu.cpu",
        "",
        "describe the CPU in <cpu> instead of a -cpu argument",
        "<cpu> in place of -cpu",
        _processor,
    ),
)
