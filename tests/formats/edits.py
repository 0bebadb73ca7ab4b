"""What every edit of a configuration file must keep."""

from __future__ import annotations

import re

from hypothesis import strategies as st

LINE = re.compile(r"[^\n]*\n|[^\n]+")
HOSTILE = st.text(max_size=120).filter(lambda text: not text.endswith("\r"))


def files(pieces: list[str]) -> st.SearchStrategy[str]:
    """Files of these lines, with either line end, with or without the final one."""

    def join(drawn: list[str], end: str, final: bool) -> str:
        return end.join(drawn).replace("\\" + end, "\\\n") + (end if final and drawn else "")

    return st.builds(
        join, st.lists(st.sampled_from(pieces), max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans()
    )


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that only one of the texts has, between what both begin and end with."""
    old, new = LINE.findall(before), LINE.findall(after)
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return old, new


def is_local(before: str, after: str, inserted: int = 1) -> bool:
    """Whether at most one line is another one, and so many are new; line ends and the missing one are as before."""
    old, new = changed(before, after)
    same_end = not before or before.endswith("\n") == after.endswith("\n")
    return len(old) <= 1 and len(new) <= len(old) + inserted and same_end and ("\r\n" in before or "\r\n" not in after)
