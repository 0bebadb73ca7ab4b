"""Only apply changes a machine; who else writes anything is named here, with what it is."""

from __future__ import annotations

import ast
from pathlib import Path

TOP = Path(__file__).parent.parent
SOURCES = sorted((TOP / "vfiotui").rglob("*.py"))
WRITING = {
    "os": "chmod chown copy_file_range fchmod fchown ftruncate lchown link makedirs mkdir mkfifo mknod pwrite remove "
    "removedirs removexattr rename renames replace rmdir sched_setaffinity sched_setscheduler sendfile setpriority "
    "setxattr splice symlink truncate unlink utime write writev",
    "shutil": "chown copy copy2 copyfile copyfileobj copymode copystat copytree move rmtree",
    "tempfile": "NamedTemporaryFile SpooledTemporaryFile TemporaryDirectory TemporaryFile mkdtemp mkstemp",
}
"""Functions that change a file, a folder or a process."""
METHODS = set(
    "write_text write_bytes touch mkdir rmdir unlink symlink_to hardlink_to chmod defineXML defineXMLFlags setMetadata "
    "pinVcpu pinVcpuFlags pinEmulator pinIOThread setVcpusFlags undefine undefineFlags reAttach "
    "attachDeviceFlags detachDeviceFlags createWithFlags shutdownFlags destroyFlags setAutostart".split()
)
"""Methods of paths, and of libvirt's objects, that do."""
CREATING = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")


def writes(path: Path) -> list[str]:
    """The calls of a file by which something can be changed."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name, words = ast.unparse(node.func), [ast.unparse(a) for a in (*node.args, *(k.value for k in node.keywords))]
        module, _, function = name.rpartition(".")
        opens = function in ("open", "fdopen") and module not in ("os", "self", "webbrowser")
        mode = next((w.strip("'") for w in words if set(w.strip("'")) <= set("rwaxbt+") and w[0] == "'"), "r")
        if (
            function in WRITING.get(module, "").split()
            or (module and function in METHODS)
            or ((opens or name == "os.fdopen") and set(mode) & set("wax+"))
            or (name == "os.open" and any(flag in word for word in words for flag in CREATING))
        ):
            found.append(f"{name}({', '.join(words)})")
    return found


WRITERS = {
    "live/tracing.py": "an instance of tracefs of its own, which ends with the process",
    "host/live/trace_leftovers.py": "removes such an instance that a killed process has left",
    "host/live/own_threads.py": "self-affinity: CPUs and priority of this program's own threads",
    "virt/control.py": "states of guests, called by apply alone",
    "virt/define.py": "definitions and devices of guests, called by the steps of apply alone",
    "virt/pins.py": "pins of running guests, called by the steps of apply alone",
    "cli/fault.py": "the details of a fault of this program, a new file in the folder for such files",
    "cli/console.py": "the demo's folder for libvirt's test driver, gone with the console",
    "demo/libvirt_node.py": "the file in it",
    "tui/execution.py": "files without a name, between the console and sudo",
    "host/capture/recorder.py": "anonymous memory",
    "host/root/memory_tree.py": "anonymous memory",
    "cli/main.py": "the null device, in place of an output that is gone",
    "cli/live/metrics_server.py": "a pipe that wakes its own thread",
    "tui/terminal/driver.py": "a pipe that wakes its own thread",
    "tui/terminal/first_frame.py": "the terminal",
    "tui/terminal/output.py": "the terminal",
    "tui/terminal/writer.py": "the terminal",
}
"""Files outside apply that change something, and what that is: nothing of it is part of a change of the machine."""
READING = {
    "vfiotui.virt.control": {"ALREADY", "ControlRefused", "DOING", "NOT_NOW", "NoGuest", "Outcome", "VERBS"},
    "vfiotui.virt.define": {"autostarts", "definition", "has_kvm", "running_xml", "writable"},
    "vfiotui.virt.pins": {"read_pins", "real_affinity"},
}
"""What others than apply may take from the modules that change guests."""


def test_only_apply_writes_and_who_else_is_named() -> None:
    found = {str(p.relative_to(TOP / "vfiotui")): writes(p) for p in SOURCES}
    others = {path: calls for path, calls in found.items() if calls and not path.startswith("apply/")}
    assert sorted(others) == sorted(WRITERS), {p: c for p, c in others.items() if p not in WRITERS}
    assert any(found[path] for path in found if path.startswith("apply/"))


def test_only_apply_changes_guests() -> None:
    taken = []
    for path in SOURCES:
        if path.is_relative_to(TOP / "vfiotui" / "apply"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                taken += [(path.name, a.name) for a in node.names if a.name in READING]
            elif isinstance(node, ast.ImportFrom) and node.module:
                whole = [(node.module, a.name) for a in node.names]
                taken += [(path.name, f"{m}.{n}") for m, n in whole if n not in READING.get(m, {n})]
                taken += [(path.name, f"{m}.{n}") for m, n in whole if f"{m}.{n}" in READING]
    assert taken == []


def test_the_scanner_sees_what_writes(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    lines = (
        "open(p, 'w')",
        "open(p, mode='r+b')",
        "Path(p).open('a')",
        "Path(p).write_text(t)",
        "os.open(p, os.O_RDWR)",
        "os.replace(a, b)",
        "shutil.copy(a, b)",
        "tempfile.mkstemp()",
        "domain.pinVcpu(0, m)",
    )
    fine = ("open(p)", "open(p, 'rb')", "os.open(p, os.O_RDONLY)", "text.replace(a, b)", "sys.stdout.write(t)")
    bad.write_text("\n".join((*lines, *fine)))
    assert len(writes(bad)) == len(lines)
