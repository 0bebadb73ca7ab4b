"""Writers of every loader: the words arrive where it reads them, what it runs, what is looked at, and the way back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.host.boot.test_loader import Files, loader_var, started
from tests.trees import folder_root
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.boot.config_snapshot_boot import ENROLLED
from vfiotui.host.gather import gather
from vfiotui.host.pci.firmware import SECURE_BOOT
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan

ID = "0123456789abcdef0123456789abcdef"
MENU = "### BEGIN /etc/grub.d/10_linux ###\nlinux /vmlinuz quiet splash\n### END /etc/grub.d/10_linux ###\n"
DEFAULT = 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"\nGRUB_CMDLINE_LINUX=""\n'
ENTRY = "title Fedora\nversion 6.9\nlinux /vmlinuz-6.9\ninitrd /i\noptions root=UUID=1 ro quiet splash\n"
RESCUE = ENTRY.replace("6.9", "0-rescue")
BLS: Files = {
    "/boot/grub2/grub.cfg": "blscfg\n",
    f"/boot/loader/entries/{ID}-0-rescue.conf": RESCUE,
    f"/boot/loader/entries/{ID}-6.9.conf": ENTRY,
    "/etc/default/grub": DEFAULT,
    "/etc/kernel/cmdline": "root=UUID=1 ro quiet splash\n",
}
SD_BOOT: Files = {"/efi/loader/loader.conf": "", f"/efi/loader/entries/{ID}-6.9.conf": ENTRY}
UKI: Files = {
    "/efi/EFI/Linux/arch-linux.efi": "MZ",
    "/etc/kernel/cmdline": "root=UUID=1 rw quiet splash\n",
    **loader_var("StubInfo", "systemd-stub 257"),
}
PRESET = "PRESETS=('default')\nALL_kver=/boot/vmlinuz\ndefault_uki=/efi/EFI/Linux/arch-linux.efi\n"
LIMINE = "/Arch\n  protocol: linux\n  cmdline: root=UUID=1 quiet splash\n"
STUB = '{\n  "user": {\n    "kernel_options": ["quiet", "splash"],\n    "esp_path": "/boot/efi"\n  }\n}\n'
OSTREE: Files = {
    "/run/ostree-booted": "",
    "/boot/loader/entries/ostree-2-fedora.conf": ENTRY,
    "/boot/grub2/grub.cfg": "",
}


def tool(*names: str) -> Files:
    return {f"/usr/bin/{name}": "" for name in names}


def planned(folder: Path, files: Files, *goals: tuple[str, str]) -> Plan:
    root = folder_root(folder, {"/etc/machine-id": f"{ID}\n", **files})
    return make_plan(gather(root), read_config_snapshot(root), goals)


def written(plan: Plan) -> dict[str, str]:
    return {s.subject: (s.after or b"").decode() for s in plan.steps if s.kind == "file"}


def commands(plan: Plan) -> list[str]:
    return [" ".join(s.argv) for s in plan.steps if s.kind == "command"]


def looks(plan: Plan) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {s.subject: (s.wants, s.bans) for s in plan.steps if s.kind == "look"}


CASES: dict[str, tuple[Files, list[str], list[str], list[str]]] = {
    "grub of Debian": (
        {"/etc/default/grub": DEFAULT, "/boot/grub/grub.cfg": MENU, **tool("update-grub", "grub-mkconfig")},
        ["/etc/default/grub"], ["update-grub"], ["/boot/grub/grub.cfg"],
    ),
    "grub of Arch": (
        {"/etc/default/grub": DEFAULT, "/boot/grub/grub.cfg": MENU, **tool("grub-mkconfig")},
        ["/etc/default/grub"], ["grub-mkconfig -o /boot/grub/grub.cfg"], ["/boot/grub/grub.cfg"],
    ),
    "grub of SUSE": (
        {"/etc/default/grub": DEFAULT, "/boot/grub2/grub.cfg": MENU, **tool("grub2-mkconfig")},
        ["/etc/default/grub"], ["grub2-mkconfig -o /boot/grub2/grub.cfg"], ["/boot/grub2/grub.cfg"],
    ),
    "grub whose drop-in begins anew": (
        {"/etc/default/grub": DEFAULT, "/boot/grub/grub.cfg": MENU, **tool("update-grub"),
         "/etc/default/grub.d/50-cloud.cfg": 'GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS0 splash"\n',
         "/etc/default/grub.d/90-more.cfg": 'GRUB_CMDLINE_LINUX_DEFAULT+=" nomodeset"\n'},
        ["/etc/default/grub.d/50-cloud.cfg"], ["update-grub"], ["/boot/grub/grub.cfg"],
    ),
    "entries of GRUB without grubby": (
        BLS, [f"/boot/loader/entries/{ID}-0-rescue.conf", f"/boot/loader/entries/{ID}-6.9.conf",
              "/etc/default/grub", "/etc/kernel/cmdline"], [], [],
    ),
    "sdbootutil": (
        {**BLS, "/etc/sysconfig/bootloader": "LOADER_TYPE=grub2-bls\n", **tool("sdbootutil")},
        ["/etc/kernel/cmdline"], ["sdbootutil update-all-entries"],
        [f"/boot/loader/entries/{ID}-0-rescue.conf", f"/boot/loader/entries/{ID}-6.9.conf"],
    ),
    "systemd-boot": (SD_BOOT, [f"/efi/loader/entries/{ID}-6.9.conf"], [], []),
    "systemd-boot and kernel-install": (
        {**SD_BOOT, "/usr/lib/kernel/cmdline": "root=UUID=1 splash\n", **tool("kernel-install")},
        [f"/efi/loader/entries/{ID}-6.9.conf", "/etc/kernel/cmdline"], [], [],
    ),
    "sdboot-manage": (
        {**SD_BOOT, "/etc/sdboot-manage.conf": 'LINUX_OPTIONS="quiet splash"\n', **tool("sdboot-manage")},
        ["/etc/sdboot-manage.conf"], ["sdboot-manage gen"], [f"/efi/loader/entries/{ID}-6.9.conf"],
    ),
    "uki of mkinitcpio": (
        {**UKI, "/etc/mkinitcpio.d/linux.preset": PRESET, **tool("mkinitcpio")},
        ["/etc/kernel/cmdline"], ["mkinitcpio -P"], ["/efi/EFI/Linux/arch-linux.efi"],
    ),
    "uki of mkinitcpio with cmdline.d": (
        {**{p: t for p, t in UKI.items() if p != "/etc/kernel/cmdline"}, "/etc/mkinitcpio.d/linux.preset": PRESET,
         "/etc/cmdline.d/root.conf": "root=UUID=1 rw\n", "/etc/cmdline.d/words.conf": "quiet splash\n",
         **tool("mkinitcpio")},
        ["/etc/cmdline.d/words.conf"], ["mkinitcpio -P"], ["/efi/EFI/Linux/arch-linux.efi"],
    ),
    "uki of dracut": (
        {**UKI, "/etc/dracut.conf.d/uki.conf": 'uefi="yes"\nkernel_cmdline="root=UUID=1 quiet splash"\n',
         "/usr/lib/modules/6.9/vmlinuz": "", "/efi/EFI/Linux/linux-6.9-x.efi": "MZ", **tool("dracut")},
        ["/etc/dracut.conf.d/uki.conf"], ["dracut -f --regenerate-all"], ["/efi/EFI/Linux/linux-6.9-x.efi"],
    ),
    "uki of kernel-install": (
        {**UKI, "/etc/kernel/install.conf": "layout=uki\nuki_generator=ukify\n", "/usr/lib/modules/6.9/vmlinuz": "",
         f"/efi/EFI/Linux/{ID}-6.9.efi": "MZ", "/lib": "", **tool("kernel-install", "ukify")},
        ["/etc/kernel/cmdline"], ["kernel-install add 6.9 /usr/lib/modules/6.9/vmlinuz"],
        [f"/efi/EFI/Linux/{ID}-6.9.efi"],
    ),
    "limine": ({"/boot/limine.conf": LIMINE}, ["/boot/limine.conf"], [], []),
    "limine-entry-tool": (
        {"/boot/limine.conf": LIMINE, "/etc/default/limine": 'KERNEL_CMDLINE[default]+="root=UUID=1 quiet splash"\n',
         **tool("limine-update")},
        ["/etc/default/limine"], ["limine-update"], ["/boot/limine.conf"],
    ),
    "refind": ({"/boot/refind_linux.conf": '"Boot"  "root=UUID=1 splash"\n"Single"  "single splash"\n'},
               ["/boot/refind_linux.conf"], [], []),
    "proxmox": (
        {"/etc/kernel/proxmox-boot-uuids": "AB-CD\n", "/etc/kernel/cmdline": "root=ZFS=rpool boot=zfs splash\n",
         "/etc/default/grub": DEFAULT, "/boot/grub/grub.cfg": MENU, **tool("proxmox-boot-tool", "update-grub")},
        ["/etc/default/grub", "/etc/kernel/cmdline"], ["proxmox-boot-tool refresh"], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_words_come_and_go(name: str, tmp_path: Path) -> None:
    files, edited, ran, looked = CASES[name]
    files = {p: t for p, t in files.items() if p != "/lib"}
    if any(p.startswith("/usr/lib/modules") for p in files):
        (tmp_path / "usr/lib").mkdir(parents=True)
        (tmp_path / "lib").symlink_to("usr/lib")
    plan = planned(tmp_path, files, ("cmdline.add", "iommu=pt"))
    assert sorted(written(plan)) == edited and commands(plan) == ran, plan.notes
    assert sorted(looks(plan)) == sorted(looked) and all(w == ("iommu=pt",) for w, _ in looks(plan).values())
    assert all("iommu=pt" in text for text in written(plan).values())
    before = {p: (tmp_path / p[1:]).read_text() if (tmp_path / p[1:]).exists() else "" for p in edited}
    planned(tmp_path, written(plan))  # type: ignore[arg-type]
    menus = {m for m in set(looks(plan)) - set(edited) if not m.endswith(".efi")}
    if menus:
        assert commands(planned(tmp_path, {}, ("cmdline.add", "iommu=pt"))) == ran, "no menu has the word yet"
    for menu in menus:
        file = tmp_path / menu[1:]
        file.write_text(re.sub(r"(?m)^(.*(linux|options|cmdline).*)$", r"\1 iommu=pt", file.read_text()))
    assert planned(tmp_path, {}, ("cmdline.add", "iommu=pt")).steps == ()
    # The opposite plan brings the same files to what they were, but for one that was made anew.
    back = planned(tmp_path, {}, ("cmdline.remove", "iommu=pt"))
    assert {p: t for p, t in written(back).items() if before[p]} == {p: t for p, t in before.items() if t}
    assert commands(back) == ran
    assert all(bans == ("iommu=pt",) for _, bans in looks(back).values())
    # A word that was there goes from everything that the next boot is made of.
    gone = planned(tmp_path, {}, ("cmdline.remove", "splash"))
    assert set(written(gone)) >= set(edited) - {"/etc/default/grub"}
    assert all("splash" not in t.split("\n")[0] for p, t in written(gone).items() if "refind" in p)


def test_grubby_is_told_once_for_all_entries(tmp_path: Path) -> None:
    plan = planned(tmp_path, {**BLS, **tool("grubby")}, ("cmdline.add", "iommu=pt"), ("cmdline.remove", "splash"))
    assert commands(plan) == [
        "grubby --update-kernel=ALL --args=iommu=pt",
        "grubby --update-kernel=ALL --remove-args=splash",
    ]
    step = next(s for s in plan.steps if s.kind == "command")
    assert {"/boot/loader/entries/*.conf", "/etc/kernel/cmdline", "/etc/default/grub"} <= set(step.products)
    assert set(looks(plan).values()) == {(("iommu=pt",), ("splash",))} and len(looks(plan)) == 2
    entry = ENTRY.replace("splash", "iommu=pt")
    done = {**BLS, f"/boot/loader/entries/{ID}-6.9.conf": entry, f"/boot/loader/entries/{ID}-0-rescue.conf": entry}
    assert planned(tmp_path / "b", {**done, **tool("grubby")}, ("cmdline.add", "iommu=pt")).steps == ()


def test_grubby_is_not_asked_where_it_would_change_other_words(tmp_path: Path) -> None:
    files = {p: t.replace("splash", "amd_iommu=on") if isinstance(t, str) else t for p, t in BLS.items()}
    plan = planned(tmp_path, {**files, **tool("grubby")}, ("cmdline.add", "iommu=pt"))
    assert commands(plan) == [] and "amd_iommu=on iommu=pt" in written(plan)[f"/boot/loader/entries/{ID}-6.9.conf"]


def test_words_in_grubs_environment_are_left_to_grubby(tmp_path: Path) -> None:
    entry = ENTRY.replace("root=UUID=1 ro quiet splash", "$kernelopts $tuned_params")
    files: Files = {
        "/boot/grub2/grub.cfg": "blscfg\n",
        f"/boot/loader/entries/{ID}-6.9.conf": entry,
        "/boot/grub2/grubenv": "# GRUB Environment Block\nkernelopts=root=UUID=1 ro quiet \n####",
    }
    plan = planned(tmp_path, {**files, **tool("grubby")}, ("cmdline.add", "iommu=pt"))
    assert commands(plan) == ["grubby --update-kernel=ALL --args=iommu=pt"]
    assert looks(plan) == {"/boot/grub2/grubenv": (("iommu=pt",), ())}
    with pytest.raises(PlanError, match=r"6\.9\.conf:5: options \$kernelopts .*grubby"):
        planned(tmp_path / "b", files, ("cmdline.add", "iommu=pt"))


def test_kernelstub_is_told_and_its_files_are_kept(tmp_path: Path) -> None:
    files: Files = {
        "/etc/kernelstub/configuration": STUB,
        "/boot/efi/loader/loader.conf": "",
        "/boot/efi/loader/entries/Pop_OS-current.conf": ENTRY,
        **tool("kernelstub"),
    }
    plan = planned(tmp_path, files, ("cmdline.add", "iommu=pt"))
    assert commands(plan) == ["kernelstub -a iommu=pt"] and list(looks(plan)) == list(files)[2:3]
    assert "/etc/kernelstub/configuration" in plan.steps[0].products
    plan = planned(tmp_path, {}, ("cmdline.remove", "splash"))
    assert commands(plan) == ["kernelstub -d splash"] and list(looks(plan).values()) == [((), ("splash",))]
    assert planned(tmp_path, {}, ("cmdline.add", "quiet")).steps == ()
    (tmp_path / "usr/bin/kernelstub").unlink()
    with pytest.raises(PlanError, match="run 'kernelstub -a \"iommu=pt\"' inside the system"):
        planned(tmp_path, {}, ("cmdline.add", "iommu=pt"))


def test_rpm_ostree_is_named_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="there run 'rpm-ostree kargs --append-if-missing=iommu=pt'"):
        planned(tmp_path, {**OSTREE, **tool("rpm-ostree")}, ("cmdline.add", "iommu=pt"))
    assert planned(tmp_path, {}, ("cmdline.add", "quiet")).steps == ()


def test_what_lies_on_unmounted_partitions_is_copied_again_by_the_undo(tmp_path: Path) -> None:
    plan = planned(tmp_path, CASES["proxmox"][0], ("cmdline.add", "iommu=pt"))
    step = plan.steps[-1]
    assert step.again and step.products == () and any("not mounted" in n for n in plan.notes)


def test_secure_boot_makes_a_unified_image_dangerous(tmp_path: Path) -> None:
    files = {**CASES["uki of mkinitcpio"][0], SECURE_BOOT: b"\6\0\0\0\1", "/sys/firmware/efi/fw_platform_size": "64\n"}
    plan = planned(tmp_path, files, ("cmdline.add", "iommu=pt"))
    assert plan.risk is Risk.R4 and any("must be signed" in n for n in plan.notes)
    kinds = [s.kind for s in plan.steps]
    assert kinds == ["file", "command", "look", "path"], "the words come before the image that holds them"


def test_entries_of_another_system_are_left_alone(tmp_path: Path) -> None:
    other = ENTRY + f"machine-id {'f' * 32}\n"
    files = {
        **SD_BOOT,
        "/efi/loader/entries/other.conf": other,
        "/efi/loader/entries/win.conf": "title W\nefi /x.efi\n",
    }
    assert list(written(planned(tmp_path, files, ("cmdline.add", "iommu=pt")))) == [
        f"/efi/loader/entries/{ID}-6.9.conf"
    ]


def test_a_word_that_another_system_has_too_may_stay_in_the_menu(tmp_path: Path) -> None:
    other = MENU + "### BEGIN /etc/grub.d/30_os-prober ###\nlinux /other splash\n### END /etc/grub.d/30_os-prober ###\n"
    files: Files = {"/etc/default/grub": DEFAULT, "/boot/grub/grub.cfg": other, **tool("update-grub")}
    assert looks(planned(tmp_path, files, ("cmdline.remove", "splash"))) == {}
    assert looks(planned(tmp_path, files, ("cmdline.remove", "quiet"))) == {"/boot/grub/grub.cfg": ((), ("quiet",))}


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"/boot/limine.conf": LIMINE, "/boot/EFI/limine/limine_x64.efi": b"MZ" + ENROLLED + b"a1" * 64},
         r"limine_x64\.efi holds the checksum of limine\.conf.*limine enroll-config"),
        ({"/etc/NIXOS": ""},
         r'boot\.kernelParams = \[ "iommu=pt" \]; to /etc/nixos/configuration\.nix.*nixos-rebuild boot'),
        ({"/gnu/store/x": "", "/run/current-system": ""}, r"kernel-arguments \(append '\(\"iommu=pt\"\).*guix system"),
        (started("Linux", "\\vmlinuz-linux"), r"efibootmgr --create.*add iommu=pt"),
        ({"/etc/hostname": "x"}, "add iommu=pt to the kernel's line by hand"),
        ({"/boot/efi/EFI/refind/refind.conf": ""}, "mkrlconf"),
        ({p: t for p, t in UKI.items() if "cmdline" not in p}, "write the whole line that the kernel has"),
        ({"/boot/limine.conf": LIMINE.replace("cmdline: ", "cmdline: x\n  cmdline: ")},
         r"/boot/limine\.conf:4: cmdline: root=UUID=1 quiet splash: The entry Arch has its words twice"),
        ({"/etc/kernelstub/configuration": "[1]", **tool("kernelstub")}, r"no user\.kernel_options"),
    ],
    ids=["enrolled", "nixos", "guix", "efistub", "unknown", "refind", "uki", "twice", "kernelstub"],
)  # fmt: skip
def test_refusals_tell_what_to_do(files: Files, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(tmp_path, files, ("cmdline.add", "iommu=pt"))


def test_an_empty_checksum_of_limine_is_none(tmp_path: Path) -> None:
    files: Files = {"/boot/limine.conf": LIMINE, "/boot/EFI/limine/limine_x64.efi": b"MZ" + ENROLLED + b"0" * 128}
    assert list(written(planned(tmp_path, files, ("cmdline.add", "iommu=pt")))) == ["/boot/limine.conf"]
