"""The desk of the Pin screen: which guest is edited, its editor, the goal, the mark, what was said last."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import replace
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import Pinning, pinning_of
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.live.sample import LiveMoment
from vfiotui.plan.pin.check import Law, Problem, problems
from vfiotui.plan.pin.drift import drift
from vfiotui.plan.pin.editor import Editor
from vfiotui.plan.pin.placement_context import PlacementContext, context_of, nodes_near
from vfiotui.plan.pin.propose import Goal, NoPlacement, Proposal, propose
from vfiotui.plan.pin.score import Prefer, Score, score

HOST_CORES = 5
"""The goal goes from 0 to 4 cores for the host and begins anew."""

FOLLOWED = ("propose", "most", "more", "fewer", "more_io", "fewer_io", "host", "prefer", "smt", "near")


class PinEditorModel:
    """Holds no widget: every key of the screen is one deed here."""

    def __init__(self) -> None:
        self.domain: Domain | None = None
        self.context: PlacementContext | None = None
        self.goal = Goal()
        self.word = ""
        """What the last deed has to say."""
        self.remarks: tuple[str, ...] = ()
        self._facts: Facts | None = None
        self._domains: tuple[Domain, ...] = ()
        self._editors: dict[str, Editor] = {}
        self._offered: tuple[Proposal, ...] = ()
        self._rank = 0
        self._proposing = False
        """Whether the last deeds were proposals, which then follow another goal."""
        self._anchor: int | None = None
        self._drifted: tuple[Problem, ...] = ()
        self._near: dict[str, str] = {}
        """Guest → the device that it shall be near to; without one its own."""

    @property
    def editor(self) -> Editor | None:
        """The editor of the chosen guest."""
        return None if self.domain is None else self._editors.get(self.domain.name)

    def learn(self, facts: Facts, domains: tuple[Domain, ...]) -> None:
        """Takes new facts; what is being edited stays."""
        if facts is self._facts and domains is self._domains:
            return
        self._facts, self._domains = facts, domains
        name = self.domain.name if self.domain else ""
        order = sorted(domains, key=lambda d: (d.name != name, not d.running, not d.vcpu_pins))
        self._choose(order[0] if order else None)

    def next_guest(self) -> None:
        """The next one by name."""
        names = [d.name for d in self._domains]
        if self.domain is not None and names:
            self.choose(names[(names.index(self.domain.name) + 1) % len(names)])

    def choose(self, name: str) -> None:
        """A guest by name."""
        found = next((d for d in self._domains if d.name == name), None)
        if found is not None and found is not self.domain:
            self._choose(found)
            self._forget()

    def _choose(self, domain: Domain | None) -> None:
        self.domain = domain
        facts = self._facts
        if facts is None or isinstance(facts.cpu, Unread):
            self.context = None
            return
        device = None
        if domain is not None:
            device = self._near.get(domain.name)
            editor = self._editors.get(domain.name)
            if editor is None or (not editor.changed and editor.start != pinning_of(domain)):
                self._editors[domain.name] = Editor(pinning_of(domain))
            else:
                editor.start = pinning_of(domain)
        not_whole = () if isinstance(facts.virt, Unread) else facts.virt.not_whole
        self.context = context_of(domain, facts.cpu, facts.pci, self._domains, not_whole, device)

    def _forget(self) -> None:
        """What belonged to the last pinning."""
        self.word, self.remarks, self._offered, self._rank, self._anchor = "", (), (), 0, None
        self._proposing = False

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the pinning as it is edited, and threads that drifted away from their pins."""
        if self.editor is None or self.context is None:
            return ()
        return (*self._drifted, *problems(self.editor.present, self.context), *self._later())

    @property
    def edited(self) -> str:
        """How the pinning differs from the one that the guest runs with, in a word or two; empty where it does not."""
        if self.editor is None or not self.editor.changed:
            return ""
        return "from its next start" if self.editor.present == self._stored else "edited"

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The guests whose pins were edited and are not those of their definition."""
        present = {d.name: pinning_of(d.from_next_start or d) for d in self._domains}
        return tuple(n for n, e in self._editors.items() if e.changed and n in present and e.present != present[n])

    @property
    def _stored(self) -> Pinning | None:
        """The pins of the definition, where the guest runs with others."""
        stored = None if self.domain is None else self.domain.from_next_start
        return None if stored is None else pinning_of(stored)

    def _later(self) -> tuple[Problem, ...]:
        stored = self._stored
        if stored is None or self.domain is None:
            return ()
        now, then = pinning_of(self.domain).by_thread, stored.by_thread
        names = [n for n in {**now, **then} if now.get(n) != then.get(n)]
        what = ", ".join(f"{n} on {format_list(then[n])}" if n in then else f"{n} free" for n in names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        words = f"the definition holds other pins, which count from the next start: {what}{more}"
        return (Problem(Law.CPUS, Severity.INFO, words),)

    def watch(self, moment: LiveMoment | None) -> None:
        """Compares the pins of the running guest with where its threads may really run; None stops that."""
        guests = () if moment is None or isinstance(moment.guests, Unread) else moment.guests
        name = self.domain.name if self.domain is not None else ""
        guest = next((g for g in guests if g.name == name), None)
        self._drifted = ()
        if guest is None or self.domain is None:
            return
        moved = (d for d in drift(pinning_of(self.domain), guest) if not isinstance(d.real, Unread))
        self._drifted = tuple(Problem(Law.HELPERS, Severity.WARN, f"drift: {d.words}") for d in moved)

    def score(self) -> Score:
        """Its score."""
        if self.editor is None or self.context is None:
            return Score(())
        goal = self.goal
        return score(self.editor.present, self.context, prefer=goal.prefer, host_cores=goal.host_cores)

    def order(self) -> list[int]:
        """All CPUs as they are drawn: core by core."""
        return [] if self.context is None else [cpu for core in self.context.cores for cpu in core.cpus]

    def marked(self, cpu: int) -> CpuSet:
        """The CPUs from the mark to the cursor; none without a mark."""
        order = self.order()
        if self._anchor not in order or cpu not in order:
            return frozenset()
        first, last = sorted((order.index(self._anchor), order.index(cpu)))
        return frozenset(order[first : last + 1])

    def _aimed(self, cpu: int) -> list[int]:
        """The marked CPUs in their order, or the one under the cursor."""
        marked = self.marked(cpu)
        return [c for c in self.order() if c in marked] or [cpu]

    def next_cpu(self, cpu: int) -> int:
        """Where the vCPU belongs that is placed after the one on a CPU: the sibling, then the next core.

        The same CPU where no vCPU is placed next, or no CPU without one of this guest follows.
        """
        if self.editor is None or not self.editor.thread.startswith("v"):
            return cpu
        order = self.order()
        later = order[order.index(cpu) + 1 :] if cpu in order else []
        return next((c for c in later if not any(t.startswith("v") for t in self.editor.on(c))), cpu)

    def do(self, verb: str, cpu: int) -> None:
        """One deed at a CPU."""
        editor = self.editor
        if editor is None or self.context is None:
            return
        self.word = ""
        core = self.context.by_cpu.get(cpu)
        domain = self.context.domains[core.domain] if core is not None else None
        whole = [c for one in domain.cores for c in one.cpus] if domain is not None else []
        deeds: dict[str, Callable[[], object]] = {
            "place": lambda: editor.place(self._aimed(cpu)),
            "swap": lambda: editor.swap(cpu),
            "extend": lambda: editor.extend(cpu),
            "clear": lambda: editor.clear_cpus(self._aimed(cpu)) if self._anchor is not None else editor.clear(),
            "clear_cpus": lambda: editor.clear_cpus(self._aimed(cpu)),
            "core": lambda: editor.place(core.cpus if core is not None else (cpu,)),
            "cache": lambda: editor.place(whole or [cpu]),
            "undo": lambda: self._say("nothing to undo", editor.undo()),
            "redo": lambda: self._say("nothing to redo", editor.redo()),
            "more": lambda: self._resize(editor, 1),
            "fewer": lambda: self._resize(editor, -1),
            "host": lambda: self._goal(replace(self.goal, host_cores=(self.goal.host_cores + 1) % HOST_CORES)),
            "prefer": lambda: self._goal(replace(self.goal, prefer=self._other())),
            "smt": lambda: self._goal(replace(self.goal, smt=not self.goal.smt)),
            "near": self._next_near,
            "more_io": lambda: self._resize_iothreads(editor, 1),
            "fewer_io": lambda: self._resize_iothreads(editor, -1),
            "propose": self._propose,
            "most": lambda: self._propose(most=True),
        }
        if verb == "mark":
            self._anchor = cpu
            self.word = "marked from here: move, then space places, x frees, esc drops the mark"
            return
        if verb in deeds:
            self._proposing = self._proposing and verb in FOLLOWED
            deeds[verb]()
        self._anchor = None

    def _say(self, word: str, done: bool) -> None:
        self.word = "" if done else word

    def _other(self) -> Prefer:
        return Prefer.FREQUENCY if self.goal.prefer is Prefer.CACHE else Prefer.CACHE

    def _resize(self, editor: Editor, step: int) -> None:
        threads = editor.present.shape.threads if editor.present.shape else 1
        editor.resize(editor.present.count + step * threads)
        if self._proposing:
            self._propose()

    def _resize_iothreads(self, editor: Editor, step: int) -> None:
        editor.resize_iothreads(editor.present.iothreads + step)
        if self._proposing:
            self._propose()

    def devices(self) -> list[str]:
        """The devices whose node can be asked for: the guest's own first, then every card."""
        facts = self._facts
        if facts is None or isinstance(facts.pci, Unread) or self.domain is None:
            return []
        own = [h.address for h in self.domain.hostdevs if h.kind == "pci"]
        cards = [d.bdf for d in facts.pci.devices if d.is_display]
        pci = facts.pci
        return [d for d in dict.fromkeys([*own, *cards]) if not isinstance(nodes_near(pci, d), Unread)]

    def _next_near(self) -> None:
        """The next device to be near to; after the last one the guest's own again."""
        domain, context = self.domain, self.context
        if domain is None or context is None:
            return
        devices = self.devices()
        if len(context.nodes) < 2 or not devices:
            here = "this host has one NUMA node" if len(context.nodes) < 2 else "no device reports its NUMA node"
            self.word = f"{here}: no place is nearer to a device than another"
            return
        now = self._near.pop(domain.name, None)
        place = devices.index(now) + 1 if now in devices else 0
        if place < len(devices):
            self._near[domain.name] = devices[place]
        self._choose(domain)
        self._goal(self.goal)

    def _goal(self, goal: Goal) -> None:
        """Another goal; a proposal that is looked at follows it."""
        self.goal = goal
        if self._proposing:
            self._offered = ()
            self._propose()
        else:
            self.word = self._goal_words()

    def _goal_words(self) -> str:
        goal = self.goal
        kept = "1 core" if goal.host_cores == 1 else f"{goal.host_cores} cores"
        words = f"host keeps {kept}, prefer {goal.prefer}, {'SMT pairs' if goal.smt else 'one vCPU on each core'}"
        device = self._near.get(self.domain.name) if self.domain is not None else None
        near = format_list(self.context.near) if self.context is not None and len(self.context.nodes) > 1 else ""
        return words + (f", near {device or 'its own device'} (node {near})" if near else "")

    def _propose(self, *, most: bool = False) -> None:
        """The best pinning for the goal, or the next best; `most`: as many vCPUs as one L3 cache has to give."""
        editor = self.editor
        if editor is None or self.context is None:
            return
        self._proposing = True
        current = not most and self._offered and self._offered[self._rank].pinning == editor.present
        if current:
            self._rank = (self._rank + 1) % len(self._offered)
        else:
            now = editor.present
            goal = replace(self.goal, vcpus=None if most else now.count, iothreads=now.iothreads)
            found = propose(goal, self.context, self.domain)
            if isinstance(found, NoPlacement):
                self.word = found.sentence
                return
            self._offered, self._rank = found, 0
        offer = self._offered[self._rank]
        editor.take(offer.pinning)
        self.remarks = offer.remarks
        self.word = f"proposal {self._rank + 1} of {len(self._offered)} (u undo, w why): {self._goal_words()}"
