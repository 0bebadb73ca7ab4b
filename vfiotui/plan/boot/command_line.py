"""Words of the kernel command line: added, removed or replaced in the files of the loader that starts this host."""

from __future__ import annotations

from vfiotui.formats.loaders import grub_menu
from vfiotui.formats.loaders.kernel_words import OptionEdit, Word, WordEdit, check, rewrite
from vfiotui.formats.refused import EditRefused
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine, split
from vfiotui.model.change.change import Effect, look_into, run_command
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot import uki
from vfiotui.plan.boot.boot_menu import deleting
from vfiotui.plan.boot.grub_hand import hand_file
from vfiotui.plan.boot.loader_commands import MENUS, Refresh, refresh, unified_builds
from vfiotui.plan.boot.loader_files import CMDLINE, EXTLINUX, GRUB, WordFile, word_files
from vfiotui.plan.boot.loader_text import refuse_generated, refuse_other_home, refuse_without_files, words_loader
from vfiotui.plan.boot.loader_tools import TOOLS, Told
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

BOOT_PLACES = frozenset({"/boot", "/efi", "/boot/efi"})
NO_REFRESH = {
    "grub": "run update-grub or grub-mkconfig inside the system: no such program was found here",
    "uki": "rebuild the unified image: the words are part of it, and no tool that does it was found here",
    "syslinux": "run update-extlinux inside the system: it makes the menu, and no such program was found here",
    "proxmox": "run 'proxmox-boot-tool refresh': it copies the words to the boot partitions",
}
"""Loader → what only a person can do where its generator was not found."""
COPIED = frozenset({"proxmox", "rpm-ostree", "nixos", "guix"})
"""Loaders whose words reach the disk later, or lie where no step can look."""
RUNNING = "/proc/cmdline"
"""Where the words show after the next boot, when nothing on the disks shows them."""
PLAYED = frozenset(
    "vfio-pci.ids pci-stub.ids module-blacklist modprobe.blacklist rd.driver.blacklist rd.driver.pre rd.driver.post"
    " modules-load nomodeset".split()
)
"""Keys of words that decide which driver gets a device."""
SIGN = (
    "Secure Boot is on: the new image must be signed with a key that this firmware knows, or the host will not boot; "
    "look whether its builder signs it (sbctl, ukify's SecureBootPrivateKey=, dracut's uefi_secureboot_key=)"
)


def _boot(facts: Facts) -> Boot:
    """How this host boots, or PlanError."""
    if isinstance(facts.boot, Unread):
        raise PlanError(f"how this host boots cannot be read: {facts.boot}")
    return facts.boot


def loader_of(facts: Facts) -> str:
    """The loader that starts this host."""
    return words_loader(_boot(facts))


def _boot_is_seen(draft: Draft) -> None:
    """A loader that lies on a file system which is not mounted would be mistaken for another."""
    missing = {p: c for p, c in draft.snapshot.not_mounted.items() if p in BOOT_PLACES}
    if "/boot" in missing or (missing and not _boot(draft.facts).loader.sure):
        commands = " and ".join(f"'{c}'" for c in missing.values())
        raise PlanError(
            f"how this system boots cannot be seen: {' and '.join(missing)} of /etc/fstab "
            f"{'is' if len(missing) == 1 else 'are'} not mounted: {commands} first"
        )


def edit_command_line(draft: Draft, edit: WordEdit, why: str) -> None:
    """The next boot's command line, wherever its loader keeps it."""
    check(edit)
    boot = _boot(draft.facts)
    refuse_generated(boot, edit)
    _boot_is_seen(draft)
    loader = words_loader(boot)
    _checksum(draft, loader)
    if loader in TOOLS and _tell(draft, loader, edit, why):
        _note_words(draft, edit)
        return
    hand = hand_file(boot, draft.snapshot)
    if hand:
        draft.note(
            f"GRUB starts an entry that a person wrote: its own line in {hand.path} is edited, and no other entry"
        )
    files = [hand] if hand else word_files(loader, draft.snapshot, boot)
    if not files:
        refuse_without_files(loader, edit, uki.ignored_words(draft.snapshot) if loader == "uki" else "")
    kept = uki.of_addon(boot, edit)
    if kept:
        raise PlanError(kept)
    if loader in ("uki", "systemd-boot"):
        _starts_here(draft, boot, [f.path for f in files])
    refuse_other_home(boot, loader, {f.path for f in files}, edit)
    if (edit.add or edit.replace or edit.options) and not any(f.takes for f in files):
        raise PlanError(
            f"the file that takes new words is not there: only {' and '.join(f.path for f in files)} was found, which "
            f"adds nothing of its own; make {GRUB if loader == 'grub' else CMDLINE} first, then plan again"
        )
    phase = Phase.INITRAMFS_CONFIG if loader == "uki" else Phase.COMMAND_LINE
    changed = [f.path for f in files if _edit_one(draft, f, edit, why, phase)]
    if not changed and not _is_behind(draft, loader, edit):
        return
    _note_words(draft, edit)
    if loader == "uki":
        _build(draft, edit)
    else:
        _refresh(draft, loader, edit)
    _escape(draft, edit)


def make_anew(draft: Draft, words: tuple[str, ...]) -> None:
    """The menu or the images are made anew from the files as they are, and looked at for these words.

    PlanError where another system makes them, or nothing was found here that does.
    """
    edit = WordEdit(add=words)
    loader = loader_of(draft.facts)
    refuse_generated(_boot(draft.facts), edit)
    _boot_is_seen(draft)
    _checksum(draft, loader)
    if loader == "uki":
        _build(draft, edit)
    else:
        _refresh(draft, loader, edit)
    if not draft.steps("command"):
        raise PlanError(NO_REFRESH.get(loader, f"no program was found here that makes the entries of {loader} anew"))


def _starts_here(draft: Draft, boot: Boot, paths: list[str]) -> None:
    """PlanError where these files do not give the next boot its words; a note where only the firmware tells."""
    if isinstance(boot.path, Unread):
        return
    default = boot.path.default
    if default is not None and default.other_system:
        raise PlanError(
            f"the next boot starts another system, {default.name!r} ({default.source}): its words are set there; make "
            "this system's entry the default first (bootctl set-default)"
        )
    unmade = uki.starts_unmade(boot, draft.snapshot)
    if unmade:
        raise PlanError(
            f"the next boot starts {unmade}, which no preset in /etc/mkinitcpio.d makes: name it there (default_uki=), "
            "or choose an image that a preset makes as the default, then plan again"
        )
    if boot.path.open and boot.path.own:
        draft.note(f"{boot.path.open}: the words go into {' and '.join(paths)}, for {boot.path.own[0].source}")


def _is_behind(draft: Draft, loader: str, edit: WordEdit) -> bool:
    """Whether what the files say did not reach what is booted: read there, or said where it cannot be read."""
    new = tuple(w for text in edit.add + edit.replace for w in split(text))
    if loader == "uki":
        line = _boot(draft.facts).next_line
        seen = {line.source: line.text} if isinstance(line, CommandLine) and line.source.endswith(".efi") else {}
    else:
        maker = refresh(loader, draft.snapshot)
        menus = (maker.menu, *maker.more_menus) if maker else tuple(m for m, _ in MENUS) if loader == "grub" else ()
        seen = {menu: draft.snapshot.text(menu) for menu in menus if menu}
    for menu, text in seen.items():
        gone = [w for words in edit.remove for w in split(words) if _comes_from_here(draft, menu, w)]
        if text and (any(w not in text.split() for w in new) or any(w in text.split() for w in gone)):
            return True
    unread = [menu for menu, text in seen.items() if not text]
    if unread and not any(seen.values()):
        draft.note(f"{unread[0]} cannot be read here: whether the boot menu has the words is not known; run as root")
    return False


def next_line(draft: Draft) -> CommandLine:
    """The words of the next boot as the plan leaves them so far: else the configured ones, else the running ones."""
    boot = _boot(draft.facts)
    line = boot.configured if isinstance(boot.configured, CommandLine) else boot.cmdline
    now = line if isinstance(line, CommandLine) else CommandLine("", "the command line")
    return now if draft.cmdline is None else CommandLine(draft.cmdline, now.source)


def settle_words(draft: Draft) -> None:
    """Where the menu, or the unified image, is made anew for another reason, it gets the words of its sources too."""
    boot = draft.facts.boot
    if draft.cmdline is not None or isinstance(boot, Unread):
        return
    sources, entry = boot.configured, boot.on_disk
    if isinstance(sources, Unread) or isinstance(entry, Unread):
        return
    loader = words_loader(boot)
    maker = refresh(loader, draft.snapshot)
    makers = unified_builds(draft.snapshot, boot) if loader == "uki" else [maker] if maker else []
    argvs = {step.argv for step in draft.steps("command")}
    if not any(m.argv in argvs for m in makers):
        return
    new, old = split(sources.text), split(entry.text)
    gone = [w for w in old if w not in new and w.partition("=")[0].replace("_", "-") in PLAYED]
    if gone or any(w not in old for w in new if not set(w) & set("\\$`")):
        draft.cmdline = sources.text


def _note_words(draft: Draft, edit: WordEdit) -> None:
    """What the forecast of this plan goes by; where the edit fits the files only, their own words are not predicted."""
    if loader_of(draft.facts) not in COPIED:
        new = [w for text in edit.add + edit.replace for w in split(text)]
        gone = [w for text in edit.remove for w in split(text) if w not in new]
        options = [f"option {o.key}={add}" for o in edit.options for add in o.add]
        draft.effect((*(f"word {w}" for w in new), *options), gone)
    try:
        kept = rewrite(tuple(map(Word, split(next_line(draft).text))), edit)
    except EditRefused:
        return
    draft.cmdline = " ".join(k.text for k in kept)


def _checksum(draft: Draft, loader: str) -> None:
    """Limine stops at a configuration that differs from the enrolled one: only its own tool may change it."""
    if loader == "limine" and draft.snapshot.enrolled and "limine-update" not in draft.snapshot.programs:
        programs = " and ".join(draft.snapshot.enrolled)
        raise PlanError(
            f"{programs} holds the checksum of limine.conf, and would not start with another one: add the words by "
            "hand, then run 'limine enroll-config' with the new b2sum and sign the program again"
        )


def _tell(draft: Draft, loader: str, edit: WordEdit, why: str) -> bool:
    """The loader's own program does it; whether there is such a program."""
    try:
        told = TOOLS[loader](draft.snapshot, edit)
    except EditRefused as refusal:
        raise PlanError(refusal.sentence) from refusal
    if told is None:
        if loader != "grub-bls":
            raise PlanError(_by_hand(loader, edit))
        return False
    if told.argvs and loader == "rpm-ostree" and draft.facts.mode is not Mode.LIVE:
        raise PlanError(f"rpm-ostree works on a running system only: there run '{' '.join(told.argvs[0])}'")
    _run_tool(draft, told, why)
    if told.argvs:
        _escape(draft, edit)
    return True


def _run_tool(draft: Draft, told: Told, why: str) -> None:
    for argv in told.argvs:
        for product in told.products:
            draft.on_what_is_mounted(product)
        step = run_command(
            argv, why, products=told.products, back=told.back, risk=Risk.R2, effect=Effect.BOOT,
        )  # fmt: skip
        draft.add(step, Phase.COMMAND_LINE)
    if told.argvs:
        for menu in told.menus:
            gone = tuple(w for w in told.removed if w not in told.added)
            draft.look(menu, told.added, "look whether the entry has the words", Phase.LOOK_INTO_ENTRY, gone)
    if told.back:
        draft.note("rpm-ostree makes a new deployment of it; 'rpm-ostree kargs' shows the words after the next boot")


def _by_hand(loader: str, edit: WordEdit) -> str:
    new, gone = split(" ".join((*edit.add, *edit.replace))), split(" ".join(edit.remove))
    if loader == "rpm-ostree":
        options = [f"--append-if-missing={w}" for w in new] + [f"--delete-if-present={w}" for w in gone]
        return f"ostree keeps the command line: run 'rpm-ostree kargs {' '.join(options)}'"
    commands = [f"'kernelstub -a \"{' '.join(new)}\"'"] * bool(new)
    commands += [f"'kernelstub -d \"{' '.join(gone)}\"'"] * bool(gone)
    return f"kernelstub keeps the entries, and it was not found here: run {' and '.join(commands)} inside the system"


def _build(draft: Draft, edit: WordEdit) -> None:
    """The words are part of the image: it is built anew."""
    boot = _boot(draft.facts)
    builds = unified_builds(draft.snapshot, boot)
    firmware = draft.facts.firmware
    secure = not isinstance(firmware, Unread) and firmware.secure_boot is True
    for build in builds:
        draft.run(
            build.argv, "build the unified image with the words", Phase.REBUILD,
            products=build.products, risk=Risk.R4 if secure else Risk.R3, effect=Effect.BOOT,
        )  # fmt: skip
        _look(draft, build, edit, Phase.LOOK_INTO_IMAGE)
    if not builds:
        _leave(draft, "uki", edit, uki.images(draft.snapshot, boot))
    if secure:
        draft.note(SIGN)


def _refresh(draft: Draft, loader: str, edit: WordEdit) -> None:
    """The menu is made from the files, and looked at."""
    maker = refresh(loader, draft.snapshot)
    if maker is None:
        if loader == "syslinux" and EXTLINUX not in draft.snapshot.files:
            return
        if loader in NO_REFRESH:
            menus = tuple(m for m, _ in MENUS if m in draft.snapshot.files) if loader == "grub" else ()
            _leave(draft, loader, edit, menus)
        return
    draft.run(
        maker.argv, "bring the words into the boot menu", Phase.LOADER,
        products=maker.products, again=maker.again, risk=Risk.R2, effect=Effect.BOOT,
    )  # fmt: skip
    if maker.again:
        draft.note(f"{maker.argv[0]} copies the words to boot partitions that are not mounted: no step can look there")
    _look(draft, maker, edit, Phase.LOOK_INTO_ENTRY)


def _leave(draft: Draft, loader: str, edit: WordEdit, places: tuple[str, ...]) -> None:
    """What a person must run is looked for where it shows: in these files, else on the next boot's command line."""
    options = tuple(w for o in edit.options for w in split(next_line(draft).text) if w.startswith(f"{o.key}="))
    new = (*(w for text in edit.add + edit.replace for w in split(text)), *options)
    for place in places or (RUNNING,):
        gone = tuple(w for text in edit.remove for w in split(text) if _comes_from_here(draft, place, w))
        draft.leave(NO_REFRESH[loader], look_into(place, new, "", gone))


def _look(draft: Draft, maker: Refresh, edit: WordEdit, phase: Phase) -> None:
    """New words must be in the menu, and removed ones gone from it, where it had them from these files only."""
    words = tuple(w for text in edit.add + edit.replace for w in split(text))
    for menu in (maker.menu, *maker.more_menus):
        gone = tuple(w for text in edit.remove for w in split(text) if _comes_from_here(draft, menu, w))
        if menu and (words or gone):
            draft.look(menu, words, "look whether the menu has the words", phase, gone)


def _comes_from_here(draft: Draft, menu: str, word: str) -> bool:
    """Whether nothing but the edited files gives the menu this word."""
    if menu.endswith("/grub.cfg"):
        given = any(word in _words_in(draft, file) for file in word_files("grub", draft.snapshot))
        return not given and not grub_menu.has_elsewhere(draft.snapshot.text(menu), word)
    return True


def _words_in(draft: Draft, file: WordFile) -> tuple[str, ...]:
    """The words that a file gives as the plan leaves it; none where they cannot be read."""
    try:
        return file.words(draft.text(file.path) or "")
    except EditRefused:
        return ()


def _edit_one(draft: Draft, file: WordFile, edit: WordEdit, why: str, phase: Phase) -> bool:
    """One file; whether it changes."""
    text = draft.text(file.path)
    if text is None and file.instead_of:
        text = draft.text(file.instead_of)
    if text is None:
        return False
    wanted = edit if file.takes else WordEdit(remove=edit.remove)
    try:
        if not file.takes and not (wanted.remove and set(wanted.remove) & set(file.words(text))):
            return False
        after = file.edit(text, wanted)
    except EditRefused as refusal:
        where = f"{file.path}:{refusal.line_number}: {refusal.line_text.strip()}" if refusal.line_number else file.path
        raise PlanError(f"{where}: {refusal.sentence}") from refusal
    if after == text:
        return False
    return draft.write(file.path, after, why, phase, risk=Risk.R2, effect=Effect.BOOT)


def _escape(draft: Draft, edit: WordEdit) -> None:
    """What to do at the boot menu when the next boot fails."""
    new = [w for text in edit.add + edit.replace for w in split(text)]
    if new:
        draft.escape(deleting(loader_of(draft.facts), " ".join(new)))


def _add(draft: Draft, argument: str) -> None:
    edit_command_line(draft, WordEdit(add=(argument,)), f"add {argument} to the kernel command line")


def _remove(draft: Draft, argument: str) -> None:
    edit_command_line(draft, WordEdit(remove=(argument,)), f"drop {argument} from the kernel command line")


def _set(draft: Draft, argument: str) -> None:
    edit_command_line(draft, WordEdit(replace=(argument,)), f"set {argument} on the kernel command line")


def _option(draft: Draft, argument: str) -> None:
    key, equals, option = argument.partition("=")
    if not equals:
        raise PlanError(f"{argument!r} is no KEY=OPTION, such as intel_iommu=igfx_off")
    edit = WordEdit(options=(OptionEdit(key, add=(option,)),))
    edit_command_line(draft, edit, f"add the option {option} to {key} on the kernel command line")


PLANNERS = (
    Planner("cmdline.add", "WORD", "add a word to the kernel command line", "Add {}", _add),
    Planner("cmdline.remove", "WORD", "remove a word from the kernel command line", "Drop {}", _remove),
    Planner("cmdline.set", "KEY=VALUE", "replace the word that has the same key", "Set {}", _set),
    Planner("cmdline.option", "KEY=OPTION", "add an option to the comma list of a word", "Set {}", _option),
)
