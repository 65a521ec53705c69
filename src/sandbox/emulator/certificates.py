"""Test certificates for the TLS front of the sandbox's Temporal server; run as `python -m emulator.certificates DIR`.

Writes PEM files: ca, server, client (X.509 version 3, signed by the CA), client-expired, stranger-ca and
stranger-client (another CA), each with its key. Keys are readable by their owner only.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import sys
from pathlib import Path
from typing import Optional, Tuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Pair = Tuple[x509.Certificate, ec.EllipticCurvePrivateKey]

DAY = datetime.timedelta(days=1)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    authority = issue("temporal-fargate sandbox CA", None)
    write(folder, "ca", authority)
    write(folder, "server", issue("localhost", authority, server=True))
    write(folder, "client", issue("worker", authority))
    write(folder, "client-expired", issue("worker", authority, age=30 * DAY, lifetime=DAY))
    stranger = issue("another CA", None)
    write(folder, "stranger-ca", stranger)
    write(folder, "stranger-client", issue("worker", stranger))


def issue(
    name: str,
    issuer: Optional[Pair],
    server: bool = False,
    age: datetime.timedelta = DAY,
    lifetime: datetime.timedelta = 365 * DAY,
) -> Pair:
    """A certificate for `name`, signed by `issuer`, or by itself as a CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime.now(datetime.timezone.utc) - age
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if server:
        addresses = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
        names = [x509.DNSName("localhost"), *(x509.IPAddress(address) for address in addresses)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if issuer:
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def write(folder: Path, name: str, pair: Pair) -> None:
    certificate, key = pair
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
