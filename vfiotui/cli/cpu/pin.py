"""`vfiotui pin show|propose|set|clear|check`: which CPUs the threads of guests run on.

JSON: show and check {"guest", "running", "pinning", "score", "problems", "drift"}, or a list of these for all guests,
where a guest that could not be read is {"guest", "source", "unread": reason};
propose {"guest", "proposals": [{"pinning", "score", "remarks"}]} or {"guest", "refused", "most"};
set and clear {"change", "state", "why"}, with --dry-run the plan.
"""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui.cli.change.consent import add_consent
from vfiotui.cli.cpu.pin_guest import Host, stored_pinning
from vfiotui.cli.cpu.pin_text import (
    drift_json,
    map_lines,
    pinning_json,
    pinning_lines,
    problem_json,
    problem_lines,
    proposal_lines,
    score_json,
)
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.out import print_json, printable
from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.cpu.pinning import Pinning, parse_cpus, pinning_of, thread_name
from vfiotui.model.finding.finding import Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.pin.check import Problem, problems
from vfiotui.plan.pin.drift import Drift, drift
from vfiotui.plan.pin.pin_plan import BOTH, CONFIG, LIVE
from vfiotui.plan.pin.propose import Goal, NoPlacement, Proposal, propose
from vfiotui.plan.pin.score import Prefer, score

MOST = "most"
LIMIT = 4097
"""More vCPUs than any hypervisor gives."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with which guest."""
    from vfiotui.cli.main import add_global

    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, text in (("show", "the host's cores and who is pinned there"), ("check", "what is wrong; 1 if it fails")):
        one = verbs.add_parser(verb, help=text)
        one.add_argument("guest", nargs="?", metavar="GUEST", help="only this guest")
    one = verbs.add_parser("propose", help="the best pinnings for a goal, with their reasons")
    one.add_argument("guest", metavar="GUEST")
    _goals(one)
    one = verbs.add_parser("set", help="pin threads, or take a proposal")
    one.add_argument("guest", metavar="GUEST")
    one.add_argument("pins", nargs="*", metavar="THREAD=CPUS", help="v0=4 is a vCPU, emu=0-1 the emulator, io1=0 …")
    one.add_argument("--take", type=int, metavar="RANK", help="take the proposal of this rank (1 is the best)")
    _goals(one)
    _how(one)
    one = verbs.add_parser("clear", help="remove pins; all of them where no thread is named")
    one.add_argument("guest", metavar="GUEST")
    one.add_argument("threads", nargs="*", metavar="THREAD", help="v0, emu, io1 …")
    _how(one)
    for one in verbs.choices.values():
        add_global(one, argparse.SUPPRESS)


def _goals(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--vcpus", metavar="N|most", help="how many (as it has); most is what one L3 cache can give")
    parser.add_argument("--host-cores", type=int, metavar="N", default=1, help="cores that stay with the host (1)")
    parser.add_argument(
        "--prefer", choices=[p.value for p in Prefer], default="cache", help="what to optimise the pinning for"
    )
    parser.add_argument("--near", metavar="BDF", help="a device whose NUMA node is wanted (the guest's own card)")
    parser.add_argument("--no-smt", action="store_true", help="one vCPU on each core, siblings idle")
    parser.add_argument("--no-dies", action="store_true", help="do not show the guest several L3 caches as dies")
    parser.add_argument("--iothreads", type=int, metavar="N", default=0, help="how many iothreads it gets")


def _how(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", action="store_true", help="only the stored definition")
    parser.add_argument("--live", action="store_true", help="only the running guest")
    parser.add_argument("--dry-run", action="store_true", help="show the plan, change nothing")
    add_consent(parser)


def run(args: argparse.Namespace) -> Exit:
    """Does what the verb says."""
    host = Host(args)
    if args.verb in ("show", "check"):
        return _look(args, host)
    domain = host.domain(args.guest)
    if args.verb == "propose":
        return _propose(args, host, domain)
    return _change(args, host, domain)


def _change(args: argparse.Namespace, host: Host, domain: Domain) -> Exit:
    """Shows or applies the plan, like any other."""
    from vfiotui.cli.change.apply import carry_out
    from vfiotui.cli.change.plan import show
    from vfiotui.plan.draft import PlanError
    from vfiotui.plan.judged import Judged
    from vfiotui.plan.service import plan_pinning

    stored = not args.live or args.config
    pinning = stored_pinning(host.guest(domain), domain) if stored else pinning_of(domain)
    wanted = _set(args, host, domain, pinning) if args.verb == "set" else _cleared(args, pinning)
    judged = _judged(host, domain, wanted)
    failures = () if isinstance(judged, Unread) else [p.words for p in judged if p.severity is Severity.FAIL]
    topology = host.topology if args.verb == "set" and args.take is not None else None
    try:
        plan = plan_pinning(host.inputs, domain.name, wanted, topology, failures, scope=_scope(args))
    except PlanError as error:
        raise CommandError(str(error), Exit.CHANGE_FAILED) from error
    remarks = [printable(line) for line in _remarks(judged)]
    if args.dry_run:
        return show(args, Judged(plan), remarks)
    return carry_out(args, host.root, lambda: Judged(plan), remarks)


def _scope(args: argparse.Namespace) -> str:
    """The scope that the options name; empty is the widest."""
    if args.config:
        return BOTH if args.live else CONFIG
    return LIVE if args.live else ""


def _judged(host: Host, domain: Domain, wanted: Pinning) -> Reading[tuple[Problem, ...]]:
    """What is wrong with the wanted pins; Unread for a disk without its host's processors."""
    return then(host.processors, lambda _: problems(wanted, host.context(domain)))


def _remarks(judged: Reading[tuple[Problem, ...]]) -> list[str]:
    """What is to be known of the wanted pins; their failures are notes of the plan itself."""
    if isinstance(judged, Unread):
        return [f"the pins are not judged: {judged}"]
    lesser = tuple(p for p in judged if p.severity is not Severity.FAIL)
    return problem_lines(lesser) if lesser else []


def _goal(args: argparse.Namespace, domain: Domain) -> Goal:
    word = args.vcpus or str(domain.vcpus)
    if word != MOST and not (word.isascii() and word.isdigit() and 0 < int(word[:6]) < LIMIT):
        raise CommandError(f"--vcpus wants a number from 1 to {LIMIT - 1}, or {MOST}", Exit.USAGE)
    return Goal(
        vcpus=None if word == MOST else int(word),
        host_cores=max(args.host_cores, 0),
        prefer=Prefer(args.prefer),
        smt=not args.no_smt,
        dies=not args.no_dies,
        iothreads=max(args.iothreads, 0),
    )


def _propose(args: argparse.Namespace, host: Host, domain: Domain) -> Exit:
    found = propose(_goal(args, domain), host.context(domain, args.near), domain)
    if isinstance(found, NoPlacement):
        if args.json:
            print_json({"guest": domain.name, "refused": found.sentence, "most": found.most})
        else:
            print(printable(found.sentence))
        return Exit.FAILS
    if args.json:
        proposals = [
            {"pinning": pinning_json(p.pinning), "score": score_json(p.score), "remarks": list(p.remarks)}
            for p in found
        ]
        print_json({"guest": domain.name, "proposals": proposals})
    else:
        for rank, one in enumerate(found, 1):
            print("\n".join(printable(line) for line in proposal_lines(rank, one)))
    return Exit.FINE


def _set(args: argparse.Namespace, host: Host, domain: Domain, pinning: Pinning) -> Pinning:
    if args.take is not None:
        found = propose(_goal(args, domain), host.context(domain, args.near), domain)
        if isinstance(found, NoPlacement):
            raise CommandError(found.sentence, Exit.FAILS)
        if not 1 <= args.take <= len(found):
            raise CommandError(f"there are {len(found)} proposals: --take wants 1 to {len(found)}", Exit.USAGE)
        taken: Proposal = found[args.take - 1]
        pinning = taken.pinning
    elif not args.pins:
        raise CommandError("name pins such as v0=4 emu=0-1, or take a proposal with --take 1", Exit.USAGE)
    try:
        for word in args.pins:
            name, _, cpus = word.partition("=")
            pinning = pinning.placed(thread_name(name), parse_cpus(cpus))
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from error
    return pinning


def _cleared(args: argparse.Namespace, pinning: Pinning) -> Pinning:
    try:
        for name in args.threads or [name for name, _ in pinning.pins]:
            pinning = pinning.placed(thread_name(name), frozenset())
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from error
    return pinning


def _look(args: argparse.Namespace, host: Host) -> Exit:
    chosen = [host.domain(args.guest)] if args.guest else list(host.domains)
    code = Exit.FINE
    documents: list[dict[str, Any]] = []
    lines: list[str] = []
    if args.verb == "show":
        name = args.guest or (chosen[0].name if chosen else "")
        lines = map_lines(host.context(host.domain(name)) if name else _bare(host), host.domains, name)
    for domain in chosen:
        pinning, context = pinning_of(domain), host.context(domain)
        found = problems(pinning, context)
        moved = _moved(host, domain, pinning)
        if any(p.severity is Severity.FAIL for p in found) or (not isinstance(moved, Unread) and moved):
            code = Exit.FAILS if args.verb == "check" else code
        total = score(pinning, context)
        documents.append(
            {
                "guest": domain.name,
                "running": domain.running,
                "pinning": pinning_json(pinning),
                "score": score_json(total),
                "problems": [problem_json(p) for p in found],
                "drift": drift_json(moved),
            }
        )
        state = "running" if domain.running else domain.state
        lines += ["", f"{domain.name}  {state}  score {total.total}", *(f"  {line}" for line in pinning_lines(pinning))]
        lines += [f"  {line}" for line in problem_lines(found)]
        lines += [f"  drift: {d.words}" for d in (() if isinstance(moved, Unread) else moved)]
    for guest in () if args.guest else host.virt.unread:
        documents.append({"guest": guest.name, "source": guest.source, "unread": guest.why.reason})
        lines += ["", f"{guest.name}  not read: {guest.why}"]
    if args.json:
        print_json(documents[0] if args.guest else documents)
    else:
        print("\n".join(printable(line) for line in lines).strip("\n") or "no guest is known")
    return code


def _moved(host: Host, domain: Domain, pinning: Pinning) -> Reading[tuple[Drift, ...]]:
    """How the running threads differ from their pins."""
    if not domain.running:
        return Unread(f"{domain.name} does not run", Why.NOT_HERE)
    moment = host.moment(domain)
    return moment if isinstance(moment, Unread) else drift(pinning, moment)


def _bare(host: Host) -> Any:
    from vfiotui.plan.pin.placement_context import placement_context

    return placement_context(host.topology, ())
