"""Runs a command for which the kernel refuses openat2(2), as the filters of old containers do (seccomp(2)).

python -m tests.host.root.forbidden_call EPERM COMMAND…
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

from vfiotui.host.root.walk import OPENAT2

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD_NUMBER, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
REFUSE, ALLOW = 0x00050000, 0x7FFF0000


def refuse(call: int, error: int) -> None:
    """From now on a call of this number fails with the error, here and in all that this process runs."""
    program = b"".join(
        struct.pack("HBBI", *line)
        for line in (
            (LOAD_NUMBER, 0, 0, 0),
            (JUMP_EQUAL, 0, 1, call),
            (RETURN, 0, 0, REFUSE | error),
            (RETURN, 0, 0, ALLOW),
        )
    )
    lines = ctypes.create_string_buffer(program)
    head = ctypes.create_string_buffer(struct.pack("HL", len(program) // 8, ctypes.addressof(lines)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(head)):
        raise OSError(ctypes.get_errno(), "the filter is not taken")


if __name__ == "__main__":
    refuse(OPENAT2, getattr(errno, sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
