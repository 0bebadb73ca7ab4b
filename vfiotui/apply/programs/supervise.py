"""Runs one command for an apply, and ends it where the apply ends first: a program of its own, started by process.py.

Called as DESCRIPTOR COMMAND WORDS…, in a session of its own. It begins with the line that it reads; where none comes,
because whoever had to journal it is gone, the command never was. When its standard input ends, the apply was killed:
the command is ended with all that it started. When the command has ended, a line is written to the descriptor: what is
newer than that file was made by somebody else.
"""

import os
import select
import signal
import sys

BEGIN = b"begin\n"
ENDED = b"ended\n"
SECONDS = 5.0
"""How long a command may take to end when it is asked to."""


def run(note: int, words: list[str]) -> int:
    """Runs the command to its end; returns its status as of waitpid(2)."""
    # A signal that ends the whole session is for the command: its end is still to be noted.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.close(note)
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.execvp(words[0], words)  # noqa: S606 - words, and no shell
        except OSError as error:
            os.write(2, f"{words[0]}: {error.strerror}\n".encode())
        os._exit(127)
    ended = os.pidfd_open(child)
    both = select.poll()
    both.register(ended, select.POLLIN)
    both.register(0, select.POLLIN)
    if all(fd != ended for fd, _ in both.poll()):
        os.killpg(0, signal.SIGTERM)
        one = select.poll()
        one.register(ended, select.POLLIN)
        if not one.poll(SECONDS * 1000):
            os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    os.write(note, ENDED)
    os.fsync(note)
    return status


def main() -> None:
    """Ends as the command did."""
    note, words = int(sys.argv[1]), sys.argv[2:]
    if os.read(0, len(BEGIN)) != BEGIN:
        return
    code = os.waitstatus_to_exitcode(run(note, words))
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
