"""The hub's certificate: self-signed, made once, pinned by its fingerprint.

A hub that listens beyond its own machine speaks TLS.  No authority knows a machine in someone's home, so the link that
adds a machine carries the fingerprint of the certificate, and the agent accepts just that one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Final

from syncagent.errors import BadConfig, StorageTrouble
from syncagent.model.values import fixed
from syncagent.private import UNFOLLOWED

if TYPE_CHECKING:
    from cryptography import x509

CERTIFICATE: Final = "hub.crt"
PRIVATE_KEY: Final = "hub.key"
_DAYS: Final = 3650


@fixed
class Identity:
    """``context`` is ready to serve; ``fingerprint`` is the SHA-256 of the certificate, in lower-case hexadecimal."""

    context: ssl.SSLContext
    fingerprint: str


def identity(directory: Path, host: str) -> Identity:
    """The certificate in ``directory``, made if there is none.

    Raises BadConfig when what lies there is no certificate with its key, StorageTrouble when it cannot be written.
    """
    certificate, private = directory / CERTIFICATE, directory / PRIVATE_KEY
    try:
        if not certificate.exists():
            _make(certificate, private, host)
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text("ascii"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, private)
    except (ssl.SSLError, ValueError) as trouble:
        raise BadConfig(f"{CERTIFICATE} and {PRIVATE_KEY} in the hub's directory are no pair: {trouble}") from trouble
    except OSError as trouble:
        raise StorageTrouble(f"the hub's certificate cannot be kept: {trouble.strerror}") from trouble
    return Identity(context, hashlib.sha256(der).hexdigest())


def _make(certificate: Path, private: Path, host: str) -> None:
    # 9 MB, for one call in the life of a hub.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "syncagent hub")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A clock that is behind by a day must not keep a new certificate from being good.
        .not_valid_before(today - dt.timedelta(days=2))
        .not_valid_after(today + dt.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    # The certificate comes last: without it, both are made again.
    _write(private, key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    _write(certificate, made.public_bytes(serialization.Encoding.PEM))


def _names(host: str) -> list[x509.GeneralName]:
    from cryptography import x509  # noqa: PLC0415 - as above

    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    try:
        names.append(x509.IPAddress(ipaddress.ip_address(host)))
    except ValueError:
        names.append(x509.DNSName(host))
    return names


def _write(path: Path, text: bytes) -> None:
    """Write ``path`` whole and durable, readable by its owner alone from the first moment on (HAZARDS G5)."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | UNFOLLOWED, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
