"""libvirt hooks: ours are known by their mark, everybody else's are never touched, and the runner runs them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.edits import HOSTILE
from vfiotui.formats.libvirt_hooks import libvirt_hook
from vfiotui.formats.refused import EditRefused

FOREIGN = "#!/bin/bash\nGUEST_NAME=$1\n. /etc/libvirt/hooks/qemu.d/x\n"


@given(st.text("ab \n#'\udcff", max_size=40))
def test_our_scripts_are_known_until_somebody_edits_them(body: str) -> None:
    text = libvirt_hook.fragment("nosleep", body)
    found = libvirt_hook.own(text)
    assert found and (found.kind, found.name, found.untouched) == ("fragment", "nosleep", True)
    libvirt_hook.may_change(text)
    edited = libvirt_hook.own(f"{text}echo more\n")
    assert edited and not edited.untouched
    with pytest.raises(EditRefused) as told:
        libvirt_hook.replace(f"{text}echo more\n", text)
    assert told.value.line_number == 2 and "nosleep" in told.value.line_text


@given(HOSTILE | st.just(FOREIGN))
def test_foreign_scripts_are_never_edited(text: str) -> None:
    assert libvirt_hook.own(text) is None
    with pytest.raises(EditRefused):
        libvirt_hook.replace(text, libvirt_hook.runner())


def test_an_absent_script_may_be_written() -> None:
    assert libvirt_hook.replace(None, libvirt_hook.runner()) == libvirt_hook.runner()
    with pytest.raises(ValueError):
        libvirt_hook.fragment("a b", "")


def _install(folder: Path, name: str, text: str, mode: int = 0o755) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_runner_hands_call_and_domain_to_each_program(tmp_path: Path, shell: str) -> None:
    body = 'echo "$0 $*"; cat\n'
    _install(tmp_path, "qemu", libvirt_hook.runner())
    _install(tmp_path, "qemu.d/50 a", libvirt_hook.fragment("a", body))
    _install(tmp_path, "qemu.d/60-b", libvirt_hook.fragment("b", "cat >/dev/null; exit 3"))
    _install(tmp_path, "qemu.d/70-c", libvirt_hook.fragment("c", body), 0o644)
    call = [f"/bin/{shell}", str(tmp_path / "qemu"), "win 11", "prepare", "begin", "-"]
    told = subprocess.run(call, input="<domain/>", capture_output=True, text=True, check=False)
    assert told.stdout == f"{tmp_path}/qemu.d/50 a win 11 prepare begin -\n<domain/>\n" and told.returncode == 3
    call[3] = "reconnect"
    assert subprocess.run(call, input="", capture_output=True, text=True, check=False).returncode == 0
