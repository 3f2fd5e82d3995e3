# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The command that sets up a mosquitto broker: an authority, a certificate for each side, rules by certificate name.

A store's certificate is named as the store, and may publish and read under that name only. The settings keep every
acknowledged message when mosquitto is killed: with its own defaults those of the last half hour would be lost.
"""

from __future__ import annotations

import argparse
import datetime
import getpass
import ipaddress
import os
import re
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from yokotago_cloud.bodies import ID_PATTERN
from yokotago_cloud.mqtt import NAME

_DAYS = 3650

_CONFIGURATION = """\
# Made by yokotago-cloud-broker. Start it with: mosquitto -c {folder}/mosquitto.conf
user {user}
listener {port} {address}
cafile {folder}/ca.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key

# Who connects is who the certificate says, also as the client's id: nobody can take over another's session.
require_certificate true
use_identity_as_username true
use_username_as_clientid true
allow_anonymous false
acl_file {folder}/rules.acl

# Saved at every change, and kept for who is away.
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 1
max_queued_messages 100000
max_inflight_messages 100

# A catalogue has at most 4 MB, everything else much less.
max_packet_size 4300000
"""

_RULES = f"""\
user {NAME}
topic read stores/+/events/+
topic write stores/+/check_ins
topic write stores/+/answers
topic write stores/+/catalogue
topic write cloud/keys
topic write cloud/status

pattern write stores/%u/events/+
pattern read stores/%u/check_ins
pattern read stores/%u/answers
pattern read stores/%u/catalogue
pattern read cloud/keys
pattern read cloud/status
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="yokotago-cloud-broker",
        description="Set up a mosquitto broker in a folder, or add stores to it. What is there already stays.",
    )
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help="certificates and configuration")
    parser.add_argument("--address", default="127.0.0.1", help="where the broker listens (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8883, help="its port (default: %(default)s)")
    parser.add_argument(
        "--name", action="append", default=[], help="another name or address under which stores reach the broker"
    )
    parser.add_argument("--store", action="append", default=[], metavar="STORE", help="make this store's certificate")
    given = parser.parse_args(arguments)
    for store in given.store:
        if not re.match(ID_PATTERN, store) or store in (NAME, "broker", "ca"):
            parser.error(
                f"'{store}' cannot be a store's id here: use letters, digits and _ . : -, and no reserved name"
            )
    folder = given.folder.resolve()
    set_up(folder, given.address, given.port, (given.address, *given.name), tuple(given.store))
    print(f"mosquitto -c {folder}/mosquitto.conf")
    for store in given.store:
        print(f"for the store {store}: {folder}/ca.pem {folder}/{store}.pem {folder}/{store}.key")
    return 0


def set_up(folder: Path, address: str, port: int, names: tuple[str, ...], stores: tuple[str, ...]) -> None:
    """Write configuration and rules, and make the certificates that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Started as root, mosquitto becomes another user, who must be able to read this folder.
    settings = {"folder": folder, "address": address, "port": port, "user": getpass.getuser()}
    (folder / "mosquitto.conf").write_text(_CONFIGURATION.format(**settings), "utf-8")
    _write_private(folder / "rules.acl", _RULES.encode())
    if not (folder / "ca.key").exists():
        key = ec.generate_private_key(ec.SECP256R1())
        _keep(folder, "ca", key, _certificate("Yokota de Go broker authority", key, None, key, ()))
    authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    signer = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    for name in ("broker", NAME, *stores):
        if not (folder / f"{name}.key").exists():
            key = ec.generate_private_key(ec.SECP256R1())
            _keep(folder, name, key, _certificate(name, key, authority, signer, names if name == "broker" else ()))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate | None,
    signer: ec.EllipticCurvePrivateKey,
    names: tuple[str, ...],
) -> x509.Certificate:
    """A certificate of the authority, or the authority's own; `names` make it a server's."""
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public = signer.public_key()
    usage = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .add_extension(_key_usage(authority is None), critical=True)
    )
    if authority is not None:
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([_name(n) for n in dict.fromkeys(names)]), critical=False)
    return made.sign(signer, hashes.SHA256())


def _key_usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _keep(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = serialization.PrivateFormat.PKCS8
    _write_private(
        folder / f"{name}.key", key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption())
    )


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


if __name__ == "__main__":
    sys.exit(main())
