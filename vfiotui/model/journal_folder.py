"""Where the journal of changes lies; apart, so that a host without one loads nothing of what reads it."""

from __future__ import annotations

JOURNAL = "/var/lib/vfiotui/changes"
"""One folder for each change, inside the root that it changes."""
