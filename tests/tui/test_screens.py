"""Every screen over every kind of machine: the facts are there, and nothing breaks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import HOSTS, TOWER
from tests.machines import root_of
from tests.tui.consoles import LINUX, SIZES, Console, caps, console
from vfiotui.demo.hostile import GUEST, hostile_host
from vfiotui.demo.libvirt_node import write_node
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.live.sample import LiveMoment
from vfiotui.tui.actions import TABS
from vfiotui.tui.screens.live.screen import LiveScreen
from vfiotui.tui.terminal.capabilities import ASCII

HOSTILE = "x [/dev/vfio/1] [AMD] \\x1b[2J"
EXPECTED = {
    "host": ("Group 14 of this card", "BLOCKED", "04:00.0"),
    "isolate": ("08:00.0", "vfio-pci", "GM204 "),
    "pin": ("win10", "L3", "18"),
    "memory": ("2 MiB", "madvise", "8,192"),
    "live": ("win10", "v7   21", "emu  2-3"),
    "guests": ("win10", "running", "macos", "shut off"),
    "changes": ("no change",),
}


def unbroken(found: Console, size: tuple[int, int]) -> None:
    """The screen is whole: its size, its tabs, its keys, and no control character."""
    assert len(found.lines) == size[1]
    assert found.lines[1].split()[:2] == ["1", "Host"]
    assert "help" in found.lines[-1] and "quit" in found.lines[-1]
    assert all(c.isprintable() or c == "\n" for c in found.text)


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_every_tab_shows_its_facts_of_the_demo(size: tuple[int, int]) -> None:
    async with console(root_of(TOWER, Mode.DEMO), size, ability=LINUX if size[0] == 80 else None) as found:
        for key, mode, word in TABS:
            await found.press(key)
            await found.until(lambda mode=mode: found.app.current_mode == mode)
            if mode == "live":
                await found.until(lambda: len(found.app.history) > 1)
            await found.shows(*EXPECTED[mode])
            unbroken(found, size)
            assert "DEMO" in found.lines[0], word
            await found.press("question_mark")
            await found.shows(f" help  {word}")
            await found.press("escape")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
async def test_hostile_names_appear_literally_on_every_screen(size: tuple[int, int], tmp_path: Path) -> None:
    host = hostile_host()
    async with console(root_of(host, Mode.DEMO), size) as found:
        for key, mode, _ in TABS:
            await found.press(key)
            await found.until(lambda mode=mode: found.app.current_mode == mode)
            if mode == "live":
                await found.until(lambda: len(found.app.history) > 1)
            unbroken(found, size)
            if mode != "changes":
                # Markup would have eaten the bracket.
                await found.until(lambda: "x [" in "\n".join(found.lines[2:]), f"a hostile name on {mode}")
        await found.press("1")
        await found.until(lambda: found.app.current_mode == "host")
        assert HOSTILE in found.lines[0], "the host's own name, in the status line"
        await found.press("6")
        await found.shows(GUEST[:18])
        await found.press("5")
        await found.until(lambda: isinstance(found.app.store.get("live"), LiveMoment))
        await found.until(lambda: found.app.store.get("virt") is not None)
        await found.shows(GUEST, "2 running")
        await found.press("t")
        await found.until(lambda: HOSTILE in found.lines[2], "the guest that libvirt does not know")


async def test_live_opens_on_a_guest_of_libvirts_before_others() -> None:
    async with console(root_of(hostile_host(), Mode.DEMO), (120, 40)) as found:
        await found.press("5")
        await found.until(lambda: found.app.store.get("virt") is not None)
        virt = found.app.store.get("virt")
        own = next(d for d in virt.domains if d.name == GUEST)
        found.app.store.push("virt", replace(virt, domains=(replace(own, state="running"),)))
        await found.until(lambda: GUEST in found.lines[2], "libvirt's guest in the headline")
        await found.press("t")
        await found.until(lambda: HOSTILE in found.lines[2], "the other one")


ODD = ("tower", "iommu-off", "no-virt", "dead-card", "bad-pins", "weak-reset")


@pytest.mark.parametrize("name", [*ODD, "nothing", "disk"])
async def test_every_screen_opens_over_every_machine(name: str) -> None:
    roots = {
        "nothing": lambda: Root(MemoryTree({}), Mode.ROOT),
        "disk": lambda: Root(
            MemoryTree(
                {p: n for p, n in root_of(TOWER).tree._nodes.items() if p.startswith(("/etc", "/boot", "/lib"))}
            ),  # type: ignore[attr-defined]
            Mode.ROOT,
            "/mnt",
        ),
    }
    root = roots[name]() if name in roots else root_of(HOSTS[name])
    async with console(root, (80, 24)) as found:
        for key, mode, _ in TABS:
            await found.press(key)
            await found.until(lambda mode=mode: found.app.current_mode == mode)
            unbroken(found, (80, 24))
            await found.press("down", "enter", "escape", "pagedown", "tab", "end", "enter", "escape")
            unbroken(found, (80, 24))


async def test_a_finding_shows_its_evidence_and_enter_opens_it() -> None:
    async with console(root_of(TOWER), (160, 50)) as found:
        await found.shows("GROUP-FOREIGN", "/sys/kernel/iommu_groups/14")
        await found.press("enter")
        await found.shows(" evidence ", "GROUP-FOREIGN")
        await found.press("escape", "e")
        await found.shows(" explain ", "Expected")
        await found.press("escape", "down")
        assert "Group 14 of this card" in found.text


async def test_the_filter_keeps_what_holds_a_text_and_escape_clears_it() -> None:
    async with console(root_of(TOWER), (120, 40)) as found:
        await found.press("slash", *"no such thing")
        await found.shows("no finding contains 'no such thing'")
        await found.press("escape")
        await found.until(lambda: "no finding contains" not in found.text)
        await found.press("slash", *"HUGE", "enter")
        await found.until(lambda: "GROUP-FOREIGN" not in "\n".join(found.lines[2:12]))


async def test_the_filter_takes_markup_as_text() -> None:
    async with console(root_of(TOWER), (120, 40)) as found:
        await found.press("slash", "left_square_bracket", "slash", "right_square_bracket")
        await found.shows("no finding contains '[/]'")


async def test_severity_steps_through_all_checks() -> None:
    async with console(root_of(TOWER), (120, 40)) as found:
        await found.press("s")
        await found.shows("all checks")
        await found.press("s")
        await found.shows("only fail")
        await found.press("s", "s", "s")
        await found.shows("only passed")


async def test_the_group_list_tells_about_a_device() -> None:
    async with console(root_of(TOWER), (160, 50)) as found:
        await found.press("tab", "end")
        await found.until(lambda: found.app.screen.focused is not None and found.app.screen.focused.id == "groups")
        await found.shows("0000:00:18.7", "Matisse Device 24")


async def test_the_palette_goes_to_screens_and_explains() -> None:
    async with console(root_of(TOWER), (120, 40)) as found:
        await found.press("colon")
        await found.shows("go to Memory", "theme light")
        await found.press(*"go to memory")
        await found.shows("go to Memory")
        await found.press("enter")
        await found.until(lambda: found.app.current_mode == "memory")


async def test_themes_change_at_once_and_few_colours_begin_with_the_console_theme() -> None:
    async with console(root_of(TOWER), (80, 24), ability=LINUX) as found:
        assert found.app.theme == "console"
        for name in ("dark", "light", "contrast", "console"):
            found.app.theme = name
            await found.pilot.pause()
            unbroken(found, (80, 24))


async def test_glyphs_of_ascii_draw_nothing_else() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40), ability=caps(ASCII)) as found:
        for key, mode, _ in TABS:
            await found.press(key)
            await found.until(lambda mode=mode: found.app.current_mode == mode)
            assert found.text.isascii(), [c for c in found.text if not c.isascii()]


async def test_a_small_terminal_is_told_what_is_needed_and_recovers() -> None:
    async with console(root_of(TOWER), (80, 24)) as found:
        await found.pilot.resize_terminal(79, 24)
        await found.shows("needs 80x24", "79x24")
        await found.pilot.resize_terminal(80, 24)
        await found.shows("Group 14 of this card")
        await found.pilot.resize_terminal(160, 50)
        await found.shows("GROUP-FOREIGN", "/sys/kernel/iommu_groups/14")
        unbroken(found, (160, 50))


async def test_libvirts_guests_change_by_events(tmp_path: Path) -> None:
    import asyncio
    import subprocess

    from tests.requirements import need

    uri = write_node(TOWER, str(tmp_path))
    async with console(root_of(TOWER, Mode.DEMO), uri=uri) as found:
        await found.press("6")
        await found.shows("win10", "running")
        await found.until(lambda: "libvirt ok 1/3 running" in found.lines[0])
        # The test driver's state belongs to one process: what virsh changes there is not seen here.
        await asyncio.to_thread(subprocess.run, [need("virsh", "libvirt-clients"), "-c", uri, "list"], check=True)
        assert "macos" in found.text


async def test_live_pauses_and_changes_its_interval() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("5")
        await found.until(lambda: len(found.app.history) > 1)
        await found.press("minus")
        await found.shows("every 0.5 s")
        await found.press("p")
        await found.shows("paused")
        count = len(found.app.history)
        await found.until(lambda: len(found.app.history) > count, "samples go on while the picture stands")
        await found.press("p")
        await found.until(lambda: "paused" not in found.text)


async def test_live_goes_back_in_time_marks_and_returns() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("5", "minus", "minus", "minus")
        await found.until(lambda: len(found.app.history) > 5)
        await found.press("left", "left", "m")
        await found.shows("s ago", "^")
        assert "by hand" in [m.text for m in found.app.history.marks]
        count = len(found.app.history)
        await found.until(lambda: len(found.app.history) > count, "samples go on while the past is looked at")
        await found.press("escape")
        await found.until(lambda: "s ago" not in found.text)
        await found.press("z")
        await found.shows("2 samples a cell")
        await found.press("enter")
        await found.shows("v0 of win10", "pinned to 6", "p50", "p99", "MHz", "ms/s", "5000", "20 ")
        await found.press("left")
        await found.shows("s ago")
        await found.press("escape", "escape", "c")
        await found.shows("vCPU", "load, top 100 %")


async def test_what_comes_in_while_the_console_is_left_is_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []

    async def left(self: LiveScreen) -> None:
        told.append(bool(self.query("#headline")))
        self.console._changed("live")

    monkeypatch.setattr(LiveScreen, "on_unmount", left, raising=False)
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("5")
        await found.until(lambda: "live" in found.app.store.wanted())
    assert told == [False]


async def test_pages_are_counted_when_they_are_asked_for(tmp_path: Path) -> None:
    root = root_of(TOWER, Mode.DEMO)
    root._moving[f"/proc/{TOWER.guests[0].pid}/smaps_rollup"] = lambda: (
        b"0-1 ---p 0 0:0 0 [rollup]\nRss: 8388608 kB\nAnonHugePages: 8087552 kB\n"
    )
    async with console(root, (120, 40)) as found:
        await found.press("4")
        await found.shows("the running guest has its huge pages")
        await found.press("s")
        await found.shows("301,056 kB in small ones", "8.0 GiB never touched", "counted in")


async def test_what_nobody_looks_at_is_not_sampled() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("5")
        await found.until(lambda: "live" in found.app.store.wanted())
        await found.press("1")
        await found.until(lambda: "live" not in found.app.store.wanted())


async def test_reading_again_shows_what_has_changed(tmp_path: Path) -> None:
    from tests.trees import folder_root

    root = folder_root(tmp_path, {"/proc/sys/kernel/hostname": "before\n", "/etc/x": ""})
    async with console(root, (80, 24)) as found:
        await found.shows("before")
        (tmp_path / "proc/sys/kernel/hostname").write_text("after\n")
        await found.press("r")
        await found.shows("after")


async def test_a_large_machine_is_shown() -> None:
    from vfiotui.demo.scale import scale_host

    host = replace(scale_host(300))
    async with console(root_of(host, Mode.DEMO), (80, 24)) as found:
        for key, mode, _ in TABS:
            await found.press(key)
            await found.until(lambda mode=mode: found.app.current_mode == mode)
            unbroken(found, (80, 24))


async def test_the_guests_tell_what_is_wrong_with_each_and_open_in_tabs() -> None:
    async with console(root_of(HOSTS["guest-devices"]), (120, 40)) as found:
        await found.press("6")
        await found.shows("doctor", "2 failed 1 warn")
        await found.press("end", "enter")
        await found.shows("switch", "Doctor", "asks for iommufd", "passed")
        await found.press("enter")
        await found.shows(" evidence ", "GUEST-FUNCTION-MISSING", "expected")
        await found.press("escape", "right")
        await found.shows("devices of the host", "0000:04:00.0", "not managed", "disks", "vda virtio disk")
        await found.press("right")
        await found.shows("<domain type='kvm'", "<name>switch</name>")
        await found.press("right")
        await found.shows("49 passed")
        await found.press("escape")
        await found.shows("bridge", "gone", "apart")


async def test_two_findings_of_one_check_open_each_for_itself() -> None:
    async with console(root_of(HOSTS["guest-devices"]), (120, 40)) as found:
        await found.press("6", "end", "enter")
        await found.shows("has igb")
        for _ in range(3):
            await found.press("down")
        await found.press("enter")
        await found.shows(" evidence ", "GUEST-MANAGED", "0000:01:00.0/driver")
        await found.press("escape", "down", "enter")
        await found.shows(" evidence ", "GUEST-MANAGED", "0000:04:00.0/driver")


async def test_a_guest_that_goes_is_said_to_be_gone() -> None:
    async with console(root_of(HOSTS["guest-fine"]), (80, 24)) as found:
        await found.press("6", "down", "enter")
        await found.shows("nothing is wrong with it")
        virt = found.app.store.get("virt")
        found.app.store.push("virt", replace(virt, domains=()))
        await found.shows("this guest is gone")


async def test_a_guest_that_cannot_be_read_stays_in_the_list_with_the_reason() -> None:
    damaged = {"/etc/libvirt/qemu/win11.xml": "<domain><name>win11</nam"}
    host = replace(HOSTS["guest-fine"], files={**HOSTS["guest-fine"].files, **damaged})
    async with console(root_of(host), (120, 40)) as found:
        await found.shows("1 not read")
        await found.press("6")
        await found.shows("win11", "not read", "the XML is damaged")
        await found.press("end", "enter")
        await found.shows("reason", "the XML is damaged", "/etc/libvirt/qemu/win11.xml", "not checked")
        await found.press("escape", "3")
        await found.shows("win11", "not read: the XML is damaged")
