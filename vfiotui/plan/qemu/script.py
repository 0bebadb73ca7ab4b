"""The script: a guest's own words, quoted, between what takes devices and pages and what gives them back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import pairwise

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.words import number
from vfiotui.formats.qemu.line import parts_of, written
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_memory import demands_of
from vfiotui.model.memory.host_memory import Memory
from vfiotui.plan.draft import PlanError
from vfiotui.plan.qemu.cleaned import STATE, Cleaned, cleaned
from vfiotui.plan.qemu.own_devices import RUN, TAP, Own

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
VARIABLES = {RUN: "$run", STATE: "$state", TAP: "$tap"}
PLACEHOLDER = re.compile("(\uffff(?:RUN|STATE|TAP)\uffff)")
SCHEDULERS = {"fifo": "-f", "rr": "-r", "batch": "-b", "idle": "-i"}
"""Options of chrt(1)."""


@dataclass(frozen=True, slots=True)
class Script:
    """A whole POSIX shell script, and what a person should know of it."""

    text: str
    notes: tuple[str, ...]


def script(
    domain: Domain, own: Own, line: str, memory: Reading[Memory], templates: Mapping[str, str] | None = None
) -> Script:
    """The script that starts a guest; PlanError says what cannot be had without libvirt.

    `own` are the devices that the script writes itself, `line` is libvirt's for the rest. `templates` are empty
    firmware variables by their firmware image.
    """
    if not UUID.fullmatch(domain.uuid.lower()):
        raise PlanError(f"{domain.name} has no UUID, by which the script's folders are named")
    words = cleaned(line, domain, templates or {}, boots=not own.boots)
    notes = [*own.notes, *words.notes]
    takes = [f"take {shlex.quote(address)}" for address in _passed(domain, own)]
    pages = _pages(domain, memory, notes)
    if words.password:
        notes.append("its screen has a password, which the script does not hold: give it in VNC_PASSWORD")
    if domain.scheduling:
        notes.append("threads of a real-time class go before everything else on their CPUs")
    parts = {
        "NAME": _comment(domain.name),
        "GUEST": shlex.quote(domain.name),
        "UUID": domain.uuid.lower(),
        "NOTES": "\n".join(f"# {_comment(note)}" for note in dict.fromkeys(notes)) or "# Nothing is left out.",
        "PREPARE": "\n".join([*takes, *pages, *_files(words), *_taps(own), *_tpm(own, domain), *_password(words)])
        or ":",
        "PINS": "\n".join(_pins(domain)) or ":",
        "LAST": str(max((v for v in range(domain.vcpus) if domain.is_on(v)), default=0)),
        "ABOUT": _start(domain),
        "COMMAND": _command(words, own),
    }
    template = (files("vfiotui.plan.qemu") / "start.sh").read_text(encoding="utf-8")
    return Script(re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], template), tuple(dict.fromkeys(notes)))


def _comment(text: str) -> str:
    """Text on one line of a comment."""
    return "".join(c if c.isprintable() else " " if c == "\n" else ascii(c)[1:-1] for c in text)


def quoted(word: str) -> str:
    r"""A word for a shell, in which only the script's own folders are variables.

    >>> quoted("it's"), quoted("socket,path=\uffffRUN\uffff/a b")
    ('\'it\'"\'"\'s\'', 'socket,path="$run"\'/a b\'')
    """
    if "\0" in word:
        raise PlanError("a word for QEMU holds a NUL, which no command line can carry")
    pieces = PLACEHOLDER.split(word)
    if len(pieces) == 1:
        return shlex.quote(word)
    return "".join(f'"{VARIABLES[p]}"' if p in VARIABLES else shlex.quote(p) for p in pieces if p)


def _passed(domain: Domain, own: Own) -> list[str]:
    """PCI functions that VFIO must have, each once; an NVMe drive that QEMU drives itself among them."""
    return list(dict.fromkeys(h.address for h in domain.pci_hostdevs if h.by != "commandline"))


def _pages(domain: Domain, memory: Reading[Memory], notes: list[str]) -> list[str]:
    if not domain.huge_pages:
        return []
    wanted = memory if isinstance(memory, Unread) else demands_of(memory, domain)
    if isinstance(wanted, Unread):
        notes.append(f"no huge pages are reserved: {wanted}")
        return []
    lines = []
    for demand in wanted:
        nodes = sorted(demand.nodes) if demand.nodes else []
        share, rest = divmod(demand.count, len(nodes) or 1)
        if not nodes:
            lines.append(f"reserve - {demand.size_kib} {demand.count}")
        lines += [f"reserve {node} {demand.size_kib} {share + (i < rest)}" for i, node in enumerate(nodes)]
    return lines


def _files(words: Cleaned) -> list[str]:
    if words.variables is None:
        return []
    own, template = words.variables.own, words.variables.template
    return [f"variables {shlex.quote(own)} {shlex.quote(template)}"]


def _taps(own: Own) -> list[str]:
    return [f"connect {number} {shlex.quote(bridge)}" for number, bridge in enumerate(own.taps)]


def _tpm(own: Own, domain: Domain) -> list[str]:
    return [f"trust {'--tpm2' if own.tpm != '1.2' else '--tpm1'}"] if own.tpm else []


def _password(words: Cleaned) -> list[str]:
    return ["password"] if words.password else []


def _start(domain: Domain) -> str:
    """The words before QEMU: where its own threads may run."""
    cpus = domain.emulator_cpus
    return f"taskset -c {format_list(cpus)}" if cpus else "env"


def _pins(domain: Domain) -> list[str]:
    """Lines that pin each vCPU and iothread; one without a pin is freed from that of the emulator."""
    pins = dict(domain.vcpu_pins)
    lines = []
    for vcpu in range(domain.vcpus):
        cpus = pins.get(vcpu, domain.vcpu_cpuset)
        if domain.is_on(vcpu) and (cpus or domain.emulator_cpus):
            lines.append(f"pin 'CPU {vcpu}' {_where(cpus)}")
    own = domain.iothread_cpus
    for thread in domain.iothread_ids:
        if own.get(thread) or domain.emulator_cpus:
            lines.append(f"pin 'IO iothread{thread}' {_where(own.get(thread))}")
    for one in domain.scheduling:
        if one.policy not in SCHEDULERS or one.who == "emulator":
            continue
        name = "CPU " if one.who == "vcpu" else "IO iothread"
        lines += [f"schedule '{name}{n}' {SCHEDULERS[one.policy]} {one.priority or 0}" for n in sorted(one.which)]
    return lines


def _where(cpus: frozenset[int] | None) -> str:
    return format_list(cpus) if cpus else '"$all"'


def _command(words: Cleaned, own: Own) -> str:
    given: Sequence[str] = [*words.words, *_devices(words, own)]
    lines = ["    env \\"] if words.environment else []
    lines += [f"        {quoted(f'{name}={value}')} \\" for name, value in words.environment]
    lines.append(f"    {quoted(words.program)}")
    at = 0
    while at < len(given):
        value = given[at + 1] if at + 1 < len(given) and not given[at + 1].startswith("-") else None
        pair = [given[at]] if value is None else [given[at], value]
        lines[-1] += " \\"
        lines.append("        " + " ".join(quoted(word) for word in pair))
        at += len(pair)
    if words.password:
        lines[-1] += " \\"
        lines.append("        -object " + quoted(f"secret,id=vfiotui-password,file={RUN}/password"))
    return "\n".join(lines)


NUMBERS = ("bootindex", "vendorid", "productid", "hostbus", "hostaddr")


def _devices(words: Cleaned, own: Own) -> list[str]:
    """The script's own words in the form that libvirt's have: QEMU makes all devices of one form before the others."""
    if not any(a == "-device" and b.startswith("{") for a, b in pairwise(words.words)):
        return list(own.words)
    return [_as_object(word) if before == "-device" else word for before, word in pairwise(("", *own.words))]


def _as_object(word: str) -> str:
    (driver, _), *rest = parts_of(word)
    said: dict[str, str | int | bool] = {"driver": driver}
    for key, value in rest:
        whole = number(value) if key in NUMBERS else None
        said[key] = value == "on" if key == "multifunction" else (value or "") if whole is None else whole
    return written(said)


def domain_of(xml: str, source: str) -> Domain:
    """The guest of a definition; PlanError where it is damaged."""
    try:
        return parse(xml, source=source)
    except ValueError as error:
        raise PlanError(f"the definition cannot be read: {error}") from error
