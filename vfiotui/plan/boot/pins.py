"""A plan against what is pinned: each pin that it breaks is renewed by its own tool, or the plan is refused.

Which registers move: the Linux TPM PCR Registry (uapi-group.org/specifications/specs/linux_tpm_pcr_registry): 4 and
11 for unified images, 8 and 9 for GRUB, 12 for systemd-boot's options, 9 for what the kernel's EFI stub loads; the
firmware measures its boot entries into 1.
"""

from __future__ import annotations

import fnmatch

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.path import BootPath
from vfiotui.model.boot.pins import Pin, PinKind
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.loader_commands import refresh
from vfiotui.plan.draft import Draft, Phase, PlanError

BY_WORDS = {
    "grub": {8, 9}, "grub-bls": {8, 9}, "rpm-ostree": {8, 9}, "proxmox": {8, 9, 12}, "systemd-boot": {9, 12},
    "kernelstub": {9, 12}, "uki": {4, 11}, "efistub": {1, 9}, "refind": {9}, "limine": {8, 9},
}  # fmt: skip
"""Loader → registers that another command line moves."""
BY_IMAGE = {"uki": {4, 9, 11}}
"""Loader → registers that another initramfs moves; 9 for all others."""


def moved(draft: Draft, boot: Boot) -> frozenset[int]:
    """The registers whose values this plan changes, as far as they are known for this loader."""
    path = boot.path
    unified = isinstance(path, BootPath) and any(entry.unified for entry in path.own)
    loader = "uki" if unified else boot.loader.name
    found: set[int] = set()
    if draft.touches(Phase.COMMAND_LINE) or draft.cmdline is not None:
        found |= BY_WORDS.get(loader, {8, 9, 12})
    if any(step.kind == "command" for step in draft.in_phase(Phase.REBUILD)):
        found |= BY_IMAGE.get(loader, {9})
    return frozenset(found)


def rewrites(draft: Draft, target: str) -> bool:
    """Whether a step writes this file, or may as one of a command's products."""
    if draft.changes(target):
        return True
    products = [p for step in draft.steps("command") for p in step.products]
    return any(fnmatch.fnmatchcase(target, pattern) for pattern in products)


def check_pins(draft: Draft) -> None:
    """Notes what has to be renewed and by what; PlanError where nothing here renews it."""
    boot = draft.facts.boot
    if isinstance(boot, Unread) or not boot.pins:
        return
    registers = moved(draft, boot)
    for pin in boot.pins:
        match pin.kind:
            case PinKind.LIMINE_HASH if rewrites(draft, pin.target):
                _limine(draft, pin)
            case PinKind.GRUB_SIGNATURE if rewrites(draft, pin.target) or rewrites(draft, pin.source.partition(":")[0]):
                raise PlanError(
                    f"GRUB loads only files whose signature it knows (check_signatures=enforce, {pin.source}), and "
                    f"{pin.target} would be another one: make the change by hand, and sign every file that it writes "
                    f"again with 'gpg --detach-sign {pin.target}' before the next boot"
                )
            case PinKind.SIGNED_IMAGE if rewrites(draft, pin.target) and not pin.renewed_by:
                raise PlanError(
                    f"Secure Boot is on, and nothing was found that signs {pin.target} when it is built: it would not "
                    "start; set up sbctl, ukify's SecureBootPrivateKey= or dracut's uefi_secureboot_key= first"
                )
            case PinKind.SIGNED_IMAGE if rewrites(draft, pin.target):
                draft.note(f"{pin.renewed_by} signs {pin.target} again when it is built")
            case PinKind.VERITY if draft.touches(Phase.INITRAMFS_CONFIG, Phase.MODPROBE):
                raise PlanError(
                    f"the root file system is checked against a hash on the command line ({pin.source}): its files are "
                    "changed where its image is built"
                )
            case PinKind.TPM if registers:
                _tpm(draft, pin, registers)
    _by_hand(draft, boot)


def _limine(draft: Draft, pin: Pin) -> None:
    commands = {step.argv[0] for step in draft.steps("command")}
    maker = refresh("limine", draft.snapshot)
    if maker is not None and not commands & {*maker.argv, "limine-mkinitcpio"}:
        why = "write the new hashes into limine.conf"
        draft.run(maker.argv, why, Phase.LOADER, products=maker.products, risk=Risk.R2, effect=Effect.BOOT)
        commands.add(maker.argv[0])
    if commands & {"limine-update", "limine-mkinitcpio"}:
        draft.note(f"{pin.source} pins the hash of {pin.target}, and {pin.renewed_by or 'Limine'} writes the new one")
        return
    raise PlanError(
        f"{pin.source} pins the hash of {pin.target}, and Limine stops at a file with another one: take '#…' off that "
        "path, or build with limine-mkinitcpio, which writes the new hash; then plan again"
    )


def _by_hand(draft: Draft, boot: Boot) -> None:
    """Images that only a person builds are pinned too."""
    path = boot.path
    own = path.own if isinstance(path, BootPath) else ()
    images = {image for entry in own for image in (*entry.initrds, entry.kernel if entry.unified else "")}
    if draft.touches(Phase.INITRAMFS_CONFIG, Phase.MODPROBE):
        for pin in boot.pins:
            if pin.kind is PinKind.LIMINE_HASH and pin.target in images and not rewrites(draft, pin.target):
                draft.note(
                    f"{pin.source} pins the hash of {pin.target}: once that is built anew, the new b2sum has to stand "
                    "behind its '#', or Limine stops"
                )


def _list(numbers: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def _tpm(draft: Draft, pin: Pin, registers: frozenset[int]) -> None:
    meets = registers & pin.pcrs
    signed = registers & pin.signed_pcrs
    if pin.maker == "clevis":
        again = f"'clevis luks list -d {pin.target}' and 'clevis luks regen -d {pin.target} -s SLOT'"
    else:
        kept = "+".join(map(str, sorted(pin.pcrs))) or "7"
        again = f"'systemd-cryptenroll --wipe-slot=tpm2 --tpm2-device=auto --tpm2-pcrs={kept} {pin.target}'"
    if pin.pcrlock:
        again, meets = "'systemd-pcrlock make-policy'", registers
    if signed and not meets:
        draft.note(
            f"{pin.target} opens where a signature allows the values of PCR {_list(signed)}: the new image needs one "
            "(ukify's PCRPrivateKey=), else it asks for another key"
        )
    if pin.others is None:
        if not meets:
            draft.note(
                f"the TPM opens {pin.target} ({pin.source}); what it is bound to cannot be read here, and this change "
                f"moves PCR {_list(registers)}: where it is bound to more than 7, the default, it asks at every boot "
                f"until {again} was run; have a passphrase or a recovery key at hand"
            )
        return
    if not meets:
        return
    what = f"the TPM opens {pin.target} while PCR {_list(pin.pcrs or meets)} stay as they are, and this change moves "
    what += _list(meets)
    if not pin.others:
        raise PlanError(
            f"{what}: no passphrase and no recovery key is enrolled, so it could not be opened any more; run "
            f"'systemd-cryptenroll --recovery-key {pin.target}' first, then plan again"
        )
    draft.note(f"{what}: its passphrase or recovery key is asked at every boot until {again} was run in the new boot")
