"""olympias' /etc: its users, its SSH server, sudo, and what `pmset` and `sysctl` tell."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.lab.olympias import network
from tests.lab.ssh import lab_key, make_key

# An admin with a password; an admin who needs none for sudo. Who sees only their own sees none of another olympias.
USERS = {"jmartin": 501 + 20 * network.NUMBER, "ops": 502 + 20 * network.NUMBER}
PASSWORD = "correct-horse"
PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
LOCAL_PATH = f"/usr/local/bin:{PATH}"
SSHD = """\
Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab.pub
SetEnv PATH={path}
PidFile none
UsePAM no
UseDNS no
StrictModes no
PrintMotd no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
Subsystem sftp internal-sftp
"""
SUDOERS = """\
Defaults env_reset, !lecture, secure_path="{path}", env_keep += "HOME MAIL"
root ALL=(ALL:ALL) ALL
%admin ALL=(ALL:ALL) ALL
ops ALL=(ALL:ALL) NOPASSWD: ALL
"""
PMSET = "standby 0\npowernap 1\ndisksleep 10\nsleep 1\nautorestart 0\nwomp 1\nhibernatemode 0\ndisplaysleep 10\n"


def write(run: Path) -> None:
    """Write olympias' name and its /etc into the folder that root.sh is given."""
    etc = run / "etc"
    (etc / "ssh").mkdir(parents=True)
    (run / "name").write_text(network.NAME)
    make_key(etc / "ssh/ssh_host_ed25519_key")
    (etc / "ssh/lab.pub").write_text(lab_key().with_suffix(".pub").read_text())
    (etc / "ssh/sshd_config").write_text(SSHD.format(path=PATH))
    crypted = subprocess.check_output(["openssl", "passwd", "-6", PASSWORD], text=True).strip()
    accounts = {"root": (0, 0, "/var/root"), "sshd": (75, 75, "/var/empty"), "nobody": (65534, 65534, "/var/empty")}
    accounts.update({user: (uid, network.STAFF, f"/Users/{user}") for user, uid in USERS.items()})
    lines = [f"{name}:x:{uid}:{gid}::{home}:/bin/bash\n" for name, (uid, gid, home) in accounts.items()]
    (etc / "passwd").write_text("".join(lines))
    shadow = [f"{name}:{crypted if name in USERS else '*'}:19000:0:99999:7:::\n" for name in accounts]
    (etc / "shadow").write_text("".join(shadow))
    (etc / "shadow").chmod(0o600)
    members = ",".join(USERS)
    (etc / "group").write_text(f"wheel:x:0:\nstaff:x:20:{members}\nadmin:x:80:{members}\nnogroup:x:65534:\n")
    (etc / "sudoers").write_text(SUDOERS.format(path=PATH))
    (etc / "sudoers").chmod(0o440)
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n{network.ADDRESS} {network.NAME}\n")
    (etc / "profile").write_text(f'PATH="{LOCAL_PATH}"\nexport PATH\n')
    (etc / "pmset").write_text(PMSET)
    (etc / "sysctl.sleep").write_text("0 0\n")
