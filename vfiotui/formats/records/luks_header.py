"""The header of a LUKS volume: how many ways there are to open it, and what a TPM's slot is bound to.

LUKS2 keeps JSON behind the first 4096 bytes (cryptsetup, LUKS2 On-Disk Format 1.1.2, 2 and 3); tokens are those of
systemd-cryptenroll (src/shared/tpm2-util.c) and clevis (JWE, RFC 7516). Numbers are big-endian; every one may lie.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from vfiotui.model.base.value import dataclass

MAGIC = b"LUKS\xba\xbe"
JSON_AT = 4096
HEADER_LIMIT = 4 << 20
ACTIVE = 0x00AC71F3


@dataclass(frozen=True, slots=True)
class TpmSlot:
    """A way to open the volume that a TPM guards."""

    maker: str
    """systemd or clevis."""
    pcrs: frozenset[int]
    """The registers whose values must be those of the enrolment."""
    signed_pcrs: frozenset[int] = frozenset()
    """Registers whose values a signature may allow instead."""
    pcrlock: bool = False
    """Whether systemd-pcrlock's policy decides."""


@dataclass(frozen=True, slots=True)
class LuksHeader:
    """What the header says of the ways to open the volume."""

    tpm: tuple[TpmSlot, ...]
    others: int
    """How many slots are a passphrase, a recovery key, a key file or another token."""


def size(data: bytes) -> int:
    """How many bytes the header has, bounded; 0 where this is no LUKS2 header."""
    if data[:6] != MAGIC or data[6:8] != b"\0\2":
        return 0
    return min(int.from_bytes(data[8:16], "big"), HEADER_LIMIT)


def parse(data: bytes) -> LuksHeader | None:
    """The ways to open the volume; None where this is no header, or it is damaged.

    >>> parse(b"ext4") is None
    True
    """
    if data[:6] != MAGIC:
        return None
    if data[6:8] == b"\0\1":
        slots = [data[208 + 48 * i : 212 + 48 * i] for i in range(8)]
        return LuksHeader((), sum(int.from_bytes(s, "big") == ACTIVE for s in slots if len(s) == 4))
    try:
        held = json.loads(data[JSON_AT : size(data)].split(b"\0", 1)[0])
        slots_of = {str(name) for name in held.get("keyslots", {})}
        tokens = [t for t in held.get("tokens", {}).values() if isinstance(t, dict)]
    except (ValueError, AttributeError, RecursionError):
        return None
    found: list[TpmSlot] = []
    guarded: set[str] = set()
    for token in tokens:
        slot = _slot(token)
        if slot is not None:
            found.append(slot)
            names = token.get("keyslots", ())
            guarded |= {str(n) for n in names} if isinstance(names, list) else set()
    return LuksHeader(tuple(found), len(slots_of - guarded))


def _slot(token: dict[str, Any]) -> TpmSlot | None:
    if token.get("type") == "systemd-tpm2":
        return TpmSlot("systemd", _numbers(token.get("tpm2-pcrs")), _numbers(token.get("tpm2_pubkey_pcrs")),
                       token.get("tpm2_pcrlock") is True)  # fmt: skip
    if token.get("type") == "clevis":
        return _clevis(token.get("jwe"))
    return None


def _numbers(value: object) -> frozenset[int]:
    many = value if isinstance(value, list) else []
    return frozenset(n for n in many if isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 24)


def _clevis(jwe: object) -> TpmSlot | None:
    """The registers in the protected part; None where its pin is no TPM."""
    protected = jwe.get("protected") if isinstance(jwe, dict) else None
    if not isinstance(protected, str):
        return None
    try:
        text = base64.urlsafe_b64decode(protected + "=" * (-len(protected) % 4))
        pin = json.loads(text)["clevis"]
        if pin["pin"] != "tpm2":
            return None
        ids = str(pin.get("tpm2", {}).get("pcr_ids", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        return None
    return TpmSlot("clevis", frozenset(int(n) for n in ids.split(",") if n.isascii() and n.isdigit() and len(n) < 3))
