"""Runs GRUB's scripts over a root: what stands in the menu, and what an entry loads. Nothing of it writes anything."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from vfiotui.formats.loaders import grub_cfg
from vfiotui.formats.loaders.grub_cfg import Command, For, Function, If, Statement, While, Word
from vfiotui.host.boot.path.grub.conditions import Answer
from vfiotui.host.boot.path.grub.places import Places
from vfiotui.host.boot.path.grub.state import Item, State, expand, here
from vfiotui.model.base.reading import Unread

STEP_LIMIT = 100_000
"""Commands in one run; a menu of a distribution takes some hundred."""
ROUND_LIMIT = 1000
DEPTH_LIMIT = 60
FILE_LIMIT = 100
"""Files that are read in one run; a loop of includes ends there."""
WAYS_LIMIT = 16
LENGTH_LIMIT = 1 << 18
"""Characters of one command; the kernel takes 2048."""

Scope = tuple[str, ...] | None
Status = int | None
"""0 for true, 1 for false, None where it is not known."""

RunCommand = Callable[["Machine", Command, list[str], list[str], State, Scope], Status]
"""Runs a command whose words are replaced; the names of doubtful variables among them stand behind the words."""


class Endless(Exception):
    """The script does not come to an end."""


class Ended(Exception):
    """The script left GRUB, or went on in another menu."""


class Return(Exception):
    """A function ended early."""

    def __init__(self, status: Status) -> None:
        super().__init__()
        self.status = status


class Leave(Exception):
    """break and continue."""

    def __init__(self, loops: int, again: bool) -> None:
        super().__init__()
        self.loops, self.again = loops, again


class Machine:
    """One GRUB with one root."""

    def __init__(self, places: Places, run_command: RunCommand) -> None:
        self.places = places
        self.steps = self.depth = self.files = 0
        self.bodies = self.loops = 0
        """Functions and entries, and loops, that are running: what return and break leave (script/execute.c)."""
        self.file = ""
        self.missing: list[Unread] = []
        self.read: list[str] = []
        """Files that were read, by their paths inside the root."""
        self.dropped: list[str] = []
        """Places at which GRUB drops a statement."""
        self._run_command = run_command

    def at(self, line: int) -> str:
        """A place in the file that is running."""
        return f"{self.file}:{line}"

    def run_config(self, path: str, state: State) -> Status:
        """A file that brings a menu: it finds its own name and folder in variables."""
        found = self.places.find(path, state.get("root"))
        before = {name: state.get(name) for name in ("config_file", "config_directory")}
        state.set("config_file", here(found.path))
        state.set("config_directory", here(found.path.rpartition("/")[0]))
        state.exported |= set(before)
        try:
            return self.run_file(path, state)
        finally:
            for name, value in before.items():
                state.set(name, value)

    def run_file(self, path: str, state: State, scope: Scope = None) -> Status:
        """source: the file in this context; 1 where it cannot be read."""
        text = self.places.text(path, state.get("root"))
        if isinstance(text, Unread):
            self.missing.append(text)
            return 1
        self.files += 1
        if self.files > FILE_LIMIT:
            raise Endless
        return self.run_text(text[0], text[1], state, scope)

    def run_text(self, text: str, file: str, state: State, scope: Scope = None) -> Status:
        """A text that stands in a file."""
        script = grub_cfg.parse(text)
        self.dropped += [f"{file}:{line}" for line in script.dropped]
        before, self.file = self.file, file
        self.read.append(file)
        try:
            return self.run(script.statements, state, scope)
        finally:
            self.file = before

    def run(self, statements: tuple[Statement, ...], state: State, scope: Scope = None) -> Status:
        """The statements in order; the status of the last one."""
        self.depth += 1
        try:
            if self.depth > DEPTH_LIMIT:
                raise Endless
            status: Status = 0
            for one in statements:
                status = self._one(one, state, scope)
            return status
        finally:
            self.depth -= 1

    def run_item(self, item: Item, state: State) -> Status:
        """The block of an entry, with its title and further words as parameters."""
        return self._called(item.block, item.file, item.args, state)

    def call(self, name: str, args: list[str], state: State) -> Status:
        """A function."""
        file, body = state.functions[name]
        return self._called(body, file, tuple(args), state)

    def _called(self, body: tuple[Statement, ...], file: str, args: Scope, state: State) -> Status:
        before, self.file = self.file, file
        # A function leaves no loop of its caller (grub_script_function_call).
        loops, self.loops = self.loops, 0
        self.bodies += 1
        try:
            return self.run(body, state, args)
        except Return as end:
            return end.status
        finally:
            self.bodies -= 1
            self.loops = loops
            self.file = before

    def _one(self, one: Statement, state: State, scope: Scope) -> Status:
        self.steps += 1
        if self.steps > STEP_LIMIT:
            raise Endless
        match one:
            case Command():
                return self._command(one, state, scope)
            case If():
                return self._if(one, state, scope)
            case Function():
                state.functions[one.name] = (self.file, one.body)
                return 0
            case For():
                return self._for(one, state, scope)
            case While():
                return self._while(one, state, scope)

    def _command(self, one: Command, state: State, scope: Scope) -> Status:
        args, doubtful = expand(one.words, state, scope)
        if sum(map(len, args)) > LENGTH_LIMIT:
            raise Endless
        if not args:
            return 0
        turned = args[0] == "!" and len(args) > 1
        status = self._run_command(self, one, args[1:] if turned else args, doubtful, state, scope)
        return status if status is None or not turned else int(not status)

    def ways(self, words: tuple[Word, ...], names: list[str], state: State, scope: Scope) -> list[list[str]] | None:
        """The arguments for each value that doubtful variables may have; None where not every value is known."""
        doubts = [state.doubts[n] for n in dict.fromkeys(names) if n in state.doubts]
        if any(d.open for d in doubts):
            return None
        choices = [(state.get(n), *state.doubts[n].others) for n in dict.fromkeys(names) if n in state.doubts]
        found = []
        for i, values in enumerate(product(*choices)):
            if i >= WAYS_LIMIT:
                return None
            trial = state.copy()
            for name, value in zip(dict.fromkeys(n for n in names if n in state.doubts), values, strict=True):
                trial.variables[name] = value
            found.append(expand(words, trial, scope)[0])
        return found

    def _if(self, one: If, state: State, scope: Scope) -> Status:
        status = self.run(one.condition, state, scope)
        if status is not None:
            return self.run(one.otherwise if status else one.then, state, scope)
        why = f"whether the condition in {self.at(one.line)} holds is not known"
        return self._both(one.then, one.otherwise, state, scope, why)

    def _both(
        self, one: tuple[Statement, ...], two: tuple[Statement, ...], state: State, scope: Scope, why: str
    ) -> Status:
        """Either way, and what is the same in both."""
        other = state.copy()
        ended: list[bool] = []
        statuses: list[Status] = []
        for way, block in ((state, one), (other, two)):
            try:
                statuses.append(self.run(block, way, scope))
                ended.append(False)
            except Ended:
                ended.append(True)
        if all(ended):
            state.elsewhere += [(other.shown, why)] if other.shown else []
            raise Ended
        if any(ended):
            # One way goes on in another menu: what follows here belongs to the other way alone.
            left, stays = (state.shown, other) if ended[0] else (other.shown, state)
            state.take(stays)
            state.elsewhere += [(left, why)] if left else []
            return None
        state.merge(other, why)
        return statuses[0] if statuses[0] == statuses[1] else None

    def _for(self, one: For, state: State, scope: Scope) -> Status:
        status: Status = 0
        for value in expand(one.words, state, scope)[0][:ROUND_LIMIT]:
            state.set(one.name, value, self.at(one.line))
            try:
                status = self._round(one.body, state, scope)
            except Leave as leave:
                if self._leaves(leave):
                    break
        return status

    def _while(self, one: While, state: State, scope: Scope) -> Status:
        status: Status = 0
        for _ in range(ROUND_LIMIT):
            holds = self.run(one.condition, state, scope)
            if holds is None:
                raise Endless
            if bool(holds) != one.until:
                return status
            try:
                status = self._round(one.body, state, scope)
            except Leave as leave:
                if self._leaves(leave):
                    return status
        raise Endless

    def _round(self, body: tuple[Statement, ...], state: State, scope: Scope) -> Status:
        self.loops += 1
        try:
            return self.run(body, state, scope)
        finally:
            self.loops -= 1

    def _leaves(self, leave: Leave) -> bool:
        """Whether the loop ends; raises on to outer loops."""
        if leave.loops > 1:
            raise Leave(leave.loops - 1, leave.again)
        return not leave.again


def status_of(answer: Answer) -> Status:
    """A condition as the status of its command."""
    return None if answer is None else int(not answer)
