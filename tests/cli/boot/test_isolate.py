"""`vfiotui isolate` and `vfiotui verify`, from the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import HOSTS
from tests.tree_on_disk import write
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.host.boot import boot
from vfiotui.host.root.root import Root
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.change.change import Effect, write_file
from vfiotui.model.change.plan import Expected, Plan, from_json, to_json
from vfiotui.model.finding.finding import Risk

CARD, SOUND = "0000:01:00.0", "0000:01:00.1"
JOURNAL = '{"event": "apply", "at": "2026-01-01 10:00:00", "pid": 1, "start": 1, "boot": "old"}\n{"event": "done"}\n'


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def tree(folder: Path, name: str, **more: object) -> str:
    write(build(replace(HOSTS[name], **more)), str(folder))  # type: ignore[arg-type]
    return str(folder)


def change(
    folder: Path,
    number: int,
    goal: str,
    forecast: tuple[Expected, ...],
    journal: str = JOURNAL,
    chosen: tuple[tuple[str, str], ...] = (),
) -> None:
    step = write_file("/etc/x", None, b"x", "for the next boot", risk=Risk.R1, effect=Effect.BOOT)
    place = folder / f"var/lib/vfiotui/changes/{number:04d}-isolate"
    place.mkdir(parents=True)
    plan = Plan("Isolate", (step,), ((goal, CARD),), forecast=forecast, chosen=chosen)
    place.joinpath("plan.json").write_text(to_json(plan))
    place.joinpath("journal").write_text(journal)


def test_every_device_has_its_columns_and_its_next_boot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path, "clean")
    code, out, _ = told(capsys, "--root", root, "isolate", "--json")
    found = {d["bdf"]: d for d in json.loads(out)["devices"]}
    assert code == Exit.FINE and found[CARD]["configured"] == "ids" and found[CARD]["bound"] == "vfio-pci"
    assert found["0000:00:02.0"]["forecast"] == ["i915"] and found["0000:00:02.0"]["sure"]
    code, out, _ = told(capsys, "--root", root, "isolate")
    assert code == Exit.FINE and any(CARD in line and " ids " in line for line in out.splitlines())


def test_addresses_make_a_plan_with_its_forecast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path, "clean", files={})
    code, out, _ = told(capsys, "--root", root, "isolate", "01:00.0", "--method", "override", "--json")
    plan = from_json(out)
    assert code == Exit.FINE and plan.goals == (("isolate.override", "01:00.0"),)
    assert dict(plan.forecast)["0000:00:02.0"] == ("i915",) and CARD in dict(plan.forecast)
    code, out, _ = told(capsys, "--root", root, "isolate", "01:00.0", "--plan")
    assert code == Exit.FINE and "next boot:" in out and "0000:01:00.1 is also assigned" in out


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("isolate", "--apply"), Exit.USAGE, "name the devices"),
        (("isolate", "--undo", "--yes"), Exit.FAILS, "nothing to undo"),
        (("isolate", "00:01.0"), Exit.CHANGE_FAILED, "is a bridge"),
        (("isolate", "nonsense"), Exit.CHANGE_FAILED, "no PCI address"),
        (("verify",), Exit.FAILS, "nothing to verify"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    words: tuple[str, ...], code: Exit, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, _, err = told(capsys, "--root", tree(tmp_path, "clean"), *words)
    assert found == code and sentence in err


def test_a_boot_that_came_as_foretold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path, "clean")
    change(tmp_path, 1, "isolate.ids", ((CARD, ("vfio-pci",)), ("0000:00:02.0", ("i915", ""))))
    code, out, _ = told(capsys, "--root", root, "verify")
    assert (
        code == Exit.FINE and "2 of 2 devices match the prediction" in out and f"{CARD}: vfio-pci, as predicted" in out
    )
    assert "'vfiotui undo 1'" in out


def test_any_difference_is_told_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path, "clean")
    change(tmp_path, 1, "isolate.ids", ((CARD, ("nouveau",)), ("0000:7f:00.0", ("",)), ("0000:00:02.0", ("i915",))))
    code, out, _ = told(capsys, "--root", root, "verify")
    assert code == Exit.FAILS and "1 of 3 devices" in out
    assert f"{CARD}: nouveau was predicted, it has vfio-pci" in out
    assert "0000:7f:00.0: no driver was predicted; no device is at this address" in out


def test_moved_cards_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path, "moved-card")
    change(tmp_path, 1, "isolate.ids", ((CARD, ("vfio-pci",)),))
    code, out, _ = told(capsys, "--root", root, "verify", "--json")
    assert code == Exit.FAILS and any(f"has moved to {CARD}" in s for s in json.loads(out)["moved"])


def test_the_boot_without_passthrough_is_not_the_one_foretold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tree(tmp_path, "clean")
    change(tmp_path, 1, "isolate.ids", ((CARD, ("vfio-pci",)),))
    line = tmp_path / "proc/cmdline"
    line.write_text(line.read_text().strip() + " module_blacklist=vfio_pci vfiotui=off\n")
    block = tmp_path / "boot/grub/grubenv"
    block.parent.mkdir(parents=True, exist_ok=True)
    block.write_text("# GRUB Environment Block\nvfiotui_trial=failed\n#####")
    code, out, _ = told(capsys, "--root", root, "verify")
    assert code == Exit.FAILS and "started without passthrough" in out and "trial boot was not healthy" in out


TRIAL = """
menuentry 'Debian (without passthrough)' --id 'vfiotui-simple' {
    LINE module_blacklist=vfio_pci vfiotui=off
}
if [ "${boot_once}" != true ]; then
    if [ "${vfiotui_trial}" = armed ]; then
        set vfiotui_trial=running
        set vfiotui_noted=
        if save_env vfiotui_trial; then set vfiotui_noted=y; fi
        if [ -z "${vfiotui_noted}" ]; then set default='vfiotui-simple'; fi
    elif [ -n "${vfiotui_trial}" ]; then
        set default='vfiotui-simple'
    fi
fi
"""


def failed_trial(folder: Path, state: str) -> str:
    """A host whose menu has the entry of the trial, and whose last trial ended like this."""
    root = tree(folder, "clean")
    menu = folder / "boot/grub/grub.cfg"
    text = menu.read_text()
    line = next(one.strip() for one in text.split("\n") if one.strip().startswith("linux"))
    menu.write_text("load_env\n" + text + TRIAL.replace("LINE", line))
    (folder / "boot/grub/grubenv").write_text(f"# GRUB Environment Block\n{state}\n".ljust(1024, "#"))
    return root


@pytest.mark.parametrize(
    ("state", "gets_it"),
    [("vfiotui_trial=failed", False), ("vfiotui_trial=running", False), ("vfiotui_trial=armed", True), ("", True)],
)
def test_after_a_failed_trial_no_start_is_predicted_to_pass_anything_through(
    state: str, gets_it: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = failed_trial(tmp_path, state)
    found = boot.read(Root.mounted(root))
    assert isinstance(found, Boot) and isinstance(found.on_disk, CommandLine)
    assert found.on_disk.has("module_blacklist") is not gets_it
    code, out, _ = told(capsys, "--root", root, "isolate", "--json")
    assert code == Exit.FINE
    devices = {d["bdf"]: d["forecast"] for d in json.loads(out)["devices"]}
    assert gets_it or "vfio-pci" not in {*devices[CARD], *devices[SOUND]}


def test_every_chosen_device_that_is_not_bound_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = failed_trial(tmp_path, "vfiotui_trial=failed")
    chosen = ((CARD, ""), ("0000:00:02.0", ""), ("0000:7f:00.0", ""))
    change(tmp_path, 1, "isolate.ids", tuple((bdf, ("vfio-pci",)) for bdf, _ in chosen), chosen=chosen)
    code, out, _ = told(capsys, "--root", root, "verify")
    assert code == Exit.FAILS and "the trial boot was not healthy" in out
    assert "0000:00:02.0 was chosen for vfio-pci and has i915" in out
    assert "0000:7f:00.0 was chosen for vfio-pci and has no driver: no device is at this address any more" in out
    assert f"{CARD} was chosen" not in out
    code, out, _ = told(capsys, "--root", root, "verify", "--json")
    assert json.loads(out)["not_bound"] == ["0000:00:02.0", "0000:7f:00.0"]
