"""Invented input is the same at every run: `--hypothesis-profile=random` looks further."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("random", ANY_SPEED)
settings.register_profile("same", ANY_SPEED, derandomize=True, database=None)
settings.load_profile("same")
