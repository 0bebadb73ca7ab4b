"""What can be done on the Live screen, and its help."""

from __future__ import annotations

from vfiotui.tui.actions import OPEN, Action, Page

GRAPH = OPEN._replace(word="graph", help="the graphs of the row, large; esc goes back")
NEXT_GUEST = Action("t", "next_guest", "guest", "the next guest")
CPUS = Action("c", "cpus", "CPUs", "host CPUs below the guest")
PAUSE = Action("p", "pause", "pause", "display paused; until it goes on a sample is taken every 5 s")
TIME = Action(
    "left,h", "seek(-1)", "time",
    "back and forth in time, < and > in larger steps, esc back to now",
    shown="left right", bar="←→", priority=True, moves=True,
)  # fmt: skip
FORTH = Action("right,l", "seek(1)", "forth", priority=True, moves=True)
FAR_BACK = Action("less_than_sign", "seek(-30)", "far back", moves=True)
FAR_FORTH = Action("greater_than_sign", "seek(30)", "far forth", moves=True)
BACK = Action("escape", "back", "back", moves=True)
TABLE = BACK.named("table")
ZOOM = Action(
    "z", "zoom(1)", "zoom",
    "more or less time in a cell: of the samples in a cell the longest delay and the lowest frequency show",
    shown="z Z", bar="z",
)  # fmt: skip
ZOOM_IN = Action("Z", "zoom(-1)", "zoom in")
WHO = Action(
    "w", "who", "who",
    "who else runs on the CPUs of the vCPUs; while one waits long it is looked for unasked, seldom",
)  # fmt: skip
PRECISE = Action(
    "W", "precise", "precise",
    "precise, for root: every switch and interrupt on these CPUs is traced for a minute, which costs them some "
    "0.3 µs each; no other program's tracing is touched, and nothing of it stays",
)  # fmt: skip
EXITS = Action(
    "e", "exits", "exits",
    "exits and halt polling of the vCPUs, asked of libvirt and QEMU every 5 s: it costs both some milliseconds",
)  # fmt: skip
MARK = Action("m", "mark", "mark", "marks the moment")
RECORD = Action("R", "record", "record", "every sample into a file for --replay; again to end it")
NEXT_MARK = Action(
    "n", "to_mark(1)", "next mark", "to the next mark or alarm, or back to the last one", shown="n N", bar="n"
)
LAST_MARK = Action("N", "to_mark(-1)", "last mark")
SLOWER = Action(
    "plus,equals_sign", "interval(1)", "interval", "seconds between samples, 0.1 to 10", shown="+ -", bar="+-"
)
FASTER = Action("minus", "interval(-1)", "faster")

LIVE: Page = (
    "The two lines on top show the longest wait that the graphs show, and what is known of the reason: threads of "
    "guests that shared the CPU, how much of it others used, and names, where something was measured then.",
    "",
    "Each row is a thread of the guest: the CPUs it is pinned to and its last CPU, the frequency of that CPU, and how "
    "many milliseconds of each second it was ready but had to wait (run_delay of schedstat). busy is the time on a "
    "CPU; forced counts the times it was pushed off, switch the time slices, both per second.",
    "",
    "The kernel books a wait when it ends: a long one can make more than 1000 ms of one second.",
    "",
    "A ? is a moment without a value: the first sample has no rate, a nohz_full CPU shows no frequency. Pins and "
    "forced switches are read every 5 s.",
    "",
    GRAPH,
    NEXT_GUEST,
    CPUS,
    PAUSE,
    TIME,
    FORTH,
    FAR_BACK,
    FAR_FORTH,
    BACK,
    ZOOM,
    ZOOM_IN,
    WHO,
    PRECISE,
    EXITS,
    MARK,
    NEXT_MARK,
    LAST_MARK,
    RECORD,
    SLOWER,
    FASTER,
)
KEYS = (GRAPH, WHO, PAUSE, TIME, ZOOM, PRECISE, EXITS, NEXT_GUEST, MARK, NEXT_MARK, RECORD, CPUS, SLOWER)
NOT_OF_A_RECORDING = (WHO, PRECISE, EXITS, RECORD, SLOWER)
"""What needs a host that runs."""
