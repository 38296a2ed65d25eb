"""A machine's config.json, as docker-machine writes it."""

from __future__ import annotations

from typing import Any

from .store import Store


def config(store: Store, name: str, flags: dict[str, Any]) -> dict[str, Any]:
    """What config.json says, in the order of the real one."""
    folder, certificates = store.machines / name, store.certs
    return {
        "ConfigVersion": 3,
        "Driver": {
            "IPAddress": "",
            "MachineName": name,
            "SSHUser": "docker",
            "SSHPort": 0,
            "SSHKeyPath": str(folder / "id_rsa"),
            "StorePath": str(store.root),
            "SwarmMaster": False,
            "SwarmHost": "tcp://0.0.0.0:3376",
            "SwarmDiscovery": "",
            "VBoxManager": {},
            "HostInterfaces": {},
            "CPU": flags["virtualbox-cpu-count"],
            "Memory": flags["virtualbox-memory"],
            "DiskSize": flags["virtualbox-disk-size"],
            "NatNicType": flags["virtualbox-nat-nictype"],
            "Boot2DockerURL": flags["virtualbox-boot2docker-url"],
            "Boot2DockerImportVM": "",
            "HostDNSResolver": flags["virtualbox-host-dns-resolver"],
            "HostOnlyCIDR": flags["virtualbox-hostonly-cidr"],
            "HostOnlyNicType": "82540EM",
            "HostOnlyPromiscMode": "deny",
            "UIType": flags["virtualbox-ui-type"],
            "HostOnlyNoDHCP": flags["virtualbox-hostonly-no-dhcp"],
            "NoShare": flags["virtualbox-no-share"],
            "DNSProxy": not flags["virtualbox-no-dns-proxy"],
            "NoVTXCheck": flags["virtualbox-no-vtx-check"],
            "ShareFolder": flags["virtualbox-share-folder"],
        },
        "DriverName": "virtualbox",
        "HostOptions": {
            "Driver": "",
            "Memory": 0,
            "Disk": 0,
            "EngineOptions": {
                "ArbitraryFlags": flags["engine-opt"],
                "Dns": None,
                "GraphDir": "",
                "Env": flags["engine-env"],
                "Ipv6": False,
                "InsecureRegistry": [],
                "Labels": flags["engine-label"],
                "LogLevel": "",
                "StorageDriver": "",
                "SelinuxEnabled": False,
                "TlsVerify": True,
                "RegistryMirror": flags["engine-registry-mirror"],
                "InstallURL": "https://get.docker.com",
            },
            "SwarmOptions": {
                "IsSwarm": False,
                "Address": "",
                "Discovery": "",
                "Agent": False,
                "Master": False,
                "Host": "tcp://0.0.0.0:3376",
                "Image": "swarm:latest",
                "Strategy": "spread",
                "Heartbeat": 0,
                "Overcommit": 0,
                "ArbitraryFlags": [],
                "ArbitraryJoinFlags": [],
                "Env": None,
                "IsExperimental": False,
            },
            "AuthOptions": {
                "CertDir": str(certificates),
                "CaCertPath": str(certificates / "ca.pem"),
                "CaPrivateKeyPath": str(certificates / "ca-key.pem"),
                "CaCertRemotePath": "",
                "ServerCertPath": str(folder / "server.pem"),
                "ServerKeyPath": str(folder / "server-key.pem"),
                "ClientKeyPath": str(certificates / "key.pem"),
                "ServerCertRemotePath": "",
                "ServerKeyRemotePath": "",
                "ClientCertPath": str(certificates / "cert.pem"),
                "ServerCertSANs": flags["tls-san"],
                "StorePath": str(folder),
            },
        },
        "Name": name,
    }
