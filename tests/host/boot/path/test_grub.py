"""The boot path under GRUB, compared with GRUB itself where it can run, and beyond."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.path.grub_menus import CUSTOM, ENTRIES, MENUS, block, menu, plain
from tests.requirements import need
from tests.rescue import grub_emu
from tests.trees import Link, folder_root
from vfiotui.formats.loaders.grub_line import kernel_line
from vfiotui.host.boot.path.grub.bls import compare, newer_first
from vfiotui.host.boot.path.grub.path import find_path
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Loader
from vfiotui.model.boot.path import BootEntry, BootPath

LOADER = Loader("grub", True, ())
Tree = dict[str, str | bytes]
KERNELS: Tree = {"/boot/vmlinuz-6.12.9-amd64": "", "/boot/initrd.img-6.12.9-amd64": ""}


def path_of(folder: Path, files: Tree) -> BootPath:
    found = find_path(folder_root(folder, files), LOADER)
    assert isinstance(found, BootPath), found
    return found


def default_of(folder: Path, files: Tree) -> BootEntry:
    path = path_of(folder, files)
    assert path.default is not None, (path.open, [c.name for c in path.candidates])
    return path.default


def words_of(entry: BootEntry) -> str:
    assert not isinstance(entry.words, Unread), entry.words
    return entry.words.text


def grub(text: str, **more: str) -> Tree:
    return {"/boot/grub/grub.cfg": text, **KERNELS, **{f"/boot/grub/{k}": v for k, v in more.items()}}


@pytest.mark.parametrize("name", MENUS)
def test_as_grub_itself_starts(name: str, tmp_path: Path) -> None:
    need("grub-emu", "grub-emu")
    files = {f"/boot/grub/{k}": v.encode() for k, v in MENUS[name].items()}
    found = find_path(folder_root(tmp_path, {**files}), LOADER)
    started = grub_emu.start(tmp_path / "boot/grub")
    assert "grub>" in started.screen or started.titles, started.screen
    if not started.titles:
        assert isinstance(found, Unread)
        return
    assert isinstance(found, BootPath) and found.default, found
    assert found.default.name == ">".join(started.titles)
    assert words_of(found.default) == f"BOOT_IMAGE={kernel_line(list(started.words))}"
    assert [i.rpartition("/")[2] for i in found.default.initrds] == [i.rpartition("/")[2] for i in started.initrds]


def test_the_entry_is_told_with_its_maker_kernel_release_and_initrds(tmp_path: Path) -> None:
    path = path_of(tmp_path, grub(menu("vfio")))
    entry = path.default
    assert entry is not None
    assert (entry.name, entry.maker) == ("Debian VFIO", "/etc/grub.d/40_custom")
    assert (entry.kernel, entry.release) == ("/boot/vmlinuz-6.12.9-amd64", "6.12.9-amd64")
    assert entry.initrds == ("/boot/initrd.img-6.12.9-amd64",)
    assert entry.source.startswith("/boot/grub/grub.cfg:")
    line = int(entry.source.rpartition(":")[2])
    assert menu("vfio").split("\n")[line - 1].startswith("menuentry 'Debian VFIO'")
    assert [e.name.rpartition(">")[2][:30] for e in path.entries][:2] == [
        "Debian GNU/Linux",
        "Debian GNU/Linux, with Linux 6.12.9-amd64"[:30],
    ]
    assert [e.other_system for e in path.entries] == [False, False, False, False, True, False]


def test_a_boot_partition_of_its_own(tmp_path: Path) -> None:
    text = plain("a").replace("/boot/vmlinuz", "/vmlinuz")
    assert default_of(tmp_path, grub(text)).kernel == "/boot/vmlinuz-6.12.9-amd64"


@pytest.mark.parametrize(
    ("prefix", "fstab"),
    [
        ("/@", "UUID=7a / btrfs subvol=@ 0 0\n"),
        ("/@rootfs", ""),
        ("/root", "UUID=7a / btrfs subvol=root 0 0\n"),
        ("/ROOT/pve-1@", ""),
        ("/@/.snapshots/1/snapshot", "UUID=7a / btrfs defaults 0 0\n"),
    ],
)
def test_subvolumes_and_datasets(prefix: str, fstab: str, tmp_path: Path) -> None:
    text = plain("a").replace("/boot/vmlinuz", f"{prefix}/boot/vmlinuz")
    entry = default_of(tmp_path, {**grub(text), "/etc/fstab": fstab})
    assert entry.kernel == "/boot/vmlinuz-6.12.9-amd64"
    assert words_of(entry).startswith(f"BOOT_IMAGE={prefix}/boot/vmlinuz-6.12.9-amd64")


STUB = "search.fs_uuid UUID root hd0,gpt2\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n"
DEBIAN = "ID=debian\n"


def test_the_stub_on_the_efi_partition_leads_to_the_menu(tmp_path: Path) -> None:
    files: Tree = {
        **grub(menu("${saved_entry}"), grubenv=block(saved_entry="vfio")),
        "/boot/efi/EFI/debian/grub.cfg": STUB.replace("UUID", "7a-1"),
        "/etc/os-release": DEBIAN,
        "/etc/fstab": "UUID=7A-1 / ext4 defaults 0 1\nUUID=1-2 /boot/efi vfat defaults 0 1\n",
    }
    path = path_of(tmp_path, files)
    assert path.default is not None and path.default.name == "Debian VFIO"
    assert [s.source for s in path.steps][:2] == ["/boot/efi/EFI/debian/grub.cfg", "/boot/grub/grub.cfg"]


def test_a_stub_that_leads_to_another_file_system_is_not_followed_into_this_one(tmp_path: Path) -> None:
    files: Tree = {
        **grub(menu()),
        "/boot/efi/EFI/debian/grub.cfg": STUB.replace("UUID", "ffff"),
        "/etc/os-release": DEBIAN,
        "/etc/fstab": "UUID=7a / ext4 defaults 0 1\nUUID=1-2 /boot/efi vfat defaults 0 1\n",
    }
    found = find_path(folder_root(tmp_path, files), LOADER)
    assert isinstance(found, Unread) or found.default is None


def test_a_whole_menu_on_the_efi_partition(tmp_path: Path) -> None:
    files: Tree = {
        "/boot/efi/EFI/fedora/grub.cfg": menu("${saved_entry}"),
        "/boot/efi/EFI/fedora/grubenv": block(saved_entry="1>1"),
        "/etc/os-release": "ID=fedora\n",
    }
    assert words_of(default_of(tmp_path, files)).endswith("old")


def entry_file(version: str, words: str = "a", more: str = "") -> str:
    return (
        f"title Fedora ({version})\nversion {version}\nlinux /vmlinuz-{version}\n"
        f"initrd /initramfs-{version}.img $tuned_initrd\noptions {words}\n{more}grub_users $grub_users\n"
    )


BLS = 'load_env\nif [ "${next_entry}" ]; then\n set default="${next_entry}"\nelse\n set default="DEFAULT"\nfi\n' + (
    'if [ -z "${kernelopts}" ]; then\n  set kernelopts="root=/dev/x ro fall"\nfi\ninsmod blscfg\nblscfg\n'
)


def bls(default: str, entries: dict[str, str], **env: str) -> Tree:
    return {
        "/boot/grub2/grub.cfg": BLS.replace("DEFAULT", default),
        "/boot/grub2/grubenv": block(**env),
        "/etc/os-release": "ID=fedora\n",
        **{f"/boot/loader/entries/{k}.conf": v for k, v in entries.items()},
    }


FEDORA = {f"id-{v}": entry_file(v, w) for v, w in (("6.9.1-1", "nine"), ("6.10.0-2", "ten"), ("6.8.0-3", "eight"))}


@pytest.mark.parametrize(
    ("default", "env", "words"),
    [
        ("${saved_entry}", {}, "ten"),
        ("${saved_entry}", {"saved_entry": "id-6.8.0-3"}, "eight"),
        ("${saved_entry}", {"saved_entry": "1"}, "nine"),
        ("${saved_entry}", {"saved_entry": "Fedora (6.9.1-1)"}, "nine"),
        ("${saved_entry}", {"saved_entry": "id-6.7"}, "ten"),
        ("${saved_entry}", {"saved_entry": "id-6.8.0-3", "next_entry": "id-6.9.1-1"}, "nine"),
        ("1>1", {}, "ten"),
    ],
)
def test_entries_of_the_boot_loader_specification(
    default: str, env: dict[str, str], words: str, tmp_path: Path
) -> None:
    assert words_of(default_of(tmp_path, bls(default, FEDORA, **env))).endswith(words)


def test_variables_of_the_environment_block_in_entries(tmp_path: Path) -> None:
    env = {"kernelopts": "root=UUID=1 ro quiet", "tuned_params": "isolcpus=2"}
    entries = {"id-6.9.1-1": entry_file("6.9.1-1", "$kernelopts iommu=pt $tuned_params")}
    words = words_of(default_of(tmp_path, bls("0", entries, **env)))
    assert words == "BOOT_IMAGE=/vmlinuz-6.9.1-1 root=UUID=1 ro quiet iommu=pt isolcpus=2"


def test_entries_without_a_block_take_the_fallback_of_the_menu(tmp_path: Path) -> None:
    entries = {"id-6.9.1-1": entry_file("6.9.1-1", "$kernelopts")}
    assert words_of(default_of(tmp_path, bls("0", entries))).endswith("root=/dev/x ro fall")


def test_only_the_first_options_line_counts_and_a_line_without_value_ends_the_file(tmp_path: Path) -> None:
    entries = {
        "id-6.9.1-1": entry_file("6.9.1-1", "one\noptions two"),
        "id-6.8.1-1": "title x\nlinux /k\n\noptions late\n",
    }
    path = path_of(tmp_path, bls("0", entries))
    assert [words_of(e) for e in path.entries] == [
        "BOOT_IMAGE=/vmlinuz-6.9.1-1 one",
        "BOOT_IMAGE=/k root=/dev/x ro fall".replace(" root=/dev/x ro fall", ""),
    ]


def test_the_order_of_entries_is_that_of_rpm() -> None:
    assert compare("6.9", "6.10") == -1
    assert compare("6.1~rc1", "6.1") == -1
    assert compare("6.1+x", "6.1") == 1
    assert compare("a", "1") == -1
    assert compare("1.0a", "1.0") == 1
    assert newer_first("id-0-rescue", "id-6.1-1") == 1


def test_a_forbidden_environment_block_leaves_the_entry_open(tmp_path: Path) -> None:
    files = grub(menu("${saved_entry}"))
    files["/boot/grub/grubenv/inside"] = ""
    path = path_of(tmp_path, files)
    assert path.default is not None and path.default.name == "Debian GNU/Linux"  # A folder is no block: GRUB goes on.


def test_words_that_hang_on_the_machine_are_not_guessed(tmp_path: Path) -> None:
    text = 'if cpuid -l; then\n set more="long"\nelse\n set more="short"\nfi\n' + plain("quiet $more")
    path = path_of(tmp_path, grub(text))
    assert path.default is not None
    assert isinstance(path.default.words, Unread) and "grub.cfg:1" in str(path.default.words)


def test_a_default_that_hangs_on_the_machine_has_all_candidates(tmp_path: Path) -> None:
    text = "if cpuid -l; then\n set default=vfio\nelse\n set default=0\nfi\n" + ENTRIES.replace("WORDS", "")
    path = path_of(tmp_path, grub(text))
    assert path.default is None and "/boot/grub/grub.cfg:1" in path.open
    assert [c.name for c in path.candidates] == ["Debian VFIO", "Debian GNU/Linux"]


def test_what_is_the_same_on_either_way_is_known(tmp_path: Path) -> None:
    text = "if cpuid -l; then\n set default=vfio\nelse\n set default=5\nfi\n" + ENTRIES.replace("WORDS", "")
    assert default_of(tmp_path, grub(text.replace("default=5", "default=3"))).name == "Debian VFIO"


def test_the_platform_of_a_mounted_system_is_either(tmp_path: Path) -> None:
    text = 'if [ "$grub_platform" = "xen" ]; then set a=xen; else set a=none; fi\n' + plain("$a")
    assert words_of(default_of(tmp_path / "1", grub(text))).endswith("none")
    text = 'if [ "$grub_platform" = "efi" ]; then set a=efi; else set a=bios; fi\n' + plain("$a")
    assert isinstance(default_of(tmp_path / "2", grub(text)).words, Unread)


def test_xen_gives_its_kernel_the_words_of_the_module(tmp_path: Path) -> None:
    text = (
        "menuentry x {\n multiboot2 /boot/xen.gz placeholder dom0_mem=4G\n"
        " module2 /boot/vmlinuz-6.12.9-amd64 placeholder root=UUID=7a ro quiet\n"
        " module2 --nounzip /boot/initrd.img-6.12.9-amd64\n}\n"
    )
    entry = default_of(tmp_path, grub(text))
    assert words_of(entry) == "root=UUID=7a ro quiet"
    assert (entry.kernel, entry.initrds) == ("/boot/vmlinuz-6.12.9-amd64", ("/boot/initrd.img-6.12.9-amd64",))


def test_another_system_is_known_by_its_root(tmp_path: Path) -> None:
    files = {**grub(plain("root=UUID=9f")), "/etc/fstab": "UUID=7a / ext4 defaults 0 1\n"}
    assert default_of(tmp_path, files).other_system
    assert default_of(
        tmp_path / "b", grub("menuentry Windows {\n chainloader /EFI/Microsoft/Boot/bootmgfw.efi\n}\n")
    ).other_system


def test_lines_without_an_entry_are_taken_in_their_order(tmp_path: Path) -> None:
    path = path_of(tmp_path, grub("linux /vmlinuz-6.12.9-amd64 new\nlinux /vmlinuz-6.1 old\n"))
    assert path.default is not None and words_of(path.default).endswith("new")
    assert any("no menu entry" in s.text for s in path.steps)


@pytest.mark.parametrize(
    ("config", "line", "words"),
    [
        ('CONFIG_CMDLINE_BOOL=y\nCONFIG_CMDLINE="amd_iommu=off"\n', "quiet", "amd_iommu=off BOOT_IMAGE={} quiet"),
        ('CONFIG_CMDLINE_BOOL=y\nCONFIG_CMDLINE="a"\nCONFIG_CMDLINE_OVERRIDE=y\n', "quiet", "a"),
        ("# CONFIG_CMDLINE_BOOL is not set\n", "quiet", "BOOT_IMAGE={} quiet"),
        ('CONFIG_CMDLINE="a \\"b c\\""\nCONFIG_CMDLINE_EXTEND=y\n', "d", 'a "b c" BOOT_IMAGE={} d'),
        ('CONFIG_CMDLINE="a"\nCONFIG_CMDLINE_FROM_BOOTLOADER=y\n', "d", "BOOT_IMAGE={} d"),
    ],
)
def test_the_kernels_own_words(config: str, line: str, words: str, tmp_path: Path) -> None:
    entry = default_of(tmp_path, {**grub(plain(line)), "/boot/config-6.12.9-amd64": config})
    assert words_of(entry) == words.format("/boot/vmlinuz-6.12.9-amd64")


def test_names_of_kernels_that_tell_no_release(tmp_path: Path) -> None:
    files: Tree = {
        "/boot/grub/grub.cfg": "menuentry a { linux /vmlinuz-linux a }\nmenuentry b { linux /boot/vmlinuz b }\n",
        "/boot/vmlinuz-linux": "",
        "/usr/lib/modules/6.12.1-arch1-1/pkgbase": "linux\n",
        "/boot/vmlinuz": Link("vmlinuz-6.1.0-9"),
        "/boot/vmlinuz-6.1.0-9": "",
    }
    assert [e.release for e in path_of(tmp_path, files).entries] == ["6.12.1-arch1-1", "6.1.0-9"]


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "truncated": menu().encode()[:3000],
    "in the middle of a quote": b"menuentry 'a",
    "NUL": menu().encode().replace(b"quiet", b"qu\0et"),
    "no UTF-8": b"menuentry '\xff\xfe' {\n linux /a \xff\n}\n",
    "only braces": b"{" * 5000 + b"}" * 5000,
    "deep": b"if true; then\n" * 3000,
    "deep submenus": b"submenu a {\n" * 500 + b"linux /a\n" + b"}\n" * 500,
    "endless loop": b"while true; do set a=1; done\n",
    "a loop of functions": b"function f { f; }\nf\n",
    "doubling": b"set a=x\n" + b'set a="$a$a$a$a$a$a$a$a"\n' * 40,
    "it sources itself": b"source $prefix/grub.cfg\n",
    "it is its own configfile": b"configfile $prefix/grub.cfg\n",
    "submenus without end": b"function s { submenu x { s; } }\ns\n",
    "a block that is long": b"for i in " + b"1 " * 100_000 + b"; do set a=$i; done\n",
    "many entries": b"menuentry a { linux /a b }\n" * 5000,
    "absurd number": b"set default=" + b"9" * 5000 + b"\nmenuentry a { linux /a b }\n",
    "every doubt": b"if cpuid; then set a=1; fi\nif cpuid; then set default=$a$a; fi\n" * 200
    + b"menuentry a { linux /a $a }\n",
    "nested doubts": b"if cpuid; then set a=1;\n" * 25 + b"fi\n" * 25 + b"menuentry a { linux /a $a }\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_menus_have_an_answer(name: str, tmp_path: Path) -> None:
    found = find_path(folder_root(tmp_path, {"/boot/grub/grub.cfg": HOSTILE[name]}), LOADER)
    assert isinstance(found, (BootPath, Unread))
    if name in ("empty", "in the middle of a quote", "endless loop", "a loop of functions"):
        assert isinstance(found, Unread)


def test_a_folder_a_loop_and_a_link_out_of_the_root(tmp_path: Path) -> None:
    assert isinstance(find_path(folder_root(tmp_path / "1", {"/boot/grub/grub.cfg/x": ""}), LOADER), Unread)
    (tmp_path / "outside").write_text(plain("secret"))
    loop = folder_root(tmp_path / "2", {"/boot/grub/grub.cfg": Link("grub.cfg")})
    assert isinstance(find_path(loop, LOADER), Unread)
    out = folder_root(tmp_path / "3", {"/boot/grub/grub.cfg": Link("../../../outside")})
    assert isinstance(find_path(out, LOADER), Unread)


def test_a_huge_menu_is_not_read(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/boot/grub/grub.cfg": ""})
    with (tmp_path / "boot/grub/grub.cfg").open("wb") as file:
        file.truncate(100 << 20)
    found = find_path(root, LOADER)
    assert isinstance(found, Unread) and "longer" in found.reason


def test_custom_cfg_beside_the_menu_belongs_to_nobody(tmp_path: Path) -> None:
    entry = default_of(tmp_path, grub(menu("own"), **{"custom.cfg": CUSTOM}))
    assert (entry.maker, entry.source) == ("", "/boot/grub/custom.cfg:1")
