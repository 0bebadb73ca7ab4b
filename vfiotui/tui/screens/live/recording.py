"""The recording that Live makes: every sample goes into a file, whichever screen is shown, until it is ended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.user_files import open_new
from vfiotui.live.recorder import Recorder
from vfiotui.model.base.counted import counted
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.interference import Culprits
from vfiotui.model.live.sample import LiveMoment
from vfiotui.state.topics import CULPRITS, LIVE, Topic
from vfiotui.tui.message_box import say
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.question import QuestionScreen
from vfiotui.tui.text import clean

if TYPE_CHECKING:
    from vfiotui.live.history import Mark
    from vfiotui.tui.context import ConsoleContext

MODE = 0o644
"""Names of guests and threads are no secrets of their owner: as `vfiotui live --record` writes it."""
WHAT = (
    "Every sample is added to the file as it is taken, with marks, alarms and names of what ran beside waiting vCPUs. "
    "It goes on behind the other screens, until R or the end of the console.",
    "",
    "'vfiotui live --replay FILE' opens it, here or on another machine; for one guest and an hour at one sample a "
    "second it grows to some 3 MB.",
)


def ask_file(console: ConsoleContext, then: Callable[[str], object]) -> None:
    """Asks for the file of a recording."""
    name = time.strftime("vfiotui-live-%Y%m%d-%H%M%S.jsonl")
    title, question = row((" record ", "reverse"), " Live"), row(" record into the file")
    console.push_screen(QuestionScreen(title, WHAT, question, then, given=name))


class LiveRecording:
    """At most one recording at a time; all calls belong to the console's loop."""

    def __init__(self, console: ConsoleContext) -> None:
        self._console = console
        self._recorder: Recorder | None = None
        self._leave: Callable[[], None] = lambda: None
        self._marked: Mark | None = None
        """The last mark that was written, or was there before."""
        self.count = 0
        """How many samples it has."""
        # Who runs beside a vCPU is not looked for because of a recording.
        console.store.listen(CULPRITS, self._look)

    @property
    def runs(self) -> bool:
        """Whether samples are being recorded."""
        return self._recorder is not None

    def begin(self, name: str) -> None:
        """Records into a new file from now on; what prevents it is shown."""
        path = os.path.abspath(os.path.expanduser(name))
        try:
            self._recorder = Recorder(path, open_new(path, MODE), self._console.root_)
        except ApplyError as error:
            say(self._console, "record", str(error))
            return
        self.count = 0
        self._marked = next(reversed(self._console.history.marks), None)
        # Subscribed: the samples are taken while another screen is shown, too.
        self._leave = self._console.store.subscribe(LIVE, self._sample)

    def end(self) -> None:
        """Ends it, and tells where it is."""
        recorder = self._stop()
        if recorder is not None:
            text = f"{counted(self.count, 'sample')} in {clean(recorder.path)}"
            self._console.notify(text, title="recorded", markup=False)

    def _stop(self) -> Recorder | None:
        recorder, self._recorder = self._recorder, None
        self._leave()
        if recorder is not None:
            recorder.close()
        return recorder

    def _sample(self, topic: Topic[object]) -> None:
        moment = self._console.store.get(LIVE)
        if isinstance(moment, LiveMoment):
            self._write(lambda recorder: self._add(recorder, moment))

    def _add(self, recorder: Recorder, moment: LiveMoment) -> None:
        # Marks of the sample before have been made by now.
        for mark in self._new_marks():
            recorder.remark(mark.text, self._console.history.at(mark.number), alarm=mark.alarm)
        recorder.sample(moment.sample)
        self.count += 1

    def _new_marks(self) -> list[Mark]:
        new: list[Mark] = []
        for mark in reversed(self._console.history.marks):
            if mark is self._marked:
                break
            new.insert(0, mark)
        self._marked = new[-1] if new else self._marked
        return new if self.count else []

    def _look(self, topic: Topic[object]) -> None:
        look = self._console.store.get(CULPRITS)
        if isinstance(look, Culprits) and not isinstance(look.found, Unread):
            self._write(lambda recorder: recorder.look(look))

    def _write(self, write: Callable[[Recorder], None]) -> None:
        if self._recorder is None:
            return
        try:
            write(self._recorder)
        except ApplyError as error:
            self._stop()
            say(self._console, "record", str(error))
