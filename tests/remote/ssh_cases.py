"""Files of ssh_config and known_hosts, each with a server: what ssh does with them, the tool does."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A known_hosts file, lines of ssh_config, and the server that is connected to.

    The texts have fields: {port}, {folder}, {key} (a private key that is let in), {ed}, {rsa} (the server's keys),
    {ca}, {other}, {other_rsa} (public keys), {hash_port}, {hash_bare}, {hash_else} (hashed names).
    stricter: why the tool refuses what ssh does not.
    """

    title: str
    known: str = "[127.0.0.1]:{port} {ed}"
    config: str = ""
    server: str = "plain"
    stricter: str = ""


NAMED = "[127.0.0.1]:{port}"
AUTHORITY = f"@cert-authority {NAMED} {{ca}}"
UNKNOWN = "an unknown key is never let through: the hint says how to accept it"
CHANGED = "a changed key is never let through"
NOT_ASKED = "keys come from files alone"
ORDER = "a list of your own is taken in its order"

KNOWN_HOSTS = (
    Case("the key, with the port"),
    Case("the key, without the port", "127.0.0.1 {ed}"),
    Case("no key", ""),
    Case("another key", f"{NAMED} {{other}}"),
    Case("another key with the port, the key without it", f"{NAMED} {{other}}\n127.0.0.1 {{ed}}"),
    Case("the key, with another port", "[127.0.0.1]:1 {ed}"),
    Case("the key, hashed name with the port", "{hash_port} {ed}"),
    Case("the key, hashed name without the port", "{hash_bare} {ed}"),
    Case("the key, hash of another name", "{hash_else} {ed}"),
    Case("a damaged hash, then the key", f"|1|x|y {{other}}\n{NAMED} {{ed}}"),
    Case("a list of names", f"a,b,{NAMED},c {{ed}}"),
    Case("a pattern with `*` and `?`", "[127.?.0.*]:* {ed}"),
    Case("the pattern `*`", "* {ed}"),
    Case("a pattern that leaves out the name with the port", f"*,!{NAMED} {{ed}}"),
    Case("a pattern that leaves out all names of the host", "*,!*127.0.0.1* {ed}"),
    Case("capital letters", "[LOCALHOST]:{port} {ed}", "HostName LocalHost\nAddressFamily inet"),
    Case("two keys of a kind, the second is right", f"{NAMED} {{other}}\n{NAMED} {{ed}}"),
    Case("the RSA key, of a server that has both kinds", f"{NAMED} {{rsa}}"),
    Case("the RSA key, and another of the first kind", f"{NAMED} {{rsa}}\n{NAMED} {{other}}"),
    Case("a key of a kind that the server has not", f"{NAMED} {{other_rsa}}"),
    Case("an empty line, a comment, blanks and tabs before and between", f"\n# x\n \t{NAMED} \t {{ed}} a comment"),
    Case("the key in a comment", f"#{NAMED} {{ed}}"),
    Case("lines that end with CR LF", f"a {{other}}\r\n{NAMED} {{ed}}\r\n"),
    Case("bytes that are no UTF-8", f"\xe4\xff\x00 {{other}}\n# \xfc\n{NAMED} {{ed}} \xdf"),
    Case("lines that cannot be read, then the key", f"x\n{NAMED}\n{NAMED} ssh-ed25519 A=B\n{NAMED} {{ed}}"),
    Case("an SSH-1 key, then the key", f"{NAMED} 1024 35 123\n{NAMED} {{ed}}"),
    Case("the key, as of another kind", f"{NAMED} ssh-rsa {{ed_alone}}"),
    Case("the key, after a marker that is none", f"@known {NAMED} {{ed}}"),
    Case("`@revoked`, and the key", f"{NAMED} {{ed}}\n@revoked {NAMED} {{ed}}"),
    Case("`@revoked` for all names, and the key", f"@revoked * {{ed}}\n{NAMED} {{ed}}"),
    Case("`@revoked` for another key", f"@revoked * {{other}}\n{NAMED} {{ed}}"),
    Case("`@cert-authority`, of a server without a certificate", AUTHORITY),
    Case("`@cert-authority`", AUTHORITY, server="certified"),
    Case("`@cert-authority`, hashed name", "@cert-authority {hash_port} {ca}", server="certified"),
    Case("`@cert-authority` without the port", "@cert-authority 127.* {ca}", server="certified"),
    Case("`@cert-authority` for other names", "@cert-authority *.lab {ca}", server="certified"),
    Case("`@cert-authority` with another key", f"@cert-authority {NAMED} {{other}}", server="certified"),
    Case("the authority's key without the marker", f"{NAMED} {{ca}}", server="certified"),
    Case("the key alone, of a server with a certificate", server="certified"),
    Case("a certificate that is over", AUTHORITY, server="expired"),
    Case("a certificate that is over, and the key", f"{AUTHORITY}\n{NAMED} {{ed}}", server="expired"),
    Case("a certificate for another name", AUTHORITY, server="elsewhere"),
    Case("a certificate for the HostKeyAlias", "@cert-authority lab {ca}", "HostKeyAlias lab", "elsewhere"),
    Case("`@revoked` for the authority", f"{AUTHORITY}\n@revoked * {{ca}}", server="certified"),
    Case("`@revoked` for the authority, and the key", f"@revoked * {{ca}}\n{NAMED} {{ed}}", server="certified"),
    Case("an authority's signature of a kind that is not in CASignatureAlgorithms", AUTHORITY,
         "CASignatureAlgorithms rsa-sha2-512", "certified"),
)  # fmt: skip

CONFIG = (
    Case("RevokedHostKeys has another key", config="RevokedHostKeys {folder}/other.pub"),
    Case("RevokedHostKeys has the key", config="RevokedHostKeys {folder}/ed.pub"),
    Case("RevokedHostKeys has the authority", config="RevokedHostKeys {folder}/ca.pub", server="certified"),
    Case("RevokedHostKeys is a KRL with another key", config="RevokedHostKeys {folder}/other.krl"),
    Case("RevokedHostKeys is a KRL with the key", config="RevokedHostKeys {folder}/ed.krl"),
    Case("RevokedHostKeys is a KRL with the authority", config="RevokedHostKeys {folder}/ca.krl", server="certified"),
    Case("RevokedHostKeys is missing", config="RevokedHostKeys {folder}/missing"),
    Case("RevokedHostKeys cannot be read", config="RevokedHostKeys {folder}/.ssh/config"),
    Case("HostKeyAlias, and the key under it", "lab {ed}", "HostKeyAlias LAB"),
    Case("HostKeyAlias, and the key under the name", config="HostKeyAlias lab"),
    Case("HostKeyAlias, another key under the name", f"lab {{ed}}\n{NAMED} {{other}}", "HostKeyAlias lab"),
    Case("UserKnownHostsFile with two files", config="UserKnownHostsFile /dev/null {folder}/known_hosts"),
    Case("UserKnownHostsFile with a blank in its name", "", 'UserKnownHostsFile "{folder}/a b" {folder}/c'),
    Case("UserKnownHostsFile with %h and ${{VARIABLE}}", "", "UserKnownHostsFile ${{FOLDER}}/%h"),
    Case("UserKnownHostsFile none", config="UserKnownHostsFile none"),
    Case("GlobalKnownHostsFile", "", "GlobalKnownHostsFile {folder}/127.0.0.1"),
    Case("StrictHostKeyChecking no, /dev/null", "",
         "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null", stricter=UNKNOWN),
    Case("StrictHostKeyChecking accept-new, no key", "", "StrictHostKeyChecking accept-new", stricter=UNKNOWN),
    Case("StrictHostKeyChecking no, another key", f"{NAMED} {{other}}", "StrictHostKeyChecking no", stricter=CHANGED),
    Case("NoHostAuthenticationForLocalhost", "", "NoHostAuthenticationForLocalhost yes", stricter=UNKNOWN),
    Case("KnownHostsCommand", "", "KnownHostsCommand /bin/cat {folder}/127.0.0.1", stricter=NOT_ASKED),
    Case("HostKeyAlgorithms without the known kind", config="HostKeyAlgorithms rsa-sha2-512"),
    Case("HostKeyAlgorithms with the known kind", f"{NAMED} {{rsa}}", "HostKeyAlgorithms rsa-sha2-512"),
    Case("HostKeyAlgorithms, the known kind second", f"{NAMED} {{rsa}}", "HostKeyAlgorithms ssh-ed25519,rsa-sha2-256"),
    Case("HostKeyAlgorithms with `+`, the RSA key", f"{NAMED} {{rsa}}", "HostKeyAlgorithms +ssh-rsa"),
    Case("HostKeyAlgorithms with `-`, the RSA key", f"{NAMED} {{rsa}}", "HostKeyAlgorithms -ecdsa*", stricter=ORDER),
    Case("RequiredRSASize above the key's", f"{NAMED} {{rsa}}", "RequiredRSASize 4096"),
    Case("Ciphers, MACs and KexAlgorithms that both have", config="Ciphers aes256-ctr\nMACs hmac-sha2-512\n"
         "KexAlgorithms curve25519-sha256"),
    Case("Ciphers that the server has not", config="Ciphers 3des-cbc"),
    Case("Include", config="HostName nowhere.invalid", server="included"),
    Case("Match exec that holds", "", 'Match exec "test -e {folder}/key"\nUserKnownHostsFile {folder}/%h'),
    Case("Match exec that does not hold", "", 'Match exec "test -e {folder}/missing"\nUserKnownHostsFile {folder}/%h'),
    Case("a keyword that is none", config="Nonsense yes"),
)  # fmt: skip

LOGIN = (
    Case("IdentityFile that is missing, then one that is right", config="IdentityFile {folder}/missing"),
    Case("IdentityFile that is no key, then one that is right", config="IdentityFile {folder}/.ssh/config"),
    Case("IdentityFile with ${{VARIABLE}}", config="IdentityFile ${{FOLDER}}/key", server="keyless"),
    Case("IdentityFile none", config="IdentityFile none", server="keyless"),
    Case("IdentityFile with a passphrase", config="IdentityFile {folder}/locked", server="keyless"),
    Case("PubkeyAuthentication no", config="PubkeyAuthentication no"),
    Case("PubkeyAcceptedAlgorithms without the key's", config="PubkeyAcceptedAlgorithms rsa-sha2-512"),
    Case("PreferredAuthentications without publickey", config="PreferredAuthentications password"),
    Case(
        "a user's certificate that CertificateFile names",
        config="CertificateFile {folder}/user.pub",
        server="authority",
    ),
    Case("a user's certificate that nothing names", server="authority"),
    Case("a user's certificate beside the key", config="IdentityFile {folder}/authority/own", server="authority"),
    Case("IdentityFile of a user who is not there", config="IdentityFile ~nobody-there/key"),
    Case("ConnectTimeout 0", config="ConnectTimeout 0"),
    Case("ForwardAgent with a path", config="ForwardAgent {folder}/agent"),
    Case("another User", config="User nobody-there"),
    Case("another Port", config="Port 1"),
    Case("AddressFamily of another kind", config="AddressFamily inet6"),
    Case("BindAddress", config="BindAddress 127.0.0.1"),
    Case("BindAddress that is not here", config="BindAddress 192.0.2.1"),
    Case("ProxyJump none", config="ProxyJump none"),
    Case("ProxyJump one,two: two is reached from one", config="ProxyJump one,two"),
    Case("ProxyJump two,one: two is not reached", config="ProxyJump two,one"),
    Case("ProxyJump two, whose own ProxyJump is one", config="ProxyJump two", server="nested"),
    Case("ProxyJump with a user and a port", config="ProxyJump ssh://{user}@127.0.0.1:{port_one}"),
    Case("ProxyJump over a host with an unknown key", config="ProxyJump stranger"),
    Case("ProxyCommand", config="ProxyCommand ssh one -W [%h]:%p"),
    Case("ProxyCommand that the shell takes apart", config="ProxyCommand ssh one -W '[%h]:%p' 2>/dev/null || :"),
    Case("ProxyCommand that fails", config="ProxyCommand false"),
    Case("ProxyCommand none", config="ProxyCommand none"),
)
