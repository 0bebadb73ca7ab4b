"""What plans are made from, with a real libvirtd: the daemon's definitions and threads, or a sentence."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import vfiotui
from tests.hosts import TOWER
from tests.machines import known_facts, root_of
from tests.tui.consoles import caps, console
from tests.virt.libvirtd import Daemon, lone_daemon, own_name
from vfiotui.cli.main import main
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.change.plan import to_json
from vfiotui.model.guest.domain import Virt
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.draft import PlanError
from vfiotui.plan.service import plan_goals
from vfiotui.state.facts_refresher import NOT_YET
from vfiotui.state.plan_inputs import LOGS, RootInputs
from vfiotui.state.topics import FACTS, VIRT
from vfiotui.tui.app import ConsoleApp
from vfiotui.tui.open_plan import inputs_of


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


def names(value: object) -> list[str]:
    return [] if isinstance(value, Unread) else [d.name for d in value.domains]  # type: ignore[attr-defined]


@pytest.mark.needs_libvirtd
async def test_a_running_guest_is_planned_alike_from_the_console_and_the_command_line(
    daemon: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    name = own_name("game")
    daemon.define(name)
    daemon.virsh("start", name)
    goals = [("pin.emulator", name)]

    assert await asyncio.to_thread(main, ["--connect", daemon.uri, "plan", f"pin.emulator={name}", "--json"]) == 0
    printed = capsys.readouterr().out
    async with console(Root.live(), uri=daemon.uri) as found:
        await found.until(lambda: name in names(found.app.store.get(FACTS).virt), "the guest")
        shown = await asyncio.to_thread(plan_goals, inputs_of(found.app), goals)
        assert [s.kind for s in shown.steps] == ["domain", "pins"] and shown.steps[0].where == daemon.uri
        assert to_json(shown) == printed
        daemon.kill()
        with pytest.raises(PlanError, match=f"the definition of {name} cannot be changed: .* cannot be opened"):
            await asyncio.to_thread(plan_goals, inputs_of(found.app), goals)


def test_a_guest_that_is_on_the_screen_can_be_planned() -> None:
    """Its daemon has answered, and the reading that puts the answer among the facts goes on."""
    app = ConsoleApp(root_of(TOWER), caps())
    told = domains.read(root_of(TOWER))
    assert isinstance(told, Virt)
    app.store.push(FACTS, replace(known_facts("clean"), virt=NOT_YET))
    assert inputs_of(app).virt is NOT_YET
    app.store.push(VIRT, told)
    assert inputs_of(app).virt is told
    assert plan_goals(inputs_of(app), [("pin.clear", "win10")]).steps


def test_files_never_stand_for_a_daemon_that_is_not_asked_yet() -> None:
    root = root_of(TOWER)
    asked = RootInputs(root, lambda: Unread("libvirt is being asked", Why.NOT_HERE), daemon=True)
    with pytest.raises(PlanError, match="the definition of win10 cannot be changed: libvirt is being asked"):
        plan_goals(asked, [("pin.clear", "win10")])
    filed = RootInputs(root, lambda: domains.read(root), daemon=False)
    assert [s.kind for s in plan_goals(filed, [("pin.clear", "win10")]).steps] == ["file"]


def test_what_is_left_out_of_the_facts_is_used_by_no_planner() -> None:
    made = RootInputs(root_of(TOWER), lambda: domains.read(root_of(TOWER)), daemon=False).facts()
    assert all(isinstance(getattr(made, part), Unread) for part in LOGS)
    top = Path(vfiotui.__file__).parent
    for path in (p for folder in ("plan", "model", "formats") for p in (top / folder).rglob("*.py")):
        used = {n.attr for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Attribute)}
        assert not used & LOGS, path


def test_one_machine_at_one_moment_has_one_answer_about_a_guest() -> None:
    root = root_of(TOWER)
    asked = []

    def guests() -> object:
        asked.append(1)
        return domains.read(root)

    made = RootInputs(root, guests, daemon=False)  # type: ignore[arg-type]
    first = made.guest("win10")
    assert isinstance(first, StoredGuest) and made.guest("win10") is first
    assert made.facts().virt is made.virt and len(asked) == 1
