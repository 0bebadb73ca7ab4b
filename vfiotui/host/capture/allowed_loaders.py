"""What a capture may hold of boot loaders: firmware variables, their files, and programs as their kind only."""

from __future__ import annotations

from vfiotui.host.boot.loader import SYSLINUX
from vfiotui.host.capture import (
    reduce_grub,
    reduce_image,
    reduce_kernel,
    reduce_loader,
    reduce_menu,
    reduce_script,
    reduce_shell,
    reduce_text,
)
from vfiotui.host.capture.allowed import ESPS, IMAGE_LIMIT, Allowed, below, data_rules, text_rules


def loaders() -> tuple[Allowed, ...]:
    """The rules, in order."""
    return (
        *data_rules(
            reduce_kernel.efi_number, "a switch or a number",
            below("/sys/firmware/efi/efivars", "SecureBoot-* BootCurrent-* BootNext-* SetupMode-*"),
        ),
        *data_rules(reduce_kernel.efi_order, "numbers", ["/sys/firmware/efi/efivars/BootOrder-*"]),
        *data_rules(reduce_kernel.efi_index, "a number", ["/sys/firmware/efi/efivars/LimineLastBootedEntry-*"]),
        *data_rules(
            reduce_kernel.efi_text, "the entry that was started last", ["/sys/firmware/efi/efivars/PreviousBoot-*"]
        ),
        *data_rules(
            reduce_kernel.efi_plain_text, "the entry that was started last",
            [f"{esp}/EFI/*/vars/PreviousBoot" for esp in ESPS],
        ),
        *data_rules(
            reduce_kernel.efi_text, "words of the loader",
            below("/sys/firmware/efi/efivars", "LoaderInfo-* StubInfo-* LoaderDevicePartUUID-*"),
        ),
        *data_rules(
            reduce_loader.efi_entry, "an entry of the loader",
            below("/sys/firmware/efi/efivars", "LoaderEntrySelected-* LoaderEntryDefault-* LoaderEntryOneShot-*"
                  " LoaderEntryPreferred-* LoaderEntryLastBooted-*"),
        ),
        *data_rules(
            reduce_kernel.efi_option, "loader, partition, kernel words", ["/sys/firmware/efi/efivars/Boot????-*"]
        ),
        *text_rules(
            reduce_shell.grub_default, "GRUB_CMDLINE_*, defaults of the menu",
            ["/etc/default/grub*", "/etc/default/grub.d/*", "/etc/defaults/grub"],
        ),
        *text_rules(
            reduce_grub.mkconfig, "which settings it reads",
            [f"/usr/{folder}/{name}" for folder in ("sbin", "bin") for name in ("grub-mkconfig", "grub2-mkconfig")],
        ),
        *data_rules(
            reduce_script.file, "lines that a check looks for", ["/etc/grub.d/*"]),
        *text_rules(reduce_shell.limine_default, "KERNEL_CMDLINE", ["/etc/default/limine"]),
        *text_rules(reduce_shell.sdboot_manage, "LINUX_OPTIONS", ["/etc/sdboot-manage.conf"]),
        *text_rules(reduce_shell.suse_bootloader, "LOADER_TYPE", ["/etc/sysconfig/bootloader"]),
        *text_rules(
            reduce_shell.kernel_install, "layout and generators",
            ["/etc/kernel/install.conf", "/usr/lib/kernel/install.conf"],
        ),
        *text_rules(reduce_shell.uki_conf, "kernel words", ["/etc/kernel/uki.conf", "/usr/lib/kernel/uki.conf"]),
        *text_rules(
            reduce_text.cmdline_file, "kernel words",
            ["/etc/kernel/cmdline", "/usr/lib/kernel/cmdline", "/etc/cmdline.d/*"],
        ),
        *data_rules(
            reduce_script.file, "lines that a check looks for", ["/etc/kernel/install.d/*"]),
        *text_rules(
            reduce_script.image_hook, "whether it calls kernel-install", ["/etc/initramfs/post-update.d/*"]),
        *text_rules(reduce_loader.kernelstub, "kernel words", ["/etc/kernelstub/configuration"]),
        *text_rules(
            reduce_grub.grub_menu, "entries, kernel words",
            ["/boot/grub/*.cfg", "/boot/grub2/*.cfg", *(f"{esp}/EFI/*/*.cfg" for esp in ESPS)],
        ),
        *text_rules(
            reduce_grub.grubenv, "chosen entries and kernel words",
            ["/boot/grub/grubenv", "/boot/grub2/grubenv", *(f"{esp}/EFI/*/grubenv" for esp in ESPS)],
        ),
        *text_rules(
            reduce_loader.loader_entry, "kernel, initrd, kernel words", (f"{esp}/loader/entries/*" for esp in ESPS)
        ),
        *text_rules(reduce_loader.loader_conf, "default entry", (f"{esp}/loader/loader.conf" for esp in ESPS)),
        *text_rules(
            reduce_menu.limine, "entries and kernel words",
            [f"{esp}{folder}/limine.c*" for esp in ESPS for folder in ("", "/limine", "/EFI/limine", "/EFI/BOOT")],
        ),
        *text_rules(reduce_menu.syslinux, "entries and kernel words", SYSLINUX),
        *text_rules(reduce_menu.syslinux, "entries and kernel words", ["/boot/*/*.cfg", "/boot/*.cfg"]),
        *text_rules(reduce_shell.update_extlinux, "default_kernel_opts", ["/etc/update-extlinux.conf"]),
        *text_rules(
            reduce_menu.refind, "entries and kernel words",
            [f"{esp}/EFI/{folder}/*.conf" for esp in ESPS for folder in ("refind", "BOOT", "Microsoft/Boot")],
        ),
        *text_rules(
            reduce_menu.crypttab, "devices, and which a TPM opens", ["/etc/crypttab", "/etc/crypttab.initramfs"]
        ),
        *text_rules(reduce_menu.uki_conf, "which keys are set", ["/etc/kernel/uki.conf", "/etc/systemd/ukify.conf"]),
        *text_rules(reduce_text.lines_only, "how many there are", ["/etc/kernel/proxmox-boot-uuids"]),
        *text_rules(reduce_loader.refind_linux, "kernel words", ["/boot/refind_linux.conf"]),
        *data_rules(
            reduce_image.unified, "kernel words, release, reduced initramfs", (f"{esp}/EFI/Linux/*" for esp in ESPS),
            IMAGE_LIMIT,
        ),
        *data_rules(
            reduce_image.unified, "of an addon: kernel words, release",
            (f"{esp}/{folder}" for esp in ESPS for folder in ("loader/addons/*", "EFI/*/*.extra.d/*")), IMAGE_LIMIT,
        ),
        *data_rules(
            reduce_image.program, "which loader it is, whether a checksum is enrolled; of unified images kernel words",
            [f"{esp}/{folder}/*" for esp in ESPS for folder in ("EFI/*", "limine")], IMAGE_LIMIT,
        ),
        *data_rules(
            reduce_image.kernel, "that it is a kernel",
            [f"{esp}/{name}" for esp in ESPS for name in ("vmlinuz*", "*/*/linux", "*/*/vmlinuz*")], IMAGE_LIMIT,
        ),
        *data_rules(
            reduce_image.loader_program, "which loader it is, whether a checksum is enrolled",
            [f"{esp}/EFI/*/*" for esp in ESPS], 16 << 20,
        ),
    )  # fmt: skip
