"""`vfiotui guest VERB`: the guests, what they do, and what they are made of.

JSON of list: {"vfiotui": version, "uri", "connected", "detail", "guests": [GUEST], "unread": [{"guest", "source",
"unread": reason}], "others": [{"name", "pid", "memory_kib"}]}: others run without this connection. show is one GUEST
with "vfiotui": {"name", "uuid", "state", "source", "owner", "persistent", "autostart", "vcpus", "memory_kib", "pid",
"cpus_busy", "host_memory_kib", "age_s", "devices": [{"kind", "address", "name", "driver", "managed", "by"}],
"displays": [{"kind", "address"}], "consoles": [{"kind", "path"}], "disks": [{"target", "source"}]}; null is unknown,
and what a guest that does not run has not. check: {"vfiotui", "guests": [{"guest", "state", "counts", "findings": as in
doctor, "start": [{"code", "severity", "sentence", "fix"}]}]}. The others: {"vfiotui", "guest", "action", "done",
"state", "why", "start"}; done is false where the guest was so already, or where why says what failed.
"""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui import __version__
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.guest.guest_host import Guests, problem_json
from vfiotui.cli.out import print_json, printable
from vfiotui.model.guest.domain import Domain

VERBS = {
    "start": "start it; what will fail is said before",
    "shutdown": "ask it to shut down, as its power button does",
    "force-off": "end it at once, as pulling the plug does: what it has not written is lost",
    "pause": "stop its vCPUs; its memory and devices stay",
    "resume": "let its vCPUs run again",
}
CHANGES = ("attach", "detach", "disk", "set", "autostart")
"""Verbs that plan a change: guest_change."""
PATIENCE = 10.0
"""Seconds after which a call that goes on is said to do so."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with which guest."""
    from vfiotui.cli.guest import guest_change, guest_clone, guest_new, guest_qemu
    from vfiotui.cli.main import add_global

    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verbs.add_parser("list", help="all guests, and what those that run use")
    verbs.add_parser("show", help="one guest: devices, disks, screens, pins").add_argument("guest", metavar="GUEST")
    one = verbs.add_parser("check", help="what is wrong with it, and what would fail at its start; 1 if it fails")
    one.add_argument("guest", nargs="?", metavar="GUEST", help="only this guest")
    for verb, text in VERBS.items():
        one = verbs.add_parser(verb, help=text)
        one.add_argument("guest", metavar="GUEST")
        one.add_argument("--dry-run", action="store_true", help="say what would be done, and what would fail")
        if verb in ("start", "force-off"):
            one.add_argument("--yes", action="store_true", help="do not ask")
        if verb == "shutdown":
            one.add_argument("--timeout", type=float, metavar="SECONDS", help="wait so long until it is off")
    guest_change.arguments(verbs)
    guest_clone.arguments(verbs)
    guest_qemu.arguments(verbs)
    guest_new.arguments(verbs)
    for one in verbs.choices.values():
        add_global(one, argparse.SUPPRESS)


def run(args: argparse.Namespace) -> Exit:
    """Does what the verb says."""
    if args.verb == "clone-xml":
        from vfiotui.cli.guest import guest_clone

        return guest_clone.run(args)
    if args.verb in CHANGES:
        from vfiotui.cli.guest import guest_change

        return guest_change.run(args)
    if args.verb == "qemu":
        from vfiotui.cli.guest import guest_qemu

        return guest_qemu.run(args)
    if args.verb == "new":
        from vfiotui.cli.guest import guest_new

        return guest_new.run(args)
    guests = Guests(args, daemon_only=args.verb in VERBS)
    if args.verb in VERBS:
        return _control(args, guests)
    from vfiotui.cli.guest import guest_text

    if args.verb == "list":
        return guest_text.show_list(args, guests)
    if args.verb == "show":
        return guest_text.show_one(args, guests, guests.read_domain(args.guest))
    return guest_text.check(args, guests)


def _control(args: argparse.Namespace, guests: Guests) -> Exit:
    """Starts, stops or pauses a guest; says before a start what will fail."""
    from vfiotui.apply.guest_state import why_not
    from vfiotui.cli.change.consent import ask
    from vfiotui.rules.start import StartProblem

    if why := why_not(guests.root, args.connect or ""):
        raise _refused(args, why, Exit.NO_ACCESS)
    if not guests.virt.connected:
        raise _refused(args, guests.virt.detail, Exit.NO_ACCESS)
    try:
        domain = guests.domain(args.guest)
    except CommandError as error:
        raise _refused(args, str(error), error.code) from error
    problems: tuple[StartProblem, ...] = ()
    if args.verb == "start" and domain is not None and not domain.running:
        problems = _start_problems(guests, domain)
    for problem in problems:
        _tell(f"{'fails' if problem.severity == 'fail' else 'may fail'}: {_words(problem)}")
    if args.dry_run:
        return _dry(args, guests, domain, problems)
    if problems and not args.yes:
        ask(f"start {printable(args.guest)} all the same", "y")
    if args.verb == "force-off" and not args.yes and domain is not None and domain.running:
        ask(f"end {printable(args.guest)} at once; what it has not written is lost", "off")
    return _done(args, guests, problems)


def _start_problems(guests: Guests, domain: Domain) -> tuple[Any, ...]:
    """What will fail at a start; nothing where the guest runs on another host, whose facts are not here."""
    from vfiotui.rules.start import findings_for, start_problems

    if guests.elsewhere:
        _tell("not checked before its start: it runs on another host")
        return ()
    return start_problems(domain, guests.facts, findings_for(guests.facts))


def _dry(args: argparse.Namespace, guests: Guests, domain: Domain | None, problems: tuple[Any, ...]) -> Exit:
    state = "unknown" if domain is None else domain.state
    if args.json:
        print_json(_document(args, False, state, "dry run", problems))
    else:
        print(printable(f"would {args.verb} {args.guest} of {guests.virt.uri}; it is now: {state}"))
    return Exit.FAILS if any(p.severity == "fail" for p in problems) else Exit.FINE


def _done(args: argparse.Namespace, guests: Guests, problems: tuple[Any, ...]) -> Exit:
    from vfiotui.apply.guest_state import control, wait_until_off
    from vfiotui.virt.connect import NoConnection, in_thread
    from vfiotui.virt.control import ControlRefused, NoGuest

    uri = guests.virt.uri
    try:
        outcome = in_thread(
            lambda: control(guests.root, uri, args.guest, args.verb, named=bool(args.connect)),
            PATIENCE,
            lambda: _tell(f"{args.guest}: libvirt still works on it; hooks and huge pages take their time"),
        )
        state, said, off = outcome.state, outcome.sentence, True
        if args.verb == "shutdown" and args.timeout and state not in ("shut off", "crashed"):
            off = wait_until_off(uri, args.guest, args.timeout)
            state = "shut off" if off else state
            said = f"{args.guest} is off" if off else f"{args.guest} is not off after {args.timeout:g} s"
    except NoGuest as error:
        raise _refused(args, str(error), Exit.USAGE) from error
    except NoConnection as error:
        raise _refused(args, str(error), Exit.NO_ACCESS) from error
    except ControlRefused as error:
        raise _refused(args, str(error), Exit.CHANGE_FAILED) from error
    if args.json:
        print_json(_document(args, outcome.done, state, said, problems))
    else:
        print(printable(said))
    return Exit.FINE if off else Exit.CHANGE_FAILED


def _document(
    args: argparse.Namespace, done: bool, state: str | None, why: str, problems: tuple[Any, ...]
) -> dict[str, Any]:
    return {
        "vfiotui": __version__,
        "guest": args.guest,
        "action": args.verb,
        "done": done,
        "state": state,
        "why": why,
        "start": [problem_json(p) for p in problems],
    }


def _words(problem: Any) -> str:
    code = f" [{problem.code}]" if problem.code else ""
    return f"{problem.sentence}{code}{f' To do: {problem.fix}.' if problem.fix else ''}"


def _refused(args: argparse.Namespace, sentence: str, code: Exit) -> CommandError:
    """The error for what was not done; who reads JSON has the sentence too."""
    if args.json:
        print_json(_document(args, False, None, sentence, ()))
    return CommandError(printable(sentence), code)


def _tell(sentence: str) -> None:
    from vfiotui.cli.change.apply import tell

    tell(sentence)
