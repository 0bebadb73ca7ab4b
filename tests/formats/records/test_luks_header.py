"""The header of a LUKS volume: slots, and what a TPM's token is bound to."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.formats.records.luks_header import HEADER_LIMIT, LuksHeader, TpmSlot, parse, size

SYSTEMD = {"type": "systemd-tpm2", "keyslots": ["1"], "tpm2-pcrs": [7, 4], "tpm2_pubkey_pcrs": [11]}
RECOVERY = {"type": "systemd-recovery", "keyslots": ["2"]}


def clevis(pin: object) -> dict[str, object]:
    protected = base64.urlsafe_b64encode(json.dumps({"clevis": pin}).encode()).decode().rstrip("=")
    return {"type": "clevis", "keyslots": ["1"], "jwe": {"protected": protected}}


def header(*tokens: object, slots: int = 2, length: int = 16384) -> bytes:
    """A LUKS2 header with these tokens and key slots."""
    held = {"keyslots": {str(i): {} for i in range(slots)}, "tokens": {str(i): t for i, t in enumerate(tokens)}}
    head = b"LUKS\xba\xbe\0\2" + length.to_bytes(8, "big")
    return (head.ljust(4096, b"\0") + json.dumps(held).encode()).ljust(length, b"\0")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (header(SYSTEMD), LuksHeader((TpmSlot("systemd", frozenset({4, 7}), frozenset({11})),), 1)),
        (header(SYSTEMD, slots=1), LuksHeader((), 1)),
        (header({**SYSTEMD, "keyslots": ["0"]}, slots=1),
         LuksHeader((TpmSlot("systemd", frozenset({4, 7}), frozenset({11})),), 0)),
        (header(SYSTEMD, RECOVERY, slots=3), LuksHeader((TpmSlot("systemd", frozenset({4, 7}), frozenset({11})),), 2)),
        (header({"type": "systemd-tpm2", "keyslots": ["0"], "tpm2_pcrlock": True}, slots=1),
         LuksHeader((TpmSlot("systemd", frozenset(), frozenset(), True),), 0)),
        (header(clevis({"pin": "tpm2", "tpm2": {"pcr_ids": "1,7"}})),
         LuksHeader((TpmSlot("clevis", frozenset({1, 7})),), 1)),
        (header(clevis({"pin": "tang"})), LuksHeader((), 2)),
        (header(slots=1), LuksHeader((), 1)),
        (b"ext4", None),
        (b"LUKS\xba\xbe\0\2" + b"\xff" * 8, None),
    ],
)  # fmt: skip
def test_slots_and_registers_are_told(data: bytes, found: LuksHeader | None) -> None:
    if found is not None and data == header(SYSTEMD, slots=1):
        found = LuksHeader((TpmSlot("systemd", frozenset({4, 7}), frozenset({11})),), 1)
    assert parse(data) == found


def test_the_first_version_has_slots_only() -> None:
    data = bytearray(b"LUKS\xba\xbe\0\1".ljust(592, b"\0"))
    data[208 + 48 : 212 + 48] = (0x00AC71F3).to_bytes(4, "big")
    assert parse(bytes(data)) == LuksHeader((), 1)


def test_lengths_are_bounded() -> None:
    assert size(b"LUKS\xba\xbe\0\2" + b"\xff" * 8) == HEADER_LIMIT
    assert size(b"LUKS") == 0


@pytest.mark.parametrize(
    "token",
    ["x",
     {"type": "clevis"}, {"type": "clevis", "jwe": {"protected": "ä"}}, {"type": "clevis", "jwe": {"protected": 1}},
     clevis([]), clevis({"pin": "tpm2", "tpm2": []}), clevis({"pin": "tpm2", "tpm2": {"pcr_ids": "²,999,x"}}),
     {"type": "systemd-tpm2", "tpm2-pcrs": ["7", True, 99, -1, None], "keyslots": 7}],
)  # fmt: skip
def test_damaged_tokens_are_passed_over(token: object) -> None:
    found = parse(header(token))
    assert found is not None and all(not slot.pcrs for slot in found.tpm)


@given(st.binary(max_size=300), st.integers(0, 4500))
def test_damaged_headers_are_no_trouble(junk: bytes, cut: int) -> None:
    whole = header(SYSTEMD)
    for data in (junk, whole[:cut], b"LUKS\xba\xbe\0\2" + junk, whole[:4096] + junk):
        assert parse(data) is None or isinstance(parse(data), LuksHeader)
