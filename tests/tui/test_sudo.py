"""Without root: the plan is handed to a real sudo in the console's own terminal, and its end is shown afterwards."""

from __future__ import annotations

import json
import os
import select
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.systems import disk
from tests.requirements import need
from tests.tui.changing import GRUB, gated_system, mend_by_keys, open_gate, records, states
from tests.tui.tmux import Tmux
from tests.tui.users import NAME, PASSWORD, Account
from vfiotui.host.root.root import Root
from vfiotui.model.change.journal import State

pytestmark = [
    pytest.mark.needs_tmux,
    pytest.mark.skipif(os.geteuid() != 0, reason="other accounts need root: run make test as root"),
]
ALLOWED = f"{NAME} ALL=(root) ALL"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A system of root's that others may look at: pytest's own folders are closed to them."""
    need("sudo", "sudo")
    made = Path(tempfile.mkdtemp(prefix="vft-", dir="/tmp"))
    made.chmod(0o755)
    try:
        gated_system(made)
        yield made
    finally:
        shutil.rmtree(made)


def console(folder: Path, account: Account, *variables: str) -> Tmux:
    return Tmux("--root", str(folder), columns=80, lines=24, term="linux", program=account.program(*variables))


def went_well(terminal: Tmux, folder: Path) -> None:
    """Both steps come to their end, which stands on the screen after the terminal was given back."""
    terminal.shows("step 2 of 3")
    open_gate(folder)
    terminal.shows("change 0001-drop-amd-iommu-off is done", "press Enter")
    terminal.send("Enter")
    terminal.shows("change 0001-drop-amd-iommu-off is done", f"--root {folder} undo 1", "esc back")
    assert b"amd_iommu" not in (folder / GRUB).read_bytes()
    assert states(Root.mounted(str(folder))) == [State.DONE]


def nothing_happened(terminal: Tmux, folder: Path, before: object) -> None:
    """It is said, and the plan is still there for another try."""
    terminal.shows("nothing was changed", "press Enter")
    terminal.send("Enter")
    terminal.shows("sudo did not run it: nothing was changed", "esc back")
    terminal.send("Escape")
    terminal.shows("a apply  s save")
    assert disk(folder) == before and not (folder / "var/lib/vfiotui").exists()


def test_with_a_password(folder: Path) -> None:
    before = disk(folder)
    with Account(ALLOWED) as account, console(folder, account) as terminal:
        mend_by_keys(terminal)
        terminal.shows(f"password for {NAME}")
        terminal.send("-l", PASSWORD)
        terminal.send("Enter")
        went_well(terminal, folder)
        terminal.send("Escape")
        terminal.shows("7 Changes", "the journal cannot be read", "needs root")
        assert disk(folder) != before


def test_without_a_password(folder: Path) -> None:
    with Account(f"{NAME} ALL=(root) NOPASSWD: ALL") as account, console(folder, account) as terminal:
        mend_by_keys(terminal)
        went_well(terminal, folder)


def test_a_wrong_password_three_times(folder: Path) -> None:
    before = disk(folder)
    with Account(ALLOWED) as account, console(folder, account) as terminal:
        mend_by_keys(terminal)
        for tries in range(1, 4):
            terminal.until(lambda screen, tries=tries: screen.count("password for") == tries, f"prompt {tries}")
            terminal.send("-l", "wrong")
            terminal.send("Enter")
        terminal.shows("3 incorrect password attempts")
        nothing_happened(terminal, folder, before)


def test_somebody_whom_sudo_does_not_know(folder: Path) -> None:
    before = disk(folder)
    with Account() as account, console(folder, account) as terminal:
        mend_by_keys(terminal)
        terminal.shows(f"password for {NAME}")
        terminal.send("-l", PASSWORD)
        terminal.send("Enter")
        terminal.shows("is not in the sudoers file")
        nothing_happened(terminal, folder, before)


def test_ctrl_c_at_the_password(folder: Path) -> None:
    before = disk(folder)
    with Account(ALLOWED) as account, console(folder, account) as terminal:
        mend_by_keys(terminal)
        terminal.shows(f"password for {NAME}")
        terminal.send("C-c")
        nothing_happened(terminal, folder, before)


def test_what_is_refused_under_sudo_is_told_afterwards(folder: Path) -> None:
    """Somebody edits the file between the plan and the password."""
    with Account(ALLOWED) as account, console(folder, account) as terminal:
        mend_by_keys(terminal)
        terminal.shows(f"password for {NAME}")
        (folder / GRUB).write_bytes(b"# by hand\n")
        terminal.send("-l", PASSWORD)
        terminal.send("Enter")
        terminal.shows("press Enter")
        terminal.send("Enter")
        terminal.shows("is not as it was when the plan was made", "make the plan again", "esc back")
        assert (folder / GRUB).read_bytes() == b"# by hand\n"


def test_where_there_is_no_sudo_it_is_said_what_to_type(folder: Path) -> None:
    with Account() as account, console(folder, account, "PATH=/nowhere") as terminal:
        mend_by_keys(terminal)
        shown = terminal.shows("root is needed", "sudo is not installed", "/tmp/vfiotui-plan-", ".json", "y copy")
        screen = shown.replace("\n", "")
        saved = Path("/tmp/vfiotui-plan-" + screen.partition("/tmp/vfiotui-plan-")[2].partition(".json")[0] + ".json")
        try:
            assert json.loads(saved.read_text())["title"] == "Drop amd_iommu=off"
            assert saved.stat().st_mode & 0o777 == 0o600
        finally:
            saved.unlink()


def test_a_lost_terminal_ends_no_change_under_sudo_either(folder: Path) -> None:
    root = Root.mounted(str(folder))
    with Account(ALLOWED) as account, console(folder, account) as terminal:
        mend_by_keys(terminal)
        terminal.shows(f"password for {NAME}")
        terminal.send("-l", PASSWORD)
        terminal.send("Enter")
        terminal.shows("step 2 of 3")
    # The terminal is gone with its sessions. The command answers at the gate, so it is still there.
    assert states(root) == [State.APPLYING]
    process = records(root)[0].progress.process
    assert process is not None
    ended = os.pidfd_open(process.pid)
    open_gate(folder)
    assert select.select([ended], [], [], 60)[0], "it comes to its end"
    os.close(ended)
    assert states(root) == [State.DONE]
    assert "amd_iommu" not in (folder / "boot/grub/grub.cfg").read_text()
