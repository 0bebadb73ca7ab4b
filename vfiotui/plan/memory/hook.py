"""A guest's huge pages are set aside when it starts and given back when it has ended, by a hook of libvirt's."""

from __future__ import annotations

from vfiotui.formats.libvirt_hooks import pages_hook
from vfiotui.model.base.reading import or_else
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_memory import page_size
from vfiotui.model.memory.page_words import page_words
from vfiotui.plan.draft import Draft, Planner
from vfiotui.plan.guest.guest_hook import GuestHook, guest_named, leave, serve
from vfiotui.plan.memory.ask import leave_room_at_start, memory_of, predictable

PAGES = GuestHook(pages_hook.PATH, pages_hook.pages_hook, pages_hook.guests_of)


def hook(draft: Draft, guest: str) -> None:
    """The hook serves the guest from its next start on."""
    serve_pages(draft, guest_named(draft, guest))


def serve_pages(draft: Draft, domain: Domain) -> None:
    """The same for a guest that may be new; PlanError where the host has too little memory for it."""
    guest, memory = domain.name, memory_of(draft.facts)
    if not domain.huge_pages:
        serve(draft, PAGES, guest, f"compact memory before {guest} starts")
        draft.note(
            f"{guest} asks for no <hugepages/>: memory is compacted before it starts, so that it finds whole blocks"
        )
        return
    leave_room_at_start(memory, domain.memory_kib)
    serve(draft, PAGES, guest, f"set the huge pages of {guest} aside when it starts, and give them back after")
    sizes = {or_else(page_size(memory, page), 0) for page in domain.huge_pages}
    for size in sorted(s for s in sizes if s and not predictable(memory, s)):
        draft.note(
            f"pages of {page_words(size)} are seldom available on a host that has run for a while: keep room for them "
            "with memory.cma, or set them aside at every boot"
        )


def unhook(draft: Draft, guest: str) -> None:
    """The hook serves the guest no more."""
    leave(draft, PAGES, guest, f"set no huge pages aside for {guest} any more")


PLANNERS = (
    Planner(
        "memory.hook", "GUEST", "allocate a guest's huge pages only while it runs", "Pages of {} when it starts", hook
    ),
    Planner(
        "memory.unhook",
        "GUEST",
        "allocate no huge pages at a guest's start any more",
        "No pages for {} at its start",
        unhook,
    ),
)
