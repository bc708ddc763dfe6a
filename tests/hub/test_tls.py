"""The certificate is made once, is private, and has a fingerprint."""

from __future__ import annotations

import hashlib
import os
import ssl
import stat
from pathlib import Path

import pytest

from syncagent.errors import BadConfig, StorageTrouble
from syncagent.hub.tls import identity


def test_a_certificate_is_made_once(tmp_path: Path) -> None:
    first, second = identity(tmp_path, "0.0.0.0"), identity(tmp_path, "hub.lan")
    assert first.fingerprint == second.fingerprint
    der = ssl.PEM_cert_to_DER_cert((tmp_path / "hub.crt").read_text())
    assert first.fingerprint == hashlib.sha256(der).hexdigest()
    assert first.context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.hazard("G5")
def test_g5_the_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        identity(tmp_path, "::1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "hub.key").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hub.crt", "hub.key"]


def test_what_is_no_pair_is_said_so(tmp_path: Path) -> None:
    identity(tmp_path, "h")
    (tmp_path / "other").mkdir()
    identity(tmp_path / "other", "h")
    (tmp_path / "other" / "hub.key").replace(tmp_path / "hub.key")
    with pytest.raises(BadConfig, match=r"hub\.key"):
        identity(tmp_path, "h")
    (tmp_path / "hub.crt").write_text("nonsense")
    with pytest.raises(BadConfig):
        identity(tmp_path, "h")


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageTrouble):
        identity(tmp_path / "missing", "h")
