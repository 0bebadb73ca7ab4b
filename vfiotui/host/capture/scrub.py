"""The pseudonyms of one capture: what may identify a person, a host or a customer becomes a name that says nothing.

Equal texts become equal pseudonyms, so that whatever is judged by equality is judged the same. Only words that are
public (host.public_words), numbers and addresses of devices stay as they are: a word that nobody knows is replaced.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping

from vfiotui.formats.loaders.cmdline_faults import is_misread
from vfiotui.formats.modprobe.modprobe_faults import meant_module
from vfiotui.host.capture.public_words import KERNEL_PARAMETERS, MODULE_NAMES, OWN_SENTENCES, PUBLIC, USER_NAMES

UUID = r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![0-9A-Za-z])"
MAC = (
    r"(?<![0-9A-Za-z:])(?:[0-9a-fA-F]{2}:){5}(?:(?:[0-9a-fA-F]{2}:){2})?[0-9a-fA-F]{2}(?![0-9A-Za-z:])"
    r"|(?<![0-9A-Za-z-])(?:[0-9a-fA-F]{2}-){5}[0-9a-fA-F]{2}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z.])[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}(?![0-9A-Za-z])"
)
IPV4 = r"(?<![0-9A-Za-z.])(?:\d{1,3}\.){3}\d{1,3}(?![0-9A-Za-z.]|\.\d)"
IPV6 = (
    r"(?<![0-9A-Za-z:.])(?=[0-9a-fA-F:]*[0-9a-fA-F]{3}[0-9a-fA-F:]*:|[0-9a-fA-F:]*::[0-9a-fA-F])"
    r"(?:[0-9a-fA-F]{1,4}:){1,7}(?::[0-9a-fA-F]{1,4}){1,6}(?![0-9A-Za-z:])"
    r"|(?<![0-9A-Za-z:.])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![0-9A-Za-z:])"
    r"|(?<![0-9A-Za-z:.])(?:[0-9a-fA-F]{1,4}:){1,7}:(?![0-9A-Za-z:])"
)
LONG_ID = r"(?<![0-9A-Za-z])[0-9a-fA-F]{32}(?![0-9A-Za-z])"
PCI = (
    r"(?<![\w:])[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7](?!\w)"
    r"|(?<![\w:])[0-9a-fA-F]{4}:[0-9a-fA-F]{4}(?::[0-9a-fA-F]{4}:[0-9a-fA-F]{4})?(?![\w:])"
)
"""Addresses and ids of PCI functions, ids of USB devices: they tell of models, not of owners."""
WORD = r"[^\W_][\w.+~-]*|_[\w.+~-]+|[^\x00-\x7f]+"
NUMBER = re.compile(r"-?\d{1,8}(?:\.\d{1,6})?(?:[KMGTPkmgtp]i?[Bb]?|ms|us|ns|s|Mbps|Gbps|Hz|MHz|GHz)?")
HEX = re.compile(r"(?=.*\d)(?:[0-9a-f]{1,4}|[0-9A-F]{1,4})|[0-9a-f]{1,2}\.[0-7]|0x0{0,8}[0-9a-fA-F]{1,8}|[a-f]|f+|F+")
DECIMAL = re.compile(r"\d{1,8}")
RELEASE = re.compile(r"\d{1,2}\.\d{1,3}(?:\.\d{1,4})?(?:[-.+~_]\w+)*")
DEVICE = re.compile(
    r"(?:sd[a-z]{1,2}|vd[a-z]|hd[a-z]|xvd[a-z])\d{0,3}|nvme\d{1,3}(?:(?:c\d{1,3})?n\d{1,3}(?:p\d{1,3})?|q\d{1,3})?"
    r"|nvme-subsys\d{1,3}|nvme-subsystem"
    r"|(?:dm-|md|loop|sr|zd|zram|nbd|mmcblk|tty|ttyS|ttyUSB|hvc|event|input|js|mouse|card|renderD|fb|vtcon|hidraw)\d{1,4}"
    r"(?:p\d{1,3})?|(?:eth|wlan|wwan|br|virbr|bond|vnet|tap|tun|docker|veth|macvtap|team|wg|lan|wan|vlan)\d{1,4}|lo"
    r"|(?:en|wl|ww)(?:p\d{1,4}s\d{1,3}(?:f\d{1,3})?(?:np\d{1,2})?|o\d{1,3}(?:np\d)?|s\d{1,3}(?:f\d)?(?:np\d)?|P\d\w{0,8})"
    r"|cpu\d{1,4}|CPU\d{1,4}|node\d{1,3}|ivhd\d{1,2}|dmar\d{1,2}|usb\d{1,3}|vfio\d{1,4}|i2c-\d{1,3}|pcmC\d{1,3}D\d{1,3}[pc]?|controlC\d{1,3}|hwC\d{1,3}D\d{1,3}|midiC\d{1,3}D\d{1,3}"
)
PUBLIC_LOWER = frozenset(word.lower() for word in PUBLIC)
NAMED_BY_PEOPLE = frozenset({"net", "block", "slaves", "holders"})
"""Folders of sysfs with names of interfaces and volumes."""
NAMESPACE = re.compile(r"[a-z_]{2,17}:\[\d{1,10}\]", re.ASCII)
CONTROL_GROUPS = "/sys/fs/cgroup/"
CONTROLLER = re.compile(r"(?:cgroup|cpu|cpuset|memory|hugetlb|io|pids|rdma|misc|irq|unified)(?:\.[\w.]+)?", re.ASCII)
"""Files of control groups, and folders of their first version; all other folders bear names of services and guests."""
EXTENSIONS = frozenset(
    "qcow2 raw img iso rom bin fd xml conf cfg json sh hook service socket target mount timer path rules preset efi ko"
    " install yaml vmdk vdi vhd vhdx desktop list bak backup old orig save disabled off example sample dpkg-old"
    " dpkg-dist dpkg-new rpmnew rpmsave rpmorig pacnew pacsave pacorig".split()
)
COUNTED = re.compile(r"(.+)(\+\d{1,10}(?:-\d{1,10})?)(\.(?:conf|efi))", re.IGNORECASE)
"""A boot entry with the tries that boot counting leaves it."""
OF_IMAGES = re.compile(r"(.+)(\.extra\.d|\.addon\.efi)", re.IGNORECASE)
"""What belongs to unified images: an addon, and the folder for those of one image."""
KERNEL_FILE = re.compile(
    r"((?:vmlinuz|vmlinux|initrd\.img|initrd|initramfs|config|System\.map|kernel|booster|linux)[-.])"
    r"(\d{1,2}\.\d{1,3}.*?)(\.img|\.conf|\.efi|-fallback\.img)?"
)
"""A file that is named after a kernel's release."""
CHANGE = re.compile(r"([0-9]{4,9})-([A-Za-z0-9_-]{1,80})")
"""A folder of the journal of changes: number, and words of the title."""
PUBLIC_UUIDS = frozenset(
    {
        "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
        "8be4df61-93ca-11d2-aa0d-00e098032b8c",
        "513ee0d0-6e43-cb05-b272-f146a2fcb88a",
        "36d08fa7-cf0b-42f5-8f14-68df73ed3740",
    }
)
"""The vendors of EFI variables: systemd's boot loader interface, the UEFI specification, Limine, rEFInd."""
PIECE = re.compile(r"[._+~@-]")
MARKS = (r"\.", r"[-+~@]", "_")


def _is_number(word: str) -> bool:
    return bool(NUMBER.fullmatch(word) or HEX.fullmatch(word))


def is_public(word: str) -> bool:
    """Whether a word is one that many hosts have: a known word, a number, a device's name, or put together of such.

    >>> [is_public(w) for w in ("vfio-pci.ids", "nvme0n1p2", "10de", "hunter2", "ACME", "525400aabbcc")]
    [True, True, True, False, False, False]
    """
    if (
        len(word) == 1
        or word.lower() in PUBLIC_LOWER
        or word.replace("-", "_") in MODULE_NAMES
        or _is_number(word)
        or DEVICE.fullmatch(word)
    ):
        return True
    stem, dot, extension = word.rpartition(".")
    if dot and stem and extension in EXTENSIONS and is_public(stem):
        return True
    pieces = [p for p in PIECE.split(word) if p]
    if not pieces or len(pieces) > 12:
        return not pieces
    if word.count(".") > 2 and all(p.isdigit() for p in word.split(".")):
        return False
    if all(_is_number(p) for p in pieces):
        # A volume's id is hexadecimal, a list of CPUs and a version are decimal.
        return sum(map(len, pieces)) <= 12 and all(DECIMAL.fullmatch(p) or len(p) < 3 for p in pieces)
    # From the widest parts to the smallest: vm.nr_hugepages is a folder and the name of a setting.
    return any(
        len(parts := [p for p in re.split(mark, word) if p]) > 1 and all(map(is_public, parts)) for mark in MARKS
    )


def between(before: str, after: str) -> str:
    """The shortest beginning that sorts behind one name and ahead of another.

    >>> between("kvm.conf", "vfio.conf"), between("a.conf", "b.conf")
    ('l-', 'a.conf+')
    """
    if before and after and before[0] != after[0]:
        middle = chr(ord(before[0]) + 1)
        if middle < after[0] and middle.isalnum():
            return f"{middle}-"
    return f"{before}+" if before else "+"


class Senseless(ValueError):
    """What the reader of a file says of it, where it makes no sense: without what identifies."""


class Scrubber:
    """Replaces what identifies in one capture; `replaced` holds what became what."""

    def __init__(self, names: Iterable[tuple[str, str]] = ()) -> None:
        """`names` are texts that are known to identify, each with its pseudonym; they are found in every text."""
        self.replaced: dict[str, str] = {}
        self.nets: list[tuple[int, int, int]] = []
        """Networks of this host's routes: destination, mask, number of the pseudonym."""
        self._counts: dict[str, int] = {}
        self._named: dict[str, str] = {}
        for text, pseudonym in names:
            self._named.setdefault(text, pseudonym)
        # A guest called "kvm" has a pseudonym where a name stands; the word is left alone everywhere else.
        telling = {n: p for n, p in self._named.items() if not is_public(n) or re.search(r"\d{7}", n)}
        self.replaced.update(telling)
        known = "|".join(map(re.escape, sorted((n for n in telling if len(n) > 2), key=len, reverse=True)))
        named = rf"(?<![^\W_])(?:{known})(?![^\W_])" if known else r"(?!)"
        self._inside = re.compile(named, re.IGNORECASE)
        alone = rf"(?<![\w-])(?:{known})(?![\w-])" if known else r"(?!)"
        ids = f"(?P<pci>{PCI})|(?P<uuid>{UUID})|(?P<mac>{MAC})|(?P<ip>{IPV4})|(?P<ip6>{IPV6})|(?P<long>{LONG_ID})"
        self._ids = re.compile(f"(?P<named>{alone})|{ids}", re.IGNORECASE)
        self._words = re.compile(f"(?P<named>{named})|{ids}|(?P<word>{WORD})", re.IGNORECASE)
        self._lower = {n.lower(): p for n, p in telling.items()}

    @property
    def names(self) -> Mapping[str, str]:
        """Everything that was replaced, and the names that are replaced only where a name stands."""
        return {**self._named, **self.replaced}

    def alias(self, kind: str, text: str, shape: Callable[[int], str] | None = None) -> str:
        """The pseudonym of a text: the same one for the same text, whatever kind it came as first."""
        if text in self._named:
            return self._named[text]
        found = self.replaced.get(text)
        if found is None:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            found = shape(number) if shape else f"{kind}-{number}"
            self.replaced[text] = found
        return found

    def same(self, text: str, pseudonym: str) -> str:
        """Notes that a text has become another one that was made elsewhere."""
        if text != pseudonym:
            self.replaced.setdefault(text, pseudonym)
        return pseudonym

    def _id(self, match: re.Match[str]) -> str:
        text = match[0]
        match match.lastgroup:
            case "pci":
                return text
            case "named":
                return self._lower[text.lower()]
            case "uuid":
                return self.uuid(text)
            case "mac":
                return self.mac(text)
            case "ip":
                return self.ipv4(text)
            case "ip6":
                return self.ipv6(text)
        return self.long_id(text)

    def uuid(self, text: str) -> str:
        """A UUID's pseudonym; nil and all ones say nothing."""
        low = text.lower()
        if low in PUBLIC_UUIDS or set(low) <= set("0-") or set(low) <= set("f-"):
            return text
        return self.same(text, self.alias("uuid", low, lambda n: f"00000000-0000-4000-8000-{n:012x}"))

    def mac(self, text: str) -> str:
        """A hardware address's pseudonym, with colons, in whatever form it was written."""
        bare = re.sub(r"[^0-9a-f]", "", text.lower())
        if set(bare) <= {"0"} or set(bare) <= {"f"}:
            return text
        shape = lambda n: "02:00:" + ":".join(f"{n:08x}"[i : i + 2] for i in (0, 2, 4, 6))  # noqa: E731
        return self.same(text, self.alias("mac", bare, shape))

    def ipv4(self, text: str) -> str:
        """An address's pseudonym, from the blocks for documentation (RFC 5737) and then for benchmarks (RFC 2544)."""
        if text.startswith(("0.", "127.")):
            return text
        if any(int(p) > 255 for p in text.split(".")):
            return self.alias("name", text)
        blocks = ("192.0.2", "198.51.100", "203.0.113")
        return self.alias(
            "ip",
            text,
            lambda n: f"{blocks[n // 250]}.{n % 250}" if n < 750 else f"198.{18 + n % 2}.{n >> 9 & 255}.{n >> 1 & 255}",
        )

    def ipv6(self, text: str) -> str:
        """An address's pseudonym, from the block for documentation (RFC 3849)."""
        if text in ("::", "::1"):
            return text
        return self.same(text, self.alias("ip6", text.lower(), lambda n: f"2001:db8::{n:x}"))

    def any_ip(self, text: str) -> str:
        """An address of either family."""
        return self.ipv6(text) if ":" in text else self.ipv4(text)

    def long_id(self, text: str) -> str:
        """A machine-id's or boot-id's pseudonym."""
        return self.same(text, self.alias("id", text.lower(), lambda n: f"{n:032x}"))

    def kernel(self, text: str) -> str:
        """A text that the kernel or a package made: only what is known to identify is replaced in it."""
        return self._ids.sub(self._id, text)

    def inside(self, text: str) -> str:
        """A text of the kernel with names in the midst of words, as drivers name interrupts after interfaces."""
        return self.kernel(self._inside.sub(lambda m: self._lower[m[0].lower()], text))

    def text(self, text: str) -> str:
        """A text that a person may have written: every word that is not public is replaced.

        >>> Scrubber((("tower", "host"),)).text("root=UUID=0a1b-2c3d lan 52:54:00:ab:cd:ef on tower")
        'root=UUID=name-1 name-2 02:00:00:00:00:01 on host'
        """
        return self._words.sub(self._word_or_id, text)

    def _word_or_id(self, match: re.Match[str]) -> str:
        return self.word(match[0]) if match.lastgroup == "word" else self._id(match)

    def word(self, text: str) -> str:
        """One word; a public end such as .qcow2 stays."""
        body = text.rstrip(".-")
        tail = text[len(body) :]
        if body.lower() in self._lower:
            return self._lower[body.lower()] + tail
        if is_public(body) or meant_module(body) != "":
            return text
        kernel = KERNEL_FILE.fullmatch(body)
        if kernel:
            return self.same(body, f"{kernel[1]}{self.release(kernel[2])}{kernel[3] or ''}") + tail
        if RELEASE.fullmatch(body):
            return self.release(body) + tail
        stem, dot, extension = body.rpartition(".")
        if dot and stem and extension.lower() in EXTENSIONS:
            if stem.lower() in self._lower:
                return self.same(body, f"{self._lower[stem.lower()]}.{extension}") + tail
            return self.same(body, f"{self._part(stem)}.{extension}") + tail
        return self._part(body) + tail

    def _part(self, text: str) -> str:
        return self.alias("name", text)

    def release(self, text: str) -> str:
        """A kernel's release: numbers and the words of distributions stay, a local version is replaced.

        >>> Scrubber().release("6.12.9-amd64"), Scrubber().release("6.6.1-acme")
        ('6.12.9-amd64', '6.6.1-name-1')
        """
        if is_public(text):
            return text
        pieces = re.split(r"([-.+~_])", text)
        return self.same(text, "".join(p if len(p) < 2 or self._release_part(p) else self._part(p) for p in pieces))

    @staticmethod
    def _release_part(piece: str) -> bool:
        return (
            is_public(piece)
            or re.fullmatch(r"(?:rc|fc|el|deb|bpo|arch|u|bp|lp)?\d{1,6}(?:u\d{1,3})?", piece) is not None
        )

    def sentence(self, text: str) -> str:
        """A sentence of this program: its own words stay, names in it are replaced."""

        def one(match: re.Match[str]) -> str:
            word = match[0].strip(".-")
            return match[0] if match.lastgroup == "word" and word in OWN_SENTENCES else self._word_or_id(match)

        return self._words.sub(one, text)

    def name(self, kind: str, text: str) -> str:
        """A name as a whole, blanks included; empty stays empty."""
        return self.alias(kind, text) if text else text

    def user(self, text: str) -> str:
        """A user or group: those that packages make stay."""
        return text if not text or text in USER_NAMES or text.isdigit() else self.alias("user", text)

    def path(self, path: str) -> str:
        """A path, part for part; below /sys and /proc the kernel's names stay."""
        if path.startswith(("/sys/", "/proc/")):
            return self._kernel_path(path, path.startswith("/sys/"))
        return "/".join(self.file_name(p) for p in path.split("/"))

    def link(self, target: str, place: str) -> str:
        """Where a link at a place leads; a namespace is a number that the kernel counts."""
        if NAMESPACE.fullmatch(target):
            return target
        if not target.startswith("/") and place.startswith(("/sys/", "/proc/")):
            return self._kernel_path(target, place.startswith("/sys/"))
        return self.path(target)

    def _kernel_path(self, path: str, in_sysfs: bool) -> str:
        """A path below /sys or /proc: the kernel's own names stay, those that an administrator gives do not."""
        made, above = [], ""
        grouped = in_sysfs and path.startswith(CONTROL_GROUPS)
        for number, part in enumerate(path.split("/")):
            if grouped and number > 3:
                made.append(part if CONTROLLER.fullmatch(part) else self.text(part))
            elif in_sysfs and above in NAMED_BY_PEOPLE:
                made.append(self.text(part))
            elif in_sysfs and part.startswith("lower_"):
                made.append(f"lower_{self.text(part[6:])}")
            else:
                made.append(self._kernel_part(part))
            above = part
        return "/".join(made)

    def _kernel_part(self, part: str) -> str:
        return self.text(part) if not re.fullmatch(r"[\w:.,@+-]{0,64}", part, re.ASCII) else self.kernel(part)

    def file_name(self, part: str) -> str:
        """One part of a path."""
        if part in ("", ".", "..") or part in self.replaced:
            return self.replaced.get(part, part)
        guest = self._named.get(part.removesuffix(".xml")) if part.endswith(".xml") else None
        if guest:
            return self.same(part, f"{guest}.xml")
        change = CHANGE.fullmatch(part)
        if change:
            own = all(w in OWN_SENTENCES or _is_number(w) for w in re.split(r"[-_]", change[2]))
            return part if own else self.same(part, f"{change[1]}-{self.alias('change', change[2])}")
        if counted := COUNTED.fullmatch(part):
            plain = self.file_name(counted[1] + counted[3])
            return self.same(part, plain[: -len(counted[3])] + counted[2] + counted[3])
        if beside := OF_IMAGES.fullmatch(part):
            return self.same(part, self.file_name(beside[1]) + beside[2])
        return self.same(part, self.text(part))

    def order(self, names: Iterable[str]) -> None:
        """Gives file names their pseudonyms so that they sort as before: drop-ins are read in the order of names."""
        every = sorted(set(names))
        public = [n for n in every if self._is_plain(n)]
        for name in every:
            if name in self.replaced or self._is_plain(name):
                continue
            place = bisect(public, name)
            before = public[place - 1] if place else ""
            after = public[place] if place < len(public) else "~"
            dot, extension = name.rpartition(".")[1:]
            end = f".{extension}" if dot and extension.lower() in EXTENSIONS else ""
            lead = between(before, after)
            self.alias("file", name, lambda n, lead=lead, end=end: f"{lead}name-{n:03d}{end}")  # type: ignore[misc]

    def _is_plain(self, name: str) -> bool:
        """Whether nothing in a file's name would be replaced."""
        return all(
            m.lastgroup == "word" and is_public(m[0].rstrip(".-")) and m[0] not in self._named
            for m in self._words.finditer(name)
        )

    def parameter(self, key: str) -> bool:
        """Whether the name of a kernel parameter is public."""
        return (
            key in KERNEL_PARAMETERS
            or key.replace("-", "_") in KERNEL_PARAMETERS
            or ("." in key and is_public(key))
            or is_misread(key)
        )
