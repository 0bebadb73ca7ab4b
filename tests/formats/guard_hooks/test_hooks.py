"""Hooks that are programs, called as their tools call them: what they ask for, and that no tool fails or waits."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.requirements import need
from vfiotui.formats.guard_hooks.hooks import HOOKS
from vfiotui.formats.guard_hooks.runner import PATH

ZYPPER = "/usr/lib/zypp/plugins/commit/vfiotui-guard"
APK = "/etc/apk/commit_hooks.d/zz-vfiotui-guard"
VOID = "/etc/kernel.d/post-install/zz-vfiotui-guard"
BODY = '{"TransactionStepList":[{"type":"+","solvable":{"n":"kernel-default","v":"6.4.0"}}]}\n' * 2000
COMMIT = (
    "PLUGINBEGIN\nuserdata:YaST\n\n", f"COMMITBEGIN\n\n{BODY}", f"COMMITEND\n\n{BODY}", "PLUGINEND\n\n",
    "_DISCONNECT\n\n",
)  # fmt: skip
"""What libzypp sends in one commit (libzypp, "Commit plugin"); a body is longer than a pipe holds."""


def installed(folder: Path, path: str, guard: str = "echo out; echo asked $*; cat; exit 3") -> Path:
    """A hook whose guard writes a line for each call; without a guard where its text is empty."""
    script = folder / "guard.sh"
    if guard:
        script.write_text(f"#!/bin/sh\nexec >>{folder}/calls\n{guard}\n")
        script.chmod(0o755)
    hook = next(hook for hook in HOOKS if hook.path == path)
    place = folder / "hook"
    place.write_text(hook.text.replace(PATH, str(script)))
    place.chmod(hook.mode)
    return place


def calls(folder: Path) -> list[str]:
    place = folder / "calls"
    return [line for line in place.read_text().splitlines() if line != "out"] if place.exists() else []


def answers(hook: Path, messages: tuple[str, ...]) -> Iterator[bytes]:
    """Each answer as libzypp reads it: to the NUL."""
    need("bash", "bash")
    process = subprocess.Popen(
        [str(hook)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    with process:
        assert process.stdin is not None and process.stdout is not None
        for message in messages:
            process.stdin.write(message.encode() + b"\0")
            process.stdin.flush()
            answer = b""
            while not answer.endswith(b"\0"):
                byte = process.stdout.read(1)
                assert byte, f"no answer to {message[:20]!r}"
                answer += byte
            yield answer
        process.stdin.close()
        assert process.stdout.read() == b"" and process.wait(timeout=60) == 0


def test_zypper_gets_an_answer_to_each_message_and_asks_once_at_the_end(tmp_path: Path) -> None:
    asked = [(answer, calls(tmp_path)) for answer in answers(installed(tmp_path, ZYPPER), COMMIT)]
    assert {answer for answer, _ in asked} == {b"ACK\n\n\0"}
    assert [found for _, found in asked] == [[], [], *([["asked zypper"]] * 3)]


def test_zypper_without_the_guard_gets_its_answers(tmp_path: Path) -> None:
    assert set(answers(installed(tmp_path, ZYPPER, guard=""), COMMIT)) == {b"ACK\n\n\0"}


@pytest.mark.parametrize("message", ["", "\n", "\xff\xfe\r\n", "COMMITENDS" * 100_000, "COMMITBEGIN\n\nCOMMITEND\n"])
def test_zypper_sends_something_strange(tmp_path: Path, message: str) -> None:
    hook = installed(tmp_path, ZYPPER, guard="echo asked")
    assert list(answers(hook, (message, "_DISCONNECT\n\n"))) == [b"ACK\n\n\0"] * 2
    assert calls(tmp_path) == (["asked"] if message.startswith("COMMITEND") else [])


def test_zypper_that_dies_leaves_no_plugin_behind(tmp_path: Path) -> None:
    hook = installed(tmp_path, ZYPPER)
    done = subprocess.run([hook], input=b"PLUGINBEGIN\n\n\0COMMITBEG", capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, b"ACK\n\n\0") and calls(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "words", "asked"),
    [
        (APK, ("pre-commit",), []),
        (APK, ("post-commit",), ["asked apk"]),
        (APK, (), []),
        (VOID, ("linux6.12", "6.12.9_1"), ["asked xbps"]),
    ],
)
def test_hooks_with_arguments(tmp_path: Path, path: str, words: tuple[str, ...], asked: list[str]) -> None:
    """A hook of apk that fails before the commit ends it: it never does."""
    for shell in (["dash"], ["busybox", "sh"]):
        need(shell[0], {"dash": "dash", "busybox": "busybox-static"}[shell[0]])
        hook = installed(tmp_path, path, guard="echo asked $*; exit 1")
        done = subprocess.run([*shell, hook, *words], capture_output=True, timeout=60, check=False, stdin=None)
        assert (done.returncode, calls(tmp_path)) == (0, asked)
        (tmp_path / "calls").unlink(missing_ok=True)
