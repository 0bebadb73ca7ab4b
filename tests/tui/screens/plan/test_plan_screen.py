"""A plan is read, saved and applied from the console; the console itself writes nothing of the machine."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.apply.systems import disk
from tests.hosts import TOWER
from tests.machines import root_of
from tests.tui.changing import BROKEN, GRUB, edit, records, show_plan, states, system
from tests.tui.consoles import LINUX, SIZES, Console, console
from vfiotui.model.base.mode import Mode
from vfiotui.model.change.change import Effect, look_into, run_command
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Condition, Plan, from_json
from vfiotui.model.finding.finding import Risk
from vfiotui.tui.screens.changes.change import ChangeScreen
from vfiotui.tui.screens.plan.screen import PlanScreen
from vfiotui.tui.screens.plan.view import plan_rows
from vfiotui.tui.terminal.capabilities import UNICODE

HOSTILE = "x [/dev/vfio/1] [AMD] \x1b[2J"
SHOWN = "x [/dev/vfio/1] [AMD] \\x1b[2J"
LONG = Plan(
    "Give 0000:01:00.0 to vfio-pci",
    (
        edit("/etc/hostname", b"clean\n", b"other\n"),
        edit("/etc/modprobe.d/vfio.conf", None, b"".join(b"options vfio-pci %d\n" % n for n in range(40))),
        run_command(
            ("update-initramfs", "-u"), "build it", products=("/boot/initrd*",), risk=Risk.R3, effect=Effect.BOOT
        ),
        look_into("/boot/grub/grub.cfg", ("iommu=pt",), "the entry holds the word"),
    ),
    conditions=(Condition("space", "/boot", str(200 << 20), "the image grows"), Condition("odd", "thing")),
    notes=("log out first",),
    escape=("choose the entry without passthrough",),
)


async def to_the_fix(found: Console) -> None:
    """Puts the Host screen's cursor onto the finding that a plan can mend."""
    await found.press("slash", *"switches the IOMMU off", "enter")
    await found.until(lambda: " f fix" in found.lines[-1], "the key of the fix")


async def test_no_fix_is_offered_while_the_filter_takes_the_keys(tmp_path: Path) -> None:
    async with console(system(tmp_path), SIZES[1]) as found:
        await found.press("slash", *"switches the IOMMU off")
        await found.until(lambda: "switches the IOMMU off" in "\n".join(found.lines[-3:]), "the filter")
        assert " f fix" not in found.lines[-1]
        await found.press("enter")
        await found.until(lambda: " f fix" in found.lines[-1], "the key of the fix")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_finding_is_fixed_and_the_fix_undone(size: tuple[int, int], tmp_path: Path) -> None:
    root = system(tmp_path)
    before = disk(tmp_path)
    async with console(root, size, ability=LINUX if size[0] == 80 else None) as found:
        await to_the_fix(found)
        await found.press("f")
        await found.shows(" plan ", "Drop amd_iommu=off", "medium", "at reboot", "/etc/default/grub", 'quiet"')
        assert disk(tmp_path) == before and not (tmp_path / "var/lib/vfiotui").exists(), "a plan only is a plan"
        await found.press("a")
        await found.shows("apply this step (risk medium)? type y", "esc no")
        await found.press("y")
        # This system has a menu and no program that makes it: that one is left to its owner.
        await found.until(lambda: states(root) == [State.OUTSTANDING], "the journal")
        await found.until(lambda: isinstance(found.app.screen, ChangeScreen))
        await found.shows("1 step left: run update-grub or grub-mkconfig", "done  file", "undo.sh")
        assert BROKEN not in (tmp_path / GRUB).read_bytes()
        await found.press("u")
        await found.shows(" undo ", "Taking back: Drop amd_iommu=off")
        await found.press("u", "y")
        await found.until(lambda: states(root) == [State.UNDONE], "the journal")
        await found.shows("undone", "undone", "nothing of it is in force")
        await found.press("escape")
        await found.until(lambda: found.app.current_mode == "changes" and "0001" in found.text)
    assert disk(tmp_path) == before


async def test_the_facts_are_read_again_when_a_change_has_ended(tmp_path: Path) -> None:
    root = system(tmp_path)
    async with console(root, (120, 40)) as found:
        await show_plan(found, Plan("Edit", (edit("/etc/hostname", b"clean\n", b"other\n"),)))
        await found.press("a", "y")
        await found.until(lambda: states(root) == [State.DONE])
        await found.until(lambda: [r.state for r in found.app.store.get("facts").changes] == [State.DONE], "the facts")


async def test_no_other_answer_than_the_wanted_one_applies(tmp_path: Path) -> None:
    root = system(tmp_path)
    before = disk(tmp_path)
    risky = Plan("Risky", (edit("/etc/new.conf", None, b"x\n", Risk.R3),))
    async with console(root, (80, 24)) as found:
        await show_plan(found, Plan("Edit", (edit("/etc/new.conf", None, b"x\n"),)))
        await found.press("a", "n", "a", "escape", "a", "enter")
        assert isinstance(found.app.screen, PlanScreen)
        await found.press("escape")
        await show_plan(found, risky)
        await found.press("a")
        await found.shows("(risk high)? type apply", "enter answer")
        await found.press("y", "enter", "a", *"appl", "enter")
        assert isinstance(found.app.screen, PlanScreen) and disk(tmp_path) == before
        await found.press("a", *"apply", "enter")
        await found.until(lambda: (tmp_path / "etc/new.conf").exists())
        await found.shows("state     done")


async def test_what_cannot_begin_is_a_sentence(tmp_path: Path) -> None:
    root = system(tmp_path)
    async with console(root, (80, 24)) as found:
        await show_plan(found, Plan("Edit", (edit("/etc/hostname", b"not this\n", b"x\n"),)))
        await found.press("a", "y")
        await found.shows("/etc/hostname is not as it was when the plan was made", "make the plan")
        assert (tmp_path / "etc/hostname").read_text() == "clean\n"
        assert found.app.is_running


@pytest.mark.parametrize("width", [80, 120, 160])
def test_all_of_a_plan_can_be_read_at_every_width(width: int) -> None:
    rows = plan_rows(LONG, UNICODE, width - 2)
    said = "\n".join(r.text for r in rows)
    assert all(len(r.text) <= width - 2 for r in rows)
    many = ("high: host display may go dark", "4 steps", "update-initramfs -u", "options vfio-pci 39", "200 MiB free")
    for words in many:
        assert words in said
    assert "then /boot/grub/grub.cfg must hold: iommu=pt" in said and "odd thing" in said
    assert "log out first" in said and "if the screen stays black" in said
    assert ("/etc/hostname, before" in said) == (width >= 140), "texts stand beside each other where there is room"


async def test_the_end_of_a_long_plan_is_reached_at_80x24(tmp_path: Path) -> None:
    async with console(system(tmp_path), (80, 24), ability=LINUX) as found:
        await show_plan(found, LONG)
        await found.shows("4 steps", "host display may go dark")
        await found.press("end")
        await found.shows("choose the entry without passthrough")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
async def test_hostile_text_is_shown_literally(size: tuple[int, int], tmp_path: Path) -> None:
    step = edit(f"/etc/{HOSTILE}", f"{HOSTILE}\r\n".encode(), f"{HOSTILE} y\n".encode(), why=HOSTILE)
    plan = Plan(HOSTILE, (step,), notes=(HOSTILE,), escape=(HOSTILE,), conditions=(Condition(HOSTILE, HOSTILE),))
    async with console(system(tmp_path), size) as found:
        await show_plan(found, plan)
        await found.shows(SHOWN)
        assert all(c.isprintable() or c == "\n" for c in found.text)
        assert found.text.count(SHOWN) >= 5


async def test_a_plan_is_saved_as_json_and_as_a_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = system(tmp_path / "system")
    monkeypatch.chdir(tmp_path)
    plan = Plan(f"Edit {HOSTILE}", (edit("/etc/new.conf", None, b"x\n"),))
    async with console(root, (80, 24)) as found:
        await show_plan(found, plan)
        await found.press("s")
        await found.shows("save as JSON in the file", f"{plan.slug}.json")
        await found.press("enter")
        saved = tmp_path / f"{plan.slug}.json"
        await found.until(saved.exists)
        assert from_json(saved.read_text()) == plan and stat.S_IMODE(saved.stat().st_mode) == 0o600
        await found.press("s", "enter")
        await found.shows("exists already: choose another name")
        await found.press("escape", "x", "enter")
        script = tmp_path / f"{plan.slug}.sh"
        await found.until(script.exists)
        assert "\x1b" not in script.read_text()
        subprocess.run(["sh", "-n", str(script)], check=True)
        await found.press("x", *(["backspace"] * 60), *"nowhere", "slash", *"x.sh", "enter")
        await found.shows("cannot be written: no such file or directory")
    assert records(root) == ()


async def test_the_demo_plans_and_does_not_apply() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("slash", *"virqfd", "enter")
        await found.until(lambda: " f fix" in found.lines[-1])
        await found.press("f")
        await found.until(lambda: isinstance(found.app.screen, PlanScreen))
        assert "a apply" not in found.lines[-1] and "s save as JSON" in found.lines[-1]
        await found.press("a")
        await found.shows("the demo machine is made up")


async def test_a_fix_without_a_planner_stays_advice() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (160, 50)) as found:
        await found.shows("GROUP-FOREIGN", "fix")
        assert "f fix" not in found.lines[-1] and "f prepares a plan" not in found.text
        await found.press("f")
        assert found.lines[1].split()[:2] == ["1", "Host"]
        await found.press("slash", *"virqfd", "enter")
        await found.shows("f prepares a plan")


async def test_why_no_plan_can_be_made_is_said(tmp_path: Path) -> None:
    root = system(tmp_path)
    async with console(root, (80, 24)) as found:
        await to_the_fix(found)
        (tmp_path / GRUB).write_text('GRUB_CMDLINE_LINUX_DEFAULT="$(cat /x) amd_iommu=off"\n')
        await found.press("f")
        await found.shows(" no plan ", "No plan can be made")


async def test_who_is_not_root_is_told_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = system(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("PATH", "")
    async with console(root, (120, 40)) as found:
        await show_plan(found, Plan("Edit", (edit("/etc/hostname", b"clean\n", b"x\n"),)))
        await found.press("a", "y")
        await found.shows(" root is needed ", "sudo is not installed", "then type:", "apply --yes")
        await found.press("y")
    command = found.app.clipboard
    file = Path(command.split()[-1])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    monkeypatch.undo()
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    file.unlink()
    assert (tmp_path / "etc/hostname").read_text() == "x\n"
