"""A plan as a shell script: it does what the plan says, checks first, and no text of the plan is ever run."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.requirements import need
from tests.virt.libvirtd import Daemon, lone_daemon
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.scripts.shell_script import shell_script
from vfiotui.model.change.change import (
    Change,
    Effect,
    define_domain,
    look_into,
    look_into_images,
    plug_device,
    remove_file,
    run_command,
    set_autostart,
    set_link,
    set_value,
    write_file,
)
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Risk

ENDS = "VFIOTUI_END_OF_FILE\nVFIOTUI_END_OF_XML\nEOF\n'\n\"\n$(touch {0})\n`touch {0}`\n\\\n"
"""What has ended the quoting of some script somewhere."""


@pytest.fixture(params=["dash", "busybox", "bash"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    program = need(request.param, request.param)
    return [program, "sh"] if request.param == "busybox" else [program]


def risky(path: Path, before: bytes | None, after: bytes | None, mode: int | None = None) -> Change:
    if after is None:
        return remove_file(str(path), before or b"", "remove", risk=Risk.R2, effect=Effect.NOW)
    return write_file(str(path), before, after, "write", risk=Risk.R2, effect=Effect.NOW, mode=mode)


def run(shell: list[str], *steps: Change, machine: str = "", env: dict[str, str] | None = None) -> tuple[int, str]:
    text = "\n".join(shell_script(Plan("test", steps, machine=machine))) + "\n"
    done = subprocess.run(
        shell, input=text, text=True, capture_output=True, timeout=60, env={**os.environ, **(env or {})}
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n", b"a", b"a\n", b"a\n\n", b"no end\nof the line", b"\r\n", b"\x1b[2J\n", b"\0\xff\n", b"-n\n%s\n",
        b"\xe2\x80\xae\n", ENDS.encode(),
    ],
    ids=ascii,
)  # fmt: skip
def test_every_content_arrives_to_the_byte(shell: list[str], content: bytes, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "deep er/it's"
    old.write_bytes(b"was\n")
    old.chmod(0o640)
    code, said = run(shell, risky(old, b"was\n", content), risky(new, None, content, 0o600))
    assert code == 0, said
    assert old.read_bytes() == new.read_bytes() == content
    assert (stat.S_IMODE(old.stat().st_mode), stat.S_IMODE(new.stat().st_mode)) == (0o640, 0o600)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["deep er", "it's", "old"]


def test_files_and_links_come_and_go_and_links_are_followed(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"a\n")
    (tmp_path / "name").symlink_to("real")
    (tmp_path / "gone").write_bytes(b"g\n")
    (tmp_path / "link").symlink_to("real")
    code, said = run(
        shell,
        risky(tmp_path / "name", b"a\n", b"b\n"),
        risky(tmp_path / "gone", b"g\n", None),
        set_link(str(tmp_path / "link"), b"real", "name", "l", risk=Risk.R1, effect=Effect.NOW),
        set_link(str(tmp_path / "new/link"), None, "it's", "l", risk=Risk.R1, effect=Effect.NOW),
        run_command(("touch", str(tmp_path / "$(ran) it's")), "run", risk=Risk.R1, effect=Effect.NOW),
    )
    assert code == 0, said
    assert (tmp_path / "real").read_bytes() == b"b\n" and (tmp_path / "name").is_symlink()
    assert not (tmp_path / "gone").exists() and os.readlink(tmp_path / "link") == "name"
    assert os.readlink(tmp_path / "new/link") == "it's" and (tmp_path / "$(ran) it's").exists()


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (lambda t: risky(t / "a", b"other\n", b"x\n"), "a is not as it was when the plan was made"),
        (lambda t: risky(t / "a", None, b"x\n"), "a is not as it was when the plan was made"),
        (lambda t: risky(t / "folder", None, b"x\n"), "folder is not as it was"),
        (lambda t: risky(t / "none", b"x\n", None), "none is not as it was"),
        (lambda t: set_link(str(t / "l"), None, "x", "l", risk=Risk.R1, effect=Effect.NOW), "l points elsewhere"),
        (lambda t: set_link(str(t / "a"), None, "x", "l", risk=Risk.R1, effect=Effect.NOW), "a is no symbolic link"),
        (lambda t: set_value(str(t / "v"), b"0", b"1", "v"), "v holds b, not 0"),
        (lambda t: run_command(("no-such-tool",), "r", risk=Risk.R1, effect=Effect.NOW), "is not installed here"),
    ],
)
def test_nothing_is_changed_where_something_differs(
    shell: list[str], step: object, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "first").write_bytes(b"1\n")
    (tmp_path / "a").write_bytes(b"a\n")
    (tmp_path / "v").write_text("a [b] c\n")
    (tmp_path / "l").symlink_to("a")
    (tmp_path / "folder").mkdir()
    code, said = run(shell, risky(tmp_path / "first", b"1\n", b"2\n"), step(tmp_path))  # type: ignore[operator]
    assert code == 1 and sentence in said and "nothing was changed" in said, said
    assert (tmp_path / "first").read_bytes() == b"1\n"


def test_it_stops_on_another_machine(shell: list[str], tmp_path: Path) -> None:
    step = risky(tmp_path / "a", None, b"x\n")
    code, said = run(shell, step, machine="0" * 12)
    assert code == 1 and "another machine" in said and not (tmp_path / "a").exists()
    try:
        name = Path("/etc/machine-id").read_text().strip()
    except FileNotFoundError:
        name = ""
    assert run(shell, step, machine=hashlib.sha256(f"vfiotui {name}".encode()).hexdigest()[:12])[0] == 0


def test_a_second_run_and_a_full_disk_leave_what_is_there(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a\n")
    step = risky(tmp_path / "a", b"a\n", b"b\n")
    assert run(shell, step)[0] == 0
    code, said = run(shell, step)
    assert code == 1 and "make the plan again" in said and (tmp_path / "a").read_bytes() == b"b\n"
    limited = "ulimit -f 1\n" + "\n".join(shell_script(Plan("t", (risky(tmp_path / "a", b"b\n", b"x" * 90_000),))))
    done = subprocess.run(shell, input=limited, text=True, capture_output=True, timeout=60)
    assert done.returncode and (tmp_path / "a").read_bytes() == b"b\n"


def test_a_failing_command_stops_what_follows(shell: list[str], tmp_path: Path) -> None:
    fails = run_command(("false",), "fail", risk=Risk.R1, effect=Effect.NOW)
    code, _ = run(shell, fails, risky(tmp_path / "a", None, b"x\n"))
    assert code and not (tmp_path / "a").exists()


HOSTILE = "name\ntouch {0}\n#"


@pytest.mark.parametrize(
    "step",
    [
        lambda m: look_into("/x", (HOSTILE.format(m),), "w"),
        lambda m: look_into(HOSTILE.format(m), ("w",), "w"),
        lambda m: run_command(("true", HOSTILE.format(m)), "w", risk=Risk.R1, effect=Effect.NOW),
        lambda m: write_file(HOSTILE.format(m), None, b"", "w", risk=Risk.R1, effect=Effect.NOW),
        lambda m: set_link("/l", None, HOSTILE.format(m), "w", risk=Risk.R1, effect=Effect.NOW),
        lambda m: define_domain(HOSTILE.format(m), None, b"<domain/>", "w"),
        lambda m: define_domain("g", None, b"<domain/>", "w", where=HOSTILE.format(m)),
        lambda m: plug_device("g\u202e", None, b"<hostdev/>", "w"),
    ],
)
def test_a_word_that_hides_something_makes_no_script(step: object) -> None:
    with pytest.raises(ApplyError, match=r"no script is made of this plan: step 1: .*control character"):
        shell_script(Plan("t", (step("/tmp/x"),)))  # type: ignore[operator]


def test_no_text_of_a_plan_is_run(shell: list[str], tmp_path: Path) -> None:
    """Titles, reasons and products end no comment; contents end no quoting."""
    mark = tmp_path / "ran"
    evil = f"x\ntouch {mark}\r\ntouch {mark}\u2028touch {mark}\x85touch {mark}"
    ends = ENDS.format(mark).encode()
    (tmp_path / "look").write_text("word\n")
    steps = (
        write_file(str(tmp_path / "a"), None, ends, evil, risk=Risk.R2, effect=Effect.NOW),
        look_into_images((f"/boot/x{evil}",), (f"module {evil}",), evil),
        look_into(str(tmp_path / "look"), ("word",), evil, ("$(touch x)",)),
    )
    plan = Plan(evil, steps)
    done = subprocess.run(shell, input="\n".join(shell_script(plan)), text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not mark.exists() and (tmp_path / "a").read_bytes() == ends


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    program = need("shellcheck", "shellcheck")
    steps = (
        write_file("/etc/a b", None, ENDS.encode(), "w", risk=Risk.R2, effect=Effect.NOW),
        write_file("/etc/c", b"", b"\0", "w", risk=Risk.R2, effect=Effect.NOW),
        remove_file("/etc/d", b"x", "w", risk=Risk.R2, effect=Effect.NOW),
        set_link("/etc/l", b"a", None, "w", risk=Risk.R1, effect=Effect.NOW),
        set_value("/sys/x", b"0", b"1", "w"),
        define_domain("it's", b"<a/>", b"<domain/>\n", "w"),
        plug_device("it's", None, b"<hostdev/>", "w"),
        set_autostart("it's", True, "w", where=""),
        look_into("/boot/x.efi", ("a=b c",), "w", ("d",)),
        Change("pins", "g", "w", b"v0 1\nemu 0\nio1 2\n", b"v0 2\nemu any\nio1 any\n"),
        Change("driver", "0000:01:00.0", "w", b"nouveau", b"vfio-pci"),
        Change("pages", "/sys/p", "w", b"0", b"4"),
    )
    script = tmp_path / "plan.sh"
    script.write_text("\n".join(shell_script(Plan("t", steps, machine="0" * 12))) + "\n")
    done = subprocess.run([program, "-s", "sh", str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


@pytest.mark.needs_libvirtd
def test_a_guest_is_defined_by_the_script_as_its_plan_wants_it(
    daemon: Daemon, shell: list[str], tmp_path: Path
) -> None:
    """The description of a guest is text for libvirt, and may hold every line that ended a script before."""
    from vfiotui.virt.define import definition, writable

    name, mark = f"game-{shell[0].rpartition('/')[2]}", tmp_path / "ran"
    daemon.define(name)
    with writable(daemon.uri) as connection:
        bare = definition(connection, name)
        assert bare is not None
        text = ENDS.format(mark).replace("\n\\\n", f"\ntouch {mark}\n").encode()
        before = bare.replace(b"</uuid>", b"</uuid>\n  <description>" + text + b"</description>")
        daemon.virsh("define", "/dev/stdin", text=before.decode())
        before = definition(connection, name)
        assert before is not None and b"touch" in before
        after = before.replace(b"placement='static'>2<", b"placement='static'>1<")
        assert after != before
        step = define_domain(name, before, after, "one vCPU", where=daemon.uri)
        code, said = run(shell, step, env=daemon.env)
        assert code == 0, said
        assert definition(connection, name) == after and not mark.exists()
        code, said = run(shell, step, env=daemon.env)
        assert code == 1 and f"the definition of {name} is not as it was" in said
        code, said = run(shell, define_domain(name, None, after, "new", where=daemon.uri), env=daemon.env)
        assert code == 1 and "already" in said
        code, said = run(shell, define_domain(name, after, None, "away", where=daemon.uri), env=daemon.env)
        assert code == 0 and definition(connection, name) is None, said


@pytest.mark.needs_libvirtd
def test_a_running_guest_is_pinned_by_the_script_where_it_is_as_the_plan_knew_it(
    daemon: Daemon, shell: list[str]
) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("pins want two CPUs")
    name = f"run-{shell[0].rpartition('/')[2]}"
    daemon.define(name)
    step = Change("pins", name, "pin", b"v0 0\nemu 0\n", b"v0 1\nemu 0-1\n", where=daemon.uri)
    code, said = run(shell, step, env=daemon.env)
    assert code == 1 and "does not run" in said
    daemon.virsh("start", name)
    try:
        code, said = run(shell, step, env=daemon.env)
        assert code == 1 and "are not as they were" in said, "nothing is pinned yet"
        daemon.virsh("vcpupin", name, "0", "0", "--live")
        daemon.virsh("emulatorpin", name, "0", "--live")
        code, said = run(shell, step, env=daemon.env)
        assert code == 0, said
        assert "0-1" in daemon.virsh("emulatorpin", name).stdout
    finally:
        daemon.virsh("destroy", name)
