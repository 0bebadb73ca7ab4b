"""Where the journal of changes lies; apart, so that a host without one loads nothing of what reads it."""

from __future__ import annotations

JOURNAL_ABOVE = "/var/lib"
"""The folder of the system in which ours lies; it may be a link."""
JOURNAL = f"{JOURNAL_ABOVE}/vfiotui/changes"
"""One folder for each change, inside the root that it changes."""
