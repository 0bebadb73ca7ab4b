"""What systemd-boot will start: its entries, their order, and which one its settings and variables pick."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.host.boot.test_loader import loader_var
from tests.trees import Link, folder_root
from tests.unified_images import addon, image, pe, systemd_boot
from vfiotui.host.boot.loader import find_loader
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL
from vfiotui.host.boot.path.resolve import find_path
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, BootPath

Files = Mapping[str, str | bytes]
SEEN = {f"{EFIVARS}/SecureBoot-{GLOBAL}": b"\6\0\0\0\0"}
"""Variables are visible, and Secure Boot is off."""
SECURE = {f"{EFIVARS}/SecureBoot-{GLOBAL}": b"\6\0\0\0\1"}
MACHINE = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


def entry(words: str, *lines: str, kernel: str = "/vmlinuz-linux") -> str:
    return "\n".join((f"title {words}", f"linux {kernel}", "initrd /initramfs-linux.img", *lines, f"options {words}\n"))


def base(*conf: str) -> dict[str, str | bytes]:
    return {
        "/efi/loader/loader.conf": "\n".join((*conf, "timeout 3\n")),
        "/efi/vmlinuz-linux": b"MZ",
        "/efi/initramfs-linux.img": b"x",
        "/etc/machine-id": f"{MACHINE}\n",
        **SEEN,
    }


def path_of(folder: Path, *files: Files) -> BootPath:
    root = folder_root(folder, {k: v for f in files for k, v in f.items()})
    found = find_path(root, find_loader(root))
    assert isinstance(found, BootPath), found
    return found


def default_of(path: BootPath) -> BootEntry:
    assert path.default is not None, (path.open, path.candidates)
    return path.default


def words(path: BootPath) -> str:
    line = default_of(path).words
    assert isinstance(line, CommandLine), line
    return line.text


def three(folder: str = "/efi/loader/entries") -> Files:
    return {f"{folder}/{name}.conf": entry(name) for name in ("arch", "arch-lts", "zz-vfio")}


def test_without_a_setting_the_first_of_the_menu_starts(tmp_path: Path) -> None:
    path = path_of(tmp_path, base(), three())
    assert words(path) == "zz-vfio"
    assert [e.name for e in path.entries][:3] == ["zz-vfio", "arch", "arch-lts"]
    first = default_of(path)
    assert (first.kernel, first.initrds) == ("/efi/vmlinuz-linux", ("/efi/initramfs-linux.img",))
    assert first.source == "/efi/loader/entries/zz-vfio.conf" and "first of its menu" in first.why


@pytest.mark.parametrize(
    ("setting", "started"),
    [
        ("default arch.conf", "arch"),
        ("default ARCH.CONF", "arch"),
        ("default arch*", "arch"),
        ("default arch-*", "arch-lts"),
        ("default 'arch-lts.conf'", "arch-lts"),
        ("default arch", "zz-vfio"),
        ("default gone.conf", "zz-vfio"),
        ("default arch.conf\ndefault arch-lts.conf", "arch-lts"),
        ("#default arch.conf", "zz-vfio"),
        ("default\tarch.conf\r", "arch"),
        ("default @nonsense", "zz-vfio"),
    ],
)
def test_the_pattern_of_loader_conf_picks_the_first_that_fits(setting: str, started: str, tmp_path: Path) -> None:
    assert words(path_of(tmp_path, base(setting), three())) == started


@pytest.mark.parametrize(
    ("variables", "started"),
    [
        ({"LoaderEntryDefault": "arch.conf"}, "arch"),
        ({"LoaderEntryDefault": "gone.conf"}, "arch-lts"),
        ({"LoaderEntryOneShot": "zz-vfio.conf", "LoaderEntryDefault": "arch.conf"}, "zz-vfio"),
        ({"LoaderEntryOneShot": "gone.conf", "LoaderEntryDefault": "arch.conf"}, "arch"),
        ({"LoaderEntrySelected": "arch.conf"}, "arch-lts"),
        ({"LoaderEntryDefault": "@saved", "LoaderEntryLastBooted": "arch.conf"}, "arch"),
        ({"LoaderEntryDefault": "@saved"}, "arch-lts"),
        ({"LoaderEntryPreferred": "arch.conf", "LoaderEntryDefault": "zz-vfio.conf"}, "arch"),
        ({"LoaderEntryDefault": ""}, "arch-lts"),
    ],
)
def test_variables_go_before_loader_conf(variables: dict[str, str], started: str, tmp_path: Path) -> None:
    told = {k: v for name, text in variables.items() for k, v in loader_var(name, text).items()}
    assert words(path_of(tmp_path, base("default arch-lts*"), three(), told)) == started


def test_preferred_is_unknown_to_an_older_loader(tmp_path: Path) -> None:
    old = {"/efi/EFI/systemd/systemd-bootx64.efi": systemd_boot("257.9-1")}
    assert words(path_of(tmp_path / "old", base("default arch.conf", "preferred arch-lts*"), three(), old)) == "arch"
    new = {"/efi/EFI/systemd/systemd-bootx64.efi": systemd_boot("260.1")}
    assert (
        words(path_of(tmp_path / "new", base("default arch.conf", "preferred arch-lts*"), three(), new)) == "arch-lts"
    )


def test_a_preferred_entry_without_tries_is_passed_over(tmp_path: Path) -> None:
    files = {"/efi/loader/entries/new+0-3.conf": entry("new"), "/efi/loader/entries/old.conf": entry("old")}
    assert words(path_of(tmp_path / "preferred", base("preferred new*"), files)) == "old"
    assert words(path_of(tmp_path / "default", base("default new*"), files)) == "new"


def test_a_saved_default_needs_the_variable(tmp_path: Path) -> None:
    last = loader_var("LoaderEntryLastBooted", "arch.conf")
    assert words(path_of(tmp_path / "seen", base("default @saved"), three(), last)) == "arch"
    assert words(path_of(tmp_path / "none", base("default @saved"), three())) == "zz-vfio"
    disk = {k: v for k, v in base("default @saved").items() if not k.startswith("/sys")}
    path = path_of(tmp_path / "disk", disk, three())
    assert path.default is None and "not visible here" in path.open
    assert {e.name for e in path.candidates} == {"zz-vfio", "arch", "arch-lts"}


def test_on_a_mounted_disk_the_variables_are_said_to_be_unseen(tmp_path: Path) -> None:
    disk = {k: v for k, v in base("default arch.conf").items() if not k.startswith("/sys")}
    path = path_of(tmp_path, disk, three())
    assert words(path) == "arch"
    assert {m.path.rpartition("/")[2].partition("-")[0] for m in path.missing} == {
        "LoaderEntryOneShot", "LoaderEntryDefault",
    }  # fmt: skip


def test_a_sort_key_orders_the_newest_version_first_and_ahead_of_entries_without_one(tmp_path: Path) -> None:
    def keyed(key: str, version: str, machine: str = MACHINE) -> str:
        return entry(f"{key}-{version}", f"sort-key {key}", f"version {version}", f"machine-id {machine}")

    files = {
        "/efi/loader/entries/zzz.conf": entry("old-style"),
        "/efi/loader/entries/1.conf": keyed("debian", "6.9.1"),
        "/efi/loader/entries/2.conf": keyed("debian", "6.12.1"),
        "/efi/loader/entries/3.conf": keyed("arch", "1.0"),
        "/efi/loader/entries/4.conf": keyed("debian", "9.9", OTHER),
    }
    path = path_of(tmp_path, base(), files)
    assert [e.name for e in path.entries][:5] == [
        "arch-1.0",
        "debian-6.12.1",
        "debian-6.9.1",
        "debian-9.9",
        "old-style",
    ]
    assert [e.other_system for e in path.entries][:5] == [False, False, False, True, False]


def test_entries_without_tries_stand_last_and_are_still_found(tmp_path: Path) -> None:
    files = {
        "/efi/loader/entries/z+0-3.conf": entry("bad"),
        "/efi/loader/entries/a+2-1.conf": entry("trying"),
        "/efi/loader/entries/b.conf": entry("plain"),
    }
    path = path_of(tmp_path, base(), files)
    assert [e.name for e in path.entries][:3] == ["plain", "trying", "bad"]
    assert words(path_of(tmp_path / "bad", base("default z.conf"), files)) == "bad"
    counted = path_of(tmp_path / "counted", base("default a.conf"), files)
    assert any("2 tries" in step.text for step in counted.steps)


def test_options_add_up_and_lose_the_quotes_around_them(tmp_path: Path) -> None:
    text = 'linux /vmlinuz-linux\noptions "root=UUID=1 rw"\n  options quiet\noptions\n'
    path = path_of(tmp_path, base(), {"/efi/loader/entries/a.conf": text})
    assert words(path) == "root=UUID=1 rw quiet" and default_of(path).name == "a.conf"


def test_an_entry_whose_kernel_is_gone_is_left_out(tmp_path: Path) -> None:
    files = {**three(), "/efi/loader/entries/zzz-gone.conf": entry("gone", kernel="/vmlinuz-gone")}
    path = path_of(tmp_path, base("default zzz*"), files)
    assert words(path) == "zz-vfio" and "gone" not in [e.name for e in path.entries]
    assert any("/efi/vmlinuz-gone is not there" in step.text for step in path.steps)


def test_where_no_kernel_is_seen_none_is_missing(tmp_path: Path) -> None:
    without = {k: v for k, v in base("default arch.conf").items() if "vmlinuz" not in k}
    path = path_of(tmp_path, without, three())
    assert words(path) == "arch" and isinstance(default_of(path).kernel, Unread)


def test_the_case_of_names_on_the_partition_does_not_count(tmp_path: Path) -> None:
    files = {
        "/efi/LOADER/Loader.conf": "default ARCH.conf\n", "/efi/LOADER/Entries/Arch.CONF": entry("arch"),
        "/efi/LOADER/Entries/b.conf": entry("b"), "/efi/VMLINUZ-LINUX": b"MZ", **SEEN,
    }  # fmt: skip
    root = folder_root(tmp_path, files)
    from vfiotui.host.boot.path import systemd_boot as loader

    path = loader.find(root)
    assert isinstance(path, BootPath) and words(path) == "arch"
    assert default_of(path).kernel == "/efi/VMLINUZ-LINUX"


def test_the_extended_partition_is_read_and_loader_conf_only_on_the_first(tmp_path: Path) -> None:
    files = {
        "/boot/loader/loader.conf": "default arch.conf\n", "/boot/loader/entries/arch.conf": entry("arch"),
        "/boot/loader/entries/b.conf": entry("b"), "/boot/vmlinuz-linux": b"MZ",
        "/etc/fstab": "UUID=1 / ext4 rw 0 0\nUUID=2 /efi vfat rw 0 0\nUUID=3 /boot vfat rw 0 0\n",
        "/efi/EFI/systemd/systemd-bootx64.efi": systemd_boot(),
    }  # fmt: skip
    path = path_of(tmp_path, base("default b.conf"), files)
    assert words(path) == "b" and default_of(path).kernel == "/boot/vmlinuz-linux"


@pytest.mark.parametrize("kind", ["", "UUID=3 /boot ext4 rw 0 0\n"])
def test_a_boot_folder_that_the_loader_cannot_read_is_not_read(kind: str, tmp_path: Path) -> None:
    files = {
        "/boot/loader/entries/zzz.conf": entry("unseen"), "/boot/vmlinuz-linux": b"MZ",
        "/etc/fstab": f"UUID=1 / ext4 rw 0 0\nUUID=2 /efi vfat rw 0 0\n{kind}",
    }  # fmt: skip
    assert words(path_of(tmp_path, base(), three(), files)) == "zz-vfio"


def test_unified_images_are_entries_by_their_os_release(tmp_path: Path) -> None:
    files = {
        "/efi/EFI/Linux/arch-linux.efi": image("uki rw"),
        "/efi/EFI/Linux/nameless.efi": image("nameless", system="FOO=1\n"),
        "/efi/EFI/Linux/readme.txt": "x",
        "/efi/EFI/Linux/broken.efi": b"MZ",
        "/efi/EFI/Linux/folder.efi/x": "",
    }
    path = path_of(tmp_path, base(), three(), files)
    first = default_of(path)
    assert words(path) == "uki rw" and first.unified and first.source == first.kernel == "/efi/EFI/Linux/arch-linux.efi"
    assert first.release == "6.12.9-arch1-1" and first.initrds == ()
    assert "nameless.efi" not in " ".join(e.source for e in path.entries)
    assert any("broken.efi" in m.path for m in path.missing)


def test_a_left_over_entry_does_not_hide_the_image_that_starts(tmp_path: Path) -> None:
    files = {"/efi/EFI/Linux/arch-linux.efi": image("uki"), "/efi/loader/entries/arch.conf": entry("left over")}
    assert words(path_of(tmp_path / "image", base("default arch-linux.efi"), files)) == "uki"
    assert words(path_of(tmp_path / "entry", base("default arch.conf"), files)) == "left over"


def test_every_profile_is_an_entry_of_its_own(tmp_path: Path) -> None:
    several = pe(
        [
            (".osrel", "ID=arch\n"), (".cmdline", "base"), (".linux", bytes(100)), (".profile", "ID=main\n"),
            (".profile", "ID=vfio\nTITLE=Passthrough\n"), (".cmdline", "vfio"), (".profile", ""), (".cmdline", "third"),
        ]
    )  # fmt: skip
    files = {"/efi/EFI/Linux/arch+3.efi": several}
    path = path_of(tmp_path / "first", base(), files)
    assert words(path) == "base"
    assert [e.name for e in path.entries][:3] == ["arch", "arch (Passthrough)", "arch (Profile #3)"]
    assert words(path_of(tmp_path / "named", base("default arch.efi@vfio"), files)) == "vfio"
    assert words(path_of(tmp_path / "numbered", base("default arch.efi@2"), files)) == "third"


def test_addons_append_their_words_in_order(tmp_path: Path) -> None:
    files = {
        "/efi/EFI/Linux/arch.efi": image("base"),
        "/efi/loader/addons/z.addon.efi": addon("global-z"),
        "/efi/loader/addons/B.addon.efi": addon("global-B"),
        "/efi/loader/addons/other.addon.efi": addon("other", release="5.4"),
        "/efi/loader/addons/kernel.addon.efi": image("whole"),
        "/efi/loader/addons/plain.efi": addon("plain"),
        "/efi/EFI/Linux/arch.efi.extra.d/own.addon.efi": addon("own", release="6.12.9-arch1-1"),
        "/efi/EFI/Linux/else.efi.extra.d/own.addon.efi": addon("else"),
    }
    path = path_of(tmp_path / "new", base(), files)
    assert words(path) == "base global-B global-z own"
    assert [s.source.rpartition("/")[2] for s in path.steps if "addon" in s.text] == [
        "B.addon.efi", "z.addon.efi", "own.addon.efi",
    ]  # fmt: skip
    old = {**files, "/efi/EFI/Linux/arch.efi": image("base", stub=252)}
    assert words(path_of(tmp_path / "old", base(), old)) == "base"


@pytest.mark.parametrize(("secure", "taken"), [(SEEN, "mine"), (SECURE, "embedded")])
@pytest.mark.parametrize("key", ["uki", "efi", "linux"])
def test_an_entry_s_options_overrule_an_image_s_words_unless_secure_boot_is_on(
    key: str, secure: Files, taken: str, tmp_path: Path
) -> None:
    files = {
        "/efi/images/a.efi": image("embedded"),
        "/efi/loader/entries/a.conf": f"{key} /images/a.efi\noptions mine\n",
    }
    path = path_of(tmp_path, base(), files, secure)
    assert words(path) == taken and default_of(path).unified
    plain = {**files, "/efi/loader/entries/a.conf": f"{key} /images/a.efi\n"}
    assert words(path_of(tmp_path / "plain", base(), plain, secure)) == "embedded"


def test_a_kernel_as_efi_program_has_the_initrds_that_its_words_name(tmp_path: Path) -> None:
    text = "efi /vmlinuz-linux\noptions initrd=\\initramfs-linux.img root=UUID=1\n"
    kernel = {"/efi/vmlinuz-linux": b"MZ" + bytes(0x200) + b"HdrS"}
    path = path_of(tmp_path, base(), kernel, {"/efi/loader/entries/a.conf": text})
    assert default_of(path).initrds == ("/efi/initramfs-linux.img",) and "root=UUID=1" in words(path)


def test_another_program_has_no_words_that_are_known(tmp_path: Path) -> None:
    files = {"/efi/tool.efi": b"MZ" + bytes(0x400), "/efi/loader/entries/a.conf": "efi /tool.efi\noptions x\n"}
    path = path_of(tmp_path, base(), files)
    assert isinstance(default_of(path).words, Unread)
    url = path_of(tmp_path / "url", base(), {"/efi/loader/entries/a.conf": "uki-url http://x/a.efi\n"})
    assert isinstance(default_of(url).words, Unread) and isinstance(default_of(url).kernel, Unread)


def test_automatic_entries_start_only_where_they_are_picked(tmp_path: Path) -> None:
    files = {
        "/efi/EFI/Microsoft/Boot/bootmgfw.efi": b"MZ", "/efi/shellx64.efi": b"MZ",
        "/efi/EFI/BOOT/BOOTX64.EFI": systemd_boot(), "/efi/loader/entries/arch.conf": entry("arch"),
    }  # fmt: skip
    path = path_of(tmp_path / "first", base(), files)
    assert words(path) == "arch"
    assert [e.name for e in path.entries] == [
        "arch", "Windows Boot Manager", "EFI Shell", "Reboot Into Firmware Interface",
    ]  # fmt: skip
    picked = default_of(path_of(tmp_path / "windows", base("default auto-windows"), files))
    assert picked.other_system and isinstance(picked.words, Unread)
    off = path_of(tmp_path / "off", base("auto-entries no", "auto-firmware no", "default auto-windows"), files)
    assert [e.name for e in off.entries] == ["arch"] and words(off) == "arch"


def test_an_entry_of_another_machine_on_a_shared_partition_is_named_so(tmp_path: Path) -> None:
    files = {
        f"/efi/loader/entries/{OTHER}-6.13.conf": entry("theirs", kernel=f"/{OTHER}/6.13/linux"),
        f"/efi/{OTHER}/6.13/linux": b"MZ",
        f"/efi/loader/entries/{MACHINE}-6.12.conf": entry("mine", kernel=f"/{MACHINE}/6.12/linux"),
        f"/efi/{MACHINE}/6.12/linux": b"MZ",
        "/etc/os-release": "ID=arch\n",
        "/efi/EFI/Linux/fedora.efi": image("theirs too", system="ID=fedora\n", release="6.13.1-200.fc41"),
        f"/efi/EFI/Linux/{MACHINE}-6.12.efi": image("mine too", system="ID=odd\n"),
    }
    path = path_of(tmp_path, base(), files)
    assert {e.name: e.other_system for e in path.entries if not e.source.startswith("/efi/EFI/BOOT") and e.source} == {
        "theirs": True, "mine": False, "fedora": True, "odd": False,
    }  # fmt: skip


def test_entries_for_another_processor_and_hidden_names_are_passed_over(tmp_path: Path) -> None:
    files = {
        "/efi/loader/entries/arm.conf": entry("arm", "architecture aa64"),
        "/efi/loader/entries/x64.conf": entry("x64", "architecture X64"),
        "/efi/loader/entries/auto-mine.conf": entry("auto"),
        "/efi/loader/entries/.hidden.conf": entry("hidden"),
        "/efi/loader/entries/zzz.conf.bak": entry("backup"),
        "/efi/loader/entries/both.conf": entry("both", "efi /x.efi"),
        "/efi/loader/entries/none.conf": "title none\n",
    }
    path = path_of(tmp_path, base("auto-firmware no"), files)
    assert [e.name for e in path.entries] == ["x64"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 4096, b"\xff\xfe" * 500, b"default " * 50_000, b"default [\n" * 2000, b"default " + b"*a" * 5000],
)  # fmt: skip
def test_a_damaged_loader_conf_leaves_the_menu_s_first(content: bytes, tmp_path: Path) -> None:
    files = {**base(), "/efi/loader/loader.conf": content}
    assert words(path_of(tmp_path, files, three())) == "zz-vfio"


@pytest.mark.parametrize(
    "content",
    [b"", b"\0linux /vmlinuz-linux\n", b"\xff\xfe\xfd", b"linux " + b"../" * 5000 + b"etc/x\n", b"options " * 20_000,
     b"linux /vmlinuz-linux\nprofile 99999999999999999999999\nversion " + b"9" * 90_000],
)  # fmt: skip
def test_a_damaged_entry_costs_no_other_one(content: bytes, tmp_path: Path) -> None:
    path = path_of(tmp_path, base("default arch.conf"), three(), {"/efi/loader/entries/damaged.conf": content})
    assert words(path) == "arch"


def test_a_folder_a_long_file_and_a_link_out_of_the_root_in_an_entry_s_place(tmp_path: Path) -> None:
    files = {
        "/efi/loader/entries/folder.conf/x": "",
        "/efi/loader/entries/long.conf": b"x" * (300 << 10),
        "/efi/loader/entries/link.conf": Link("/../../../../etc/hostname"),
        "/efi/loader/entries/loop.conf": Link("loop.conf"),
    }
    path = path_of(tmp_path, base("default arch.conf"), three(), files)
    assert words(path) == "arch" and any("long.conf" in m.path for m in path.missing)


def test_loader_conf_that_cannot_be_read_leaves_it_open(tmp_path: Path) -> None:
    files = {**base(), "/efi/loader/loader.conf": b"x" * (2 << 20)}
    path = path_of(tmp_path, files, three())
    assert path.default is None and "loader.conf" in path.open and len(path.candidates) == 3


def test_no_entry_at_all_is_said(tmp_path: Path) -> None:
    path = path_of(tmp_path, base())
    assert not path.candidates and "no entry" in path.open
