"""Every domain file below some folders is edited: what is not touched stays, byte for byte and by libvirt's schema.

`python -m tests.formats.domain_xml.edit_proof FOLDER …`: for instance over `tests/` of libvirt's own source. Each file
whose root is a domain is told its own pinning again (no byte may change), then vCPU 0 and the emulator are pinned
elsewhere. What came of it is read by other means: ElementTree for the pins and for all the rest, libvirt's RELAX NG
schema before and after.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.xml_text import decode
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.cpu.pinning import EMULATOR, pinning_of
from vfiotui.plan.pin.xml import with_pinning
from vfiotui.virt.schema import Schema

EMULATORS = ("1,3", "1")


def files(folders: list[str]) -> Iterator[Path]:
    """Every file that is a domain, each once: links are not followed."""
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 20 and is_domain(path):
                yield path


def is_domain(path: Path) -> bool:
    """Whether the root element is a domain; what is no XML at all is none."""
    try:
        return ET.fromstring(path.read_bytes()).tag == "domain"
    except (ET.ParseError, ValueError, LookupError):
        return False


def tree(data: bytes) -> ET.Element:
    """A document with its comments and instructions."""
    return ET.fromstring(data, ET.XMLParser(target=ET.TreeBuilder(insert_comments=True, insert_pis=True)))


def rest(document: ET.Element) -> str:
    """Everything but the pins that are edited, in a canonical form."""
    for tune in document.findall("cputune"):
        for pin in [*tune.findall("vcpupin[@vcpu='0']"), *tune.findall("emulatorpin")]:
            tune.remove(pin)
        if not len(tune) and not tune.attrib:
            document.remove(tune)
    return ET.canonicalize(ET.tostring(document, encoding="unicode"), with_comments=True, strip_text=True)


def judged(path: Path, schema: Schema) -> list[str]:
    """The names of what holds of a file; those with a "not" fail."""
    before, encoding = decode(path.read_bytes())
    start = pinning_of(parse(before, source=str(path)))
    same = with_pinning(before, start)
    said = ["no-op is byte-identical" if same.encode(encoding) == path.read_bytes() else "not the same bytes"]
    cpu = "5" if start.vcpus.get(0) == {2} else "2"
    emulator = EMULATORS[start.emulator == {1, 3}]
    wanted = start.placed("v0", frozenset({int(cpu)})).placed(EMULATOR, frozenset(map(int, emulator.split(","))))
    after = with_pinning(before, wanted)
    old, new = (tree(text.encode(encoding)) for text in (before, after))
    pins = [e.get("cpuset") for e in new.findall("cputune/vcpupin[@vcpu='0']")]
    pins += [e.get("cpuset") for e in new.findall("cputune/emulatorpin")]
    said.append("the pins are read back" if pins == [cpu, emulator] else f"not the pins: {pins}")
    said.append("all the rest is as it was" if rest(old) == rest(new) else "not the rest")
    valid = schema.problems(before)
    if isinstance(valid, Unread):
        said.append(f"not judged by a schema: {valid}")
    elif valid == ():
        later = schema.problems(after)
        said.append("valid before and after" if later == () else f"not valid any more: {later}")
    return said


def main(folders: list[str]) -> int:
    """Prints what holds of how many files, and each that fails."""
    schema = Schema(Root.live().bytes)
    tally: Counter[str] = Counter()
    for path in files(folders):
        try:
            said = judged(path, schema)
        except ValueError as error:
            said = [f"not edited: {error}"]
        tally.update(["files", *("FAILS" if word.startswith("not ") else word for word in said)])
        for word in said:
            if word.startswith("not "):
                print(path, word, file=sys.stderr)
    for word, count in tally.items():
        print(f"{count:5} {word}")
    return bool(tally["FAILS"]) or not tally["files"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
