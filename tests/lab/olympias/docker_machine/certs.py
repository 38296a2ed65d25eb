"""Certificates as docker-machine makes them: RSA 2048, 1080 days, valid since five minutes, without key identifiers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Optional

from .errors import Failure
from .log import LOG
from .store import Machine

CONFIG = """\
[ca]
default_ca = here
[here]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
unique_subject = no
policy = policy
x509_extensions = kind
[policy]
organizationName = supplied
[kind]
subjectKeyIdentifier = none
authorityKeyIdentifier = none
{kind}
"""
CA_USAGE = "keyCertSign, digitalSignature, keyEncipherment, keyAgreement"
CA = f"basicConstraints = critical, CA:true\nkeyUsage = critical, {CA_USAGE}"
LEAF = "basicConstraints = critical, CA:false\nkeyUsage = critical, digitalSignature\nextendedKeyUsage = "
FORM = "%Y%m%d%H%M00Z"


def bootstrap(machine: Machine) -> None:
    """Make the CA and the client certificate of the store, each only if it is missing or past its end."""
    auth = machine.auth
    ca, ca_key = Path(auth["CaCertPath"]), Path(auth["CaPrivateKeyPath"])
    client, client_key = Path(auth["ClientCertPath"]), Path(auth["ClientKeyPath"])
    Path(auth["CertDir"]).mkdir(mode=0o700, parents=True, exist_ok=True)
    if _wanted(ca, ca_key, "Creating CA", "CA certificate", "certificate authority key already exists"):
        make(ca, ca_key, organization(), CA)
    if _wanted(client, client_key, "Creating client certificate", "Client certificate", "client key already exists"):
        make(client, client_key, f"{organization()}.<bootstrap>", f"{LEAF}clientAuth", (ca, ca_key))


def install(machine: Machine, address: str) -> None:
    """Copy the client's files to the machine's folder, and make a certificate for the engine at this address."""
    auth = machine.auth
    for kind, name in (("CaCertPath", "ca.pem"), ("ClientCertPath", "cert.pem"), ("ClientKeyPath", "key.pem")):
        try:
            shutil.copy(auth[kind], machine.folder / name)
        except FileNotFoundError:
            text = f"Copying {name} to machine dir failed: open {auth[kind]}: no such file or directory"
            raise Failure(text) from None
    names = [*auth["ServerCertSANs"], address, "localhost"]
    alternatives = ",".join(f"{'IP' if name.replace('.', '').isdigit() else 'DNS'}:{name}" for name in names)
    kind = f"{LEAF}serverAuth\nsubjectAltName = {alternatives}"
    signer = Path(auth["CaCertPath"]), Path(auth["CaPrivateKeyPath"])
    owner = f"{organization()}.{machine.name}"
    make(Path(auth["ServerCertPath"]), Path(auth["ServerKeyPath"]), owner, kind, signer)


def organization() -> str:
    """The user, who owns the certificates."""
    return os.environ.get("USER") or "unknown"


def _wanted(path: Path, key: Path, creating: str, name: str, conflict: str) -> bool:
    """Whether a certificate must be made; its outdated predecessor's key is removed."""
    if not path.exists():
        LOG.info(f"{creating}: {path}")
        if key.exists():
            raise Failure(f"Error generating certificates: {conflict}")
        return True
    dates = subprocess.run(["openssl", "x509", "-in", str(path), "-noout", "-checkend", "0"], capture_output=True)
    if dates.returncode:
        LOG.info(f"{name} is outdated and needs to be regenerated")
        key.unlink(missing_ok=True)
    return dates.returncode != 0


def make(path: Path, key: Path, owner: str, kind: str, signer: Optional[tuple[Path, Path]] = None) -> None:
    """Write a key and a certificate, signed by the signer or by itself."""
    since = datetime.now(timezone.utc) - timedelta(minutes=5)
    until = since + timedelta(days=1080)
    with tempfile.TemporaryDirectory() as folder:
        config, request = Path(folder, "config"), Path(folder, "request")
        config.write_text(CONFIG.format(folder=folder, kind=kind))
        Path(folder, "index").touch()
        subject = ["-subj", f"/O={owner}"]
        new = ["-new", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), *subject, "-out", str(request)]
        _openssl("req", *new)
        key.chmod(0o600)
        sign = ["-cert", str(signer[0]), "-keyfile", str(signer[1])] if signer else ["-selfsign", "-keyfile", str(key)]
        dates = ["-startdate", since.strftime(FORM), "-enddate", until.strftime(FORM)]
        files = ["-config", str(config), "-in", str(request), "-out", str(path)]
        _openssl("ca", "-batch", "-notext", "-preserveDN", *files, *sign, *dates)


def _openssl(*words: str) -> None:
    done = subprocess.run(["openssl", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"Error generating certificates: {done.stderr.strip()}")
