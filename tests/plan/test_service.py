"""One way from goals to a plan: whoever asks, the console or the command line, gets the same one."""

from __future__ import annotations

import ast
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import vfiotui
from tests.hosts import HOSTS, TOWER
from tests.machines import known_facts, root_of
from tests.tree_on_disk import write
from tests.tui.consoles import caps, console
from vfiotui.cli.change.plan_options import wanted
from vfiotui.cli.exit import CommandError
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.demo.description import Host
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.change.plan import Goal, Plan, from_json, to_json
from vfiotui.model.cpu.pinning import Pinning, pinning_of
from vfiotui.model.finding.finding import Verdict
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import can_plan
from vfiotui.plan.pin.pin_plan import BOTH, CONFIG, LIVE
from vfiotui.plan.service import NoSystem, pinning_ways, plan_goals, plan_pinning
from vfiotui.rules import catalogue
from vfiotui.state.plan_inputs import RootInputs
from vfiotui.state.topics import FACTS
from vfiotui.tui.app import ConsoleApp
from vfiotui.tui.open_plan import inputs_of
from vfiotui.tui.screens.host.screen import HostScreen
from vfiotui.tui.screens.plan.screen import PlanScreen
from vfiotui.tui.widgets.rows import Rows


def fixes() -> Iterator[tuple[str, str, tuple[Goal, ...]]]:
    """Each rule whose finding can be fixed by a plan, with its machine and the goals."""
    for rule in catalogue():
        for finding in rule.ask(known_facts(rule.fires)):
            if finding.verdict is Verdict.FAILED and finding.fix is not None and can_plan(finding.fix.goal):
                yield rule.code, rule.fires, finding.fix.goal
                break


FIXES = list(fixes())


NAMED = replace(TOWER, files={**TOWER.files, "/etc/machine-id": "0123456789abcdef0123456789abcdef\n"})
"""The demo's machine with a name of its own."""


def inputs(host: Host) -> RootInputs:
    root = root_of(host)
    return RootInputs(root, lambda: domains.read(root), daemon=False)


def test_many_rules_can_be_fixed_by_a_plan() -> None:
    codes = {code for code, _, _ in FIXES}
    assert len(FIXES) >= 37 and len([c for c in codes if c.startswith("PIN-")]) >= 13


def planned(make: Callable[[], Plan]) -> str:
    """A plan, or why there is none."""
    try:
        return to_json(make())
    except (PlanError, CommandError) as error:
        return f"refused: {error}"


@pytest.mark.parametrize(("host", "goals"), [f[1:] for f in FIXES], ids=[f[0] for f in FIXES])
def test_the_console_and_the_command_line_make_the_same_plan(host: str, goals: tuple[Goal, ...]) -> None:
    root = root_of(HOSTS[host])
    app = ConsoleApp(root, caps())
    app.store.push(FACTS, known_facts(host))
    words = [f"{name}={argument}" for name, argument in goals]
    shown = planned(lambda: plan_goals(inputs_of(app), goals))
    assert shown == planned(lambda: wanted(Namespace(goal=words, connect=None, json=False), root).plan)


async def test_the_key_f_on_a_finding_about_pins_shows_the_plan_of_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(build(HOSTS["guest-pins"]), str(tmp_path))
    async with console(Root.mounted(str(tmp_path))) as found:
        screen = found.app.screen
        assert isinstance(screen, HostScreen)
        found.app.screen.query_one("#findings", Rows).focus()
        place = next(
            i for i, f in enumerate(screen.shown_findings()) if f.fix and f.fix.goal == (("pin.propose", "torn"),)
        )
        for _ in range(len(screen.shown_findings())):
            finding = screen._finding(screen._current())
            if finding is screen.shown_findings()[place]:
                break
            await found.press("down")
        await found.press("f")
        await found.until(lambda: isinstance(found.app.screen, PlanScreen), "the plan")
        plan = found.app.screen._plan
    assert main(["--root", str(tmp_path), "plan", "pin.propose=torn", "--json"]) == 0
    assert to_json(plan) == capsys.readouterr().out


def test_a_plan_of_pins_and_of_the_next_boot_has_its_prediction() -> None:
    one = plan_goals(inputs(TOWER), [("cmdline.add", "quiet_boot=1")])
    both = plan_goals(inputs(TOWER), [("cmdline.add", "quiet_boot=1"), ("pin.clear", "win10")])
    assert one.forecast and both.forecast == one.forecast and len(both.steps) == len(one.steps) + 1


def test_what_is_read_is_what_is_there_when_the_plan_is_made(tmp_path: Path) -> None:
    """Facts that the console read before somebody edited a file are not planned from."""
    write(build(HOSTS["iommu-off"]), str(tmp_path))
    root = Root.mounted(str(tmp_path))
    goals = [("cmdline.remove", "amd_iommu=off")]
    assert plan_goals(RootInputs(root, lambda: domains.read(root), daemon=False), goals).steps
    grub = tmp_path / "etc/default/grub"
    grub.write_text(grub.read_text().replace("amd_iommu=off", ""))
    again = plan_goals(
        RootInputs(root, lambda: domains.read(root), daemon=False), [("cmdline.remove", "amd_iommu=off")]
    )
    assert not any(step.subject == "/etc/default/grub" for step in again.steps)


def test_nothing_is_read_for_a_goal_that_is_unknown_or_a_root_without_a_system(tmp_path: Path) -> None:
    class Nothing(RootInputs):
        def facts(self) -> object:  # type: ignore[override]
            raise AssertionError("read")

    root = root_of(TOWER)
    with pytest.raises(PlanError, match=r"no goal 'pin\.nothing'"):
        plan_goals(Nothing(root, lambda: domains.read(root), daemon=False), [("pin.nothing", "win10")])
    (tmp_path / "EFI").mkdir()
    empty = Root.mounted(str(tmp_path))
    with pytest.raises(NoSystem, match="EFI partition"):
        plan_goals(Nothing(empty, lambda: domains.read(empty), daemon=False), [("cmdline.add", "iommu=pt")])


def test_a_guest_that_is_not_readable_is_a_sentence() -> None:
    host = replace(TOWER, files={**TOWER.files, "/etc/libvirt/qemu/closed.xml": "<domain"})
    root = root_of(host)
    made = RootInputs(root, lambda: domains.read(root), daemon=False)
    for name, words in (("closed", "the definition of closed cannot be read"), ("none", "no definition of a guest")):
        with pytest.raises(PlanError, match=words):
            plan_goals(made, [("pin.clear", name)])
    with pytest.raises(PlanError, match="the definition of closed cannot be read"):
        plan_pinning(made, "closed", pinning_of(tower_guest()))
    with pytest.raises(PlanError, match="none neither runs nor has a stored definition"):
        pinning_ways(made, "none", pinning_of(tower_guest()))


def tower_guest() -> Domain:
    found = domains.read(root_of(TOWER))
    assert isinstance(found.domains, tuple)
    return next(d for d in found.domains if d.name == "win10")


class Running(RootInputs):
    """The machine with its guest's threads, as a daemon shows them."""

    def guest(self, name: str) -> StoredGuest:
        stored = super().guest(name)
        assert isinstance(stored, StoredGuest)
        return replace(stored, running=dict(pinning_of(tower_guest()).pins))


def moved() -> Pinning:
    return pinning_of(tower_guest()).placed("emu", frozenset({5}))


def test_pins_have_every_scope_of_a_running_guest_and_bear_the_machine_and_what_is_wrong() -> None:
    root = root_of(NAMED)
    made = Running(root, lambda: domains.read(root), daemon=False)
    ways = dict(pinning_ways(made, "win10", moved(), failures=["emu is beside v1"]))
    assert [(name, [s.kind for s in p.steps]) for name, p in ways.items()] == [
        (BOTH, ["file", "pins"]),
        (CONFIG, ["file"]),
        (LIVE, ["pins"]),
    ]
    fingerprint = made.machine()
    assert fingerprint and {p.machine for p in ways.values()} == {fingerprint}
    assert all("with these pins, emu is beside v1" in p.notes for p in ways.values())
    assert plan_pinning(made, "win10", moved(), failures=["emu is beside v1"]) == ways[BOTH]
    stopped = RootInputs(root, lambda: domains.read(root), daemon=False)
    assert [name for name, _ in pinning_ways(stopped, "win10", moved())] == [CONFIG]
    with pytest.raises(PlanError, match="does not run"):
        plan_pinning(stopped, "win10", moved(), scope=LIVE)


async def test_the_pin_screen_and_pin_set_make_the_same_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(build(NAMED), str(tmp_path))
    async with console(Root.mounted(str(tmp_path))) as found:
        await found.press("3")
        await found.shows("win10", "v0")
        screen = found.app.screen
        screen.desk.choose("win10")  # type: ignore[attr-defined]
        screen.desk.editor.pick("v1")  # type: ignore[attr-defined]
        screen.desk.do("place", 6)  # type: ignore[attr-defined]
        await found.press("a")
        await found.until(lambda: isinstance(found.app.screen, PlanScreen), "the plan")
        shown: Plan = found.app.screen._plan
    assert main(["--root", str(tmp_path), "pin", "set", "win10", "v1=6", "--dry-run", "--json"]) == 0
    printed = capsys.readouterr().out
    assert to_json(shown) == printed
    assert from_json(printed).machine and any("with these pins" in note for note in from_json(printed).notes)


def test_only_the_service_calls_the_planners() -> None:
    """A second way from goals to a plan would read less, or other things, than the first."""
    makers = {"make_plan", "predicted", "plan_pins"}
    top = Path(vfiotui.__file__).parent
    found = set()
    for path in top.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and makers & {alias.name for alias in node.names}:
                found.add(str(path.relative_to(top)))
    assert found == {"plan/service.py", "plan/pin/goals.py"}
