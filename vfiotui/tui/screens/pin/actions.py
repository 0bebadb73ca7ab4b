"""What can be done on the Pin screen, and its help."""

from __future__ import annotations

from vfiotui.tui.actions import Action, Page


def edit(keys: str, verb: str, help: str = "", *, word: str = "", shown: str = "", bar: str = "") -> Action:
    """An action that the editor does at the CPU under the cursor."""
    return Action(keys, f"edit('{verb}')", word or verb, help, shown, bar)


NEXT_GUEST = Action("t", "next_guest", "guest", "the next guest")
RIGHT = Action("l", "right", "right", moves=True)
NEXT_THREAD = Action(
    "left_square_bracket,comma", "thread(-1)", "thread", "the thread that is placed next", shown="[ ]", moves=True
)
THREAD_AFTER = Action("right_square_bracket,full_stop", "thread(1)", "thread after", moves=True)
PLACE = edit("space,enter", "place", "place it on the CPU; the cursor goes on to where the next vCPU belongs")
SWAP = edit("s", "swap", "swap: the thread of this guest that is there goes where the thread was")
EXTEND = edit("e", "extend", "one CPU more for the thread, or one less")
CLEAR = edit("x", "clear", "free the thread")
CLEAR_CPUS = edit("X", "clear_cpus", "free this guest's threads from the CPU or the marked ones", word="clear CPUs")
CORE = edit("c", "core", "place on the whole core: vCPUs one by one")
CACHE = edit("L", "cache", "on the whole L3", word="L3")
MARK = edit("m", "mark", "mark from here; space, x and X then mean all marked CPUs; esc drops the mark")
UNMARK = edit("escape", "unmark")
UNDO = edit("u", "undo", "undo, redo", shown="u U", bar="u")
REDO = edit("U", "redo")
PROPOSE = edit("g", "propose", "the best pinning for the goal, again for the next best")
MORE = edit("plus,equals_sign", "more", "more or fewer vCPUs", word="more vCPUs", shown="+ -", bar="+")
FEWER = edit("minus", "fewer", word="fewer vCPUs")
MOST = edit("M", "most", "as many as one L3 cache has to give", word="most vCPUs")
MORE_IO = edit("i", "more_io", "one iothread more or less", word="one iothread more", shown="i I", bar="i")
FEWER_IO = edit("I", "fewer_io", word="one iothread less")
HOST = edit("H", "host", "cores that the host keeps", word="host cores")
PREFER = edit("p", "prefer", "prefer cache or frequency")
SMT = edit("S", "smt", "both SMT siblings, or one vCPU on each core", word="SMT")
NEAR = edit("n", "near", "the device whose NUMA node is wanted", word="near device")
WHY = Action("w", "why", "why", "why: the score, all problems")
DIFF = Action("d", "diff", "diff", "what the definition would become")
APPLY = Action("a", "apply", "apply", "the plan for the running guest, the definition or both, to apply or save")
ZOOM = Action("z", "zoom", "zoom", "zoom: packages, L3 caches, cores")
VIEW = Action(
    "v", "view", "view",
    "who has the CPUs, how busy they are, how fast; the latter two also show threads that left their pins",
)  # fmt: skip

PIN: Page = (
    "Each box is a level 3 cache with the cores that share it; each cell is a CPU, SMT siblings stand one above "
    "the other. v0 … are vCPUs, emu is QEMU's own thread, io1 an iothread, host is free of pins. Marks of other "
    "guests bear their letter. A + means more than one owner, a ! two vCPUs on one CPU, a * an isolated CPU.",
    "",
    NEXT_GUEST,
    "arrows, hjkl  move over the CPUs",
    RIGHT,
    NEXT_THREAD,
    THREAD_AFTER,
    PLACE,
    SWAP,
    EXTEND,
    CLEAR,
    CLEAR_CPUS,
    CORE,
    CACHE,
    MARK,
    UNMARK,
    UNDO,
    REDO,
    "",
    PROPOSE,
    MORE,
    FEWER,
    MOST,
    MORE_IO,
    FEWER_IO,
    HOST,
    PREFER,
    SMT,
    NEAR,
    WHY,
    DIFF,
    APPLY,
    "",
    ZOOM,
    VIEW,
    "",
    "mouse  a click goes to a CPU, and again places the thread there; a click on a thread picks it, then each "
    "click on a CPU places; a click on a guest chooses it; the wheel scrolls",
)
KEYS = (PROPOSE, PLACE, APPLY, NEXT_GUEST, NEXT_THREAD, UNDO, CORE, CACHE, SWAP, CLEAR, WHY, DIFF, ZOOM)
