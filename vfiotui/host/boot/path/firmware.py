"""What the firmware starts next: its variables BootNext, BootOrder and Boot####, or the removable path.

`starts(root)` gives the programs in the firmware's order with the steps that lead there; `first(starts)` is the one
that will run. `program_kind(root, path)` tells which loader a program is by its own text, for a name such as
BOOTX64.EFI that does not tell. `resolve.find_path` puts the steps in front of the loader's own, so that no loader's
module repeats them. (UEFI specification, 3.1 to 3.5)
"""

from __future__ import annotations

from vfiotui.formats.loaders.efi_load_option import LoadOption, file_of, parse
from vfiotui.formats.loaders.efi_program import HEAD, MARK_LIMIT, kind_of
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL, PLACES, loader_of_program
from vfiotui.host.boot.path.places import esps, in_folder
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.path import PathStep

ORDER, NEXT = f"{EFIVARS}/BootOrder-{GLOBAL}", f"{EFIVARS}/BootNext-{GLOBAL}"
REMOVABLE = ("EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/BOOTRISCV64.EFI")
"""What the firmware starts on a disk for which no entry names a program (UEFI specification, 3.5.1.1)."""
COUNT_LIMIT = 256


@dataclass(frozen=True, slots=True)
class Start:
    """A program that the firmware may start."""

    number: int
    """Of its Boot#### variable; -1 for the removable path."""
    option: LoadOption
    file: Reading[str]
    """The program as a path inside the root; Unread where its partition is not seen."""
    kind: str
    """The loader that it is, as `Loader.name` has it, or "windows" or "shim"; empty where it is not known."""
    once: bool = False
    """Whether the firmware takes it for the next boot only (BootNext)."""

    @property
    def name(self) -> str:
        """How a sentence names it: its description and its variable."""
        if self.number < 0:
            return f"the removable path {self.option.path}"
        return f"{self.option.description!r} (Boot{self.number:04X})"


@dataclass(frozen=True, slots=True)
class Starts:
    """The firmware's part of the boot path."""

    steps: tuple[PathStep, ...]
    programs: tuple[Start, ...]
    """In the order in which the firmware tries them; empty where its variables are not visible."""
    missing: tuple[Unread, ...] = ()


def variable(root: Root, name: str) -> Reading[bytes]:
    """A variable of the UEFI specification without its attributes."""
    data = root.bytes(f"{EFIVARS}/{name}-{GLOBAL}", 1 << 16)
    if isinstance(data, Unread):
        return data
    return bytes(data[4:]) if len(data) > 4 else Unread("is too short", Why.DAMAGED, f"{EFIVARS}/{name}-{GLOBAL}")


def numbers(data: bytes) -> tuple[int, ...]:
    """The numbers of a BootOrder or BootNext, each once.

    >>> numbers(bytes((1, 0, 0x1A, 0, 1, 0, 7)))
    (1, 26)
    """
    found = (int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data) - 1, 2))
    return tuple(dict.fromkeys(found))[:COUNT_LIMIT]


def mount_of(root: Root, partition: str) -> Reading[str | None]:
    """Where a GPT partition is mounted, by its GUID in lower case; None where nothing tells which device it is.

    Absent where this host has no such partition, not visible where it has one that is not mounted.
    """
    link = root.link(f"/dev/disk/by-partuuid/{partition}")
    if isinstance(link, Unread):
        return (
            Unread("lies on a partition that is not here", Why.ABSENT)
            if root.origin is Mode.LIVE and root.tells_absence
            else None
        )
    device = "/dev/" + link.rpartition("/")[2]
    for line in or_else(root.lines("/proc/self/mounts"), ()):
        words = line.split(" ")
        if len(words) > 2 and words[0] == device and words[1] in PLACES:
            return words[1]
    return Unread(f"lies on {device}, which is mounted at none of {', '.join(PLACES)}", Why.NOT_HERE)


def program_file(root: Root, option: LoadOption) -> Reading[str]:
    """The program of an entry inside the root: on its own partition where that is known, else on any EFI partition.

    Absent where the firmware will not find it either, not visible where it may be there.
    """
    if not option.path.strip("\\") and not option.partition:
        return Unread("names no file of a disk", Why.ABSENT)
    place = mount_of(root, option.partition) if option.partition else None
    if isinstance(place, Unread):
        return place
    for esp in esps(root) if place is None else (place,):
        for name in (file_of(option.path),) if option.path.strip("\\") else REMOVABLE:
            if found := in_folder(root, esp, name):
                return found
    why = Why.NOT_HERE if place is None and option.partition else Why.ABSENT
    return Unread("was not found on the EFI partitions that are mounted", why)


def program_kind(root: Root, path: str) -> str:
    """Which loader an EFI program is, by the text in it; empty where nothing tells or it cannot be read."""

    def look(read: object, size: int) -> Reading[str]:
        assert callable(read)
        kind = kind_of(bytes(read(0, HEAD)))
        at = HEAD
        while not kind and at < min(size, MARK_LIMIT):
            kind = kind_of(bytes(read(at - 64, HEAD + 64)), first=False)
            at += HEAD
        return kind

    return or_else(root.read_at(path, look, MARK_LIMIT), "")


def _start(root: Root, number: int, once: bool) -> Start | Unread:
    name = f"Boot{number:04X}"
    data = variable(root, name)
    if isinstance(data, Unread):
        return data
    option = parse(data)
    if option is None:
        return Unread("is cut off", Why.DAMAGED, f"{EFIVARS}/{name}-{GLOBAL}")
    file = program_file(root, option)
    kind = loader_of_program(option.path) if option.path.strip("\\") else ""
    if "bootmgfw" in option.path.lower():
        kind = "windows"
    if not kind and isinstance(file, str):
        kind = program_kind(root, file)
    return Start(number, option, file, kind, once)


def _removable(root: Root) -> Start | None:
    for esp in esps(root):
        for name in REMOVABLE:
            if file := in_folder(root, esp, name):
                option = LoadOption("", "", "\\" + name.replace("/", "\\"), b"")
                return Start(-1, option, file, program_kind(root, file))
    return None


def starts(root: Root) -> Starts:
    """What the firmware tries at the next boot, in its order."""
    if root.has("sys") and root.exists("/sys/firmware/efi") is False and root.tells_absence:
        if root.origin is Mode.LIVE:
            return Starts(
                (PathStep("the host was started by a BIOS, which runs the boot code of a disk", EFIVARS),), ()
            )
        return Starts((), ())
    order = variable(root, "BootOrder")
    if isinstance(order, Unread):
        return _without_variables(root, order)
    steps: list[PathStep] = []
    found: list[Start] = []
    missing: list[Unread] = []
    once = variable(root, "BootNext")
    for number in numbers(once)[:1] if not isinstance(once, Unread) else ():
        start = _start(root, number, True)
        (missing if isinstance(start, Unread) else found).append(start)  # type: ignore[arg-type]
    for number in numbers(order):
        start = _start(root, number, False)
        if isinstance(start, Unread):
            missing.append(start)
        elif start.option.active:
            found.append(start)
    for start in found:
        steps.append(_step(start, not steps))
        if isinstance(start.file, str):
            break
    return Starts(tuple(steps), tuple(found), tuple(missing))


def _step(start: Start, first: bool) -> PathStep:
    source = NEXT if start.once else ORDER
    what = f" {start.option.path}" if start.option.path.strip("\\") else " the removable path of its disk"
    if isinstance(start.file, Unread):
        order = "tries" if first else "then tries"
        return PathStep(f"the firmware {order} {start.name}:{what} {start.file.reason}", source)
    when = (
        "at the next boot only (BootNext)" if start.once else "first" if first else "where those before are not there"
    )
    kind = f", which is {start.kind}" if start.kind else ""
    return PathStep(f"the firmware starts {start.name} {when}:{what}{kind}", source)


def _without_variables(root: Root, why: Unread) -> Starts:
    """A mounted disk shows no variables of the firmware: only what a disk without an entry would start."""
    removable = _removable(root)
    if removable is None:
        return Starts((), (), (why,) if why.why is not Why.ABSENT else ())
    kind = f", which is {removable.kind}" if removable.kind else ""
    assert isinstance(removable.file, str)
    text = f"the firmware's entries are not visible here; without one it starts {removable.option.path}{kind}"
    return Starts((PathStep(text, removable.file),), (), (why,) if why.why is not Why.ABSENT else ())


def first(found: Starts) -> Start | None:
    """The program that runs: the first of the order that is there; None where that is not known.

    An entry ahead of it whose partition is not seen may well be there, so it leaves the answer open.
    """
    for start in found.programs:
        if isinstance(start.file, str):
            return start
        if start.file.why is not Why.ABSENT:
            return None
    return None
