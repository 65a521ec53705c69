"""Certificates for the TLS front of the sandbox's Temporal server; run as `python -m emulator.certificates DIR`.

Writes PEM files: ca, server (this machine), server-named (the name `temporal.internal` alone), client (X.509 version 3),
client-expired, client-v1 (version 1), and of another CA stranger-ca and stranger-client, each with its key. Keys are
readable by their owner only.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import os
import sys
import textwrap
from pathlib import Path
from typing import List, NamedTuple, Optional

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import der

DAY = datetime.timedelta(days=1)
THIS_MACHINE: List[x509.GeneralName] = [
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
]


class Pair(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    authority = issue("temporal-fargate sandbox CA", None)
    write(folder, "ca", authority)
    write(folder, "server", issue("localhost", authority, server_names=THIS_MACHINE))
    named = [x509.DNSName("temporal.internal")]
    write(folder, "server-named", issue("temporal.internal", authority, server_names=named))
    client = issue("worker", authority)
    write(folder, "client", client)
    write(folder, "client-expired", issue("worker", authority, age=30 * DAY, lifetime=DAY))
    write_pem(folder, "client-v1", version_1(client, authority), client.key)
    stranger = issue("another CA", None)
    write(folder, "stranger-ca", stranger)
    write(folder, "stranger-client", issue("worker", stranger))


def issue(
    name: str,
    issuer: Optional[Pair],
    server_names: Optional[List[x509.GeneralName]] = None,
    age: datetime.timedelta = DAY,
    lifetime: datetime.timedelta = 365 * DAY,
) -> Pair:
    """A certificate for `name`, signed by `issuer`, or by itself as a CA; a server's when it has `server_names`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime.now(datetime.timezone.utc) - age
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if server_names:
        builder = builder.add_extension(x509.SubjectAlternativeName(server_names), critical=False)
    if issuer:
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server_names else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Pair(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def version_1(pair: Pair, issuer: Pair) -> bytes:
    """DER of the same certificate as `openssl x509 -req` makes it without an extension file: X.509 version 1.

    That is a body without the version and the extensions, its fields [0] and [3] (RFC 5280, section 4.1).
    """
    body, algorithm, _signature = der.members(pair.certificate.public_bytes(serialization.Encoding.DER))
    plain = der.sequence(member for member in der.members(body) if member[0] not in (0xA0, 0xA3))
    return der.sequence([plain, algorithm, der.bit_string(issuer.key.sign(plain, ec.ECDSA(hashes.SHA256())))])


def write(folder: Path, name: str, pair: Pair) -> None:
    write_pem(folder, name, pair.certificate.public_bytes(serialization.Encoding.DER), pair.key)


def write_pem(folder: Path, name: str, certificate: bytes, key: ec.EllipticCurvePrivateKey) -> None:
    lines = "\n".join(textwrap.wrap(base64.b64encode(certificate).decode(), 64))
    (folder / f"{name}.pem").write_text(f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
