"""Where ssh refuses we refuse, and where it connects we do, or name the option that stands in the way.

Each row is a configuration and what known_hosts says; ssh and our transport go to the same server on loopback.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from tests.machine import needs
from tests.transports.openssh import key_file, public, with_ours, with_ssh
from tests.transports.ssh_server import RELAY, Server, certified, key

# paramiko's own threads end with an EOFError when the other end, here in the same process, goes first.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

HOST, OTHER, SECOND = key("ecdsa"), key("ecdsa", 7), key("ed25519")
LOGIN = key("ecdsa", 5)
AUTHORITY = key("ecdsa", 11)
HERE = "[127.0.0.1]:{port}"


def line(names, which, marker=""):
    return f"{marker} {names} {public(which)}\n".lstrip()


KNOWN = line(HERE, HOST)
TRUSTED = line("*", AUTHORITY, "@cert-authority")
REVOKED_AUTHORITY = line("*", AUTHORITY, "@revoked")


@dataclass
class Row:
    """`connects` is what ssh does, None where its versions differ; `names` is what our refusal names where it does."""

    name: str
    config: str = ""
    known: str = KNOWN
    connects: bool | None = False
    names: str = ""
    accept_new: bool = False
    certificate: tuple | None = None  # arguments of ssh-keygen -s
    principals: str = "127.0.0.1"
    plain: bool = False  # the server shows its plain key as well
    server: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    run: tuple = ()  # a command that makes more files
    host: str = "127.0.0.1"


def refused(name, config="", known=KNOWN, **more):
    return Row(name, config, known, connects=False, **more)


def connected(name, config="", known=KNOWN, **more):
    return Row(name, config, known, connects=True, **more)


def keygen(*arguments):
    return ("ssh-keygen", "-q", *arguments)


HASH = keygen("-H", "-f", "{tmp}/known")
KRL = keygen("-k", "-f", "{tmp}/krl", "{tmp}/more")
KRL_OF_AUTHORITY = keygen("-k", "-f", "{tmp}/krl", "-s", "{tmp}/authority.pub", "{tmp}/more")
KRL_OF_ANY = keygen("-k", "-f", "{tmp}/krl", "-s", "none", "{tmp}/more")
KRL_CUT = ("sh", "-c", "ssh-keygen -q -k -f {tmp}/whole {tmp}/more && head -c 60 {tmp}/whole >{tmp}/krl")


def speaks_only(kind, *names):
    import paramiko

    ours = getattr(paramiko.Transport, f"_preferred_{kind}")
    return {"transport_options": {"disabled_algorithms": {kind: [each for each in ours if each not in names]}}}


STRICT = [
    connected("known"),
    refused("unknown", known=""),
    refused("unknown-and-ask", "StrictHostKeyChecking ask", known=""),
    refused("unknown-and-yes", "StrictHostKeyChecking yes", known=""),
    connected("unknown-and-no", "StrictHostKeyChecking no", known=""),
    connected("unknown-and-off", "StrictHostKeyChecking off", known=""),
    connected("unknown-and-false", "StrictHostKeyChecking FALSE", known=""),
    connected("unknown-and-accept-new", "StrictHostKeyChecking accept-new", known=""),
    connected("accept-new-over-yes", "StrictHostKeyChecking yes", known="", accept_new=True),
    refused("changed", known=line(HERE, OTHER)),
    refused("changed-and-accept-new", known=line(HERE, OTHER), accept_new=True),
    connected("changed-and-no", "StrictHostKeyChecking no", line(HERE, OTHER), names="StrictHostKeyChecking no"),
    refused("another-type-and-accept-new", known=line(HERE, SECOND), accept_new=True),
    refused("a-value-that-is-none", "StrictHostKeyChecking maybe"),
    refused("verify-in-dns", "VerifyHostKeyDNS yes", known=""),
    connected("verify-in-dns-and-known", "VerifyHostKeyDNS yes"),
    connected("update", "UpdateHostKeys yes"),
    connected("localhost-is-not-asked", "NoHostAuthenticationForLocalhost yes", known=""),
    connected("localhost-is-not-asked-even-when-changed", "NoHostAuthenticationForLocalhost yes", line(HERE, OTHER)),
    refused("localhost-with-an-alias", "NoHostAuthenticationForLocalhost yes\nHostKeyAlias cluster", known=""),
    connected("check-ip", "CheckHostIP yes"),
    connected(
        "a-command-knows-it",
        "KnownHostsCommand /bin/cat {tmp}/more",
        known="",
        files={"more": KNOWN},
        names="KnownHostsCommand",
    ),
    connected("no-command", "KnownHostsCommand none"),
]

NAMES = [
    connected("wildcard", known=line("[127.*]:{port}", HOST)),
    refused("wildcard-and-not", known=line("[127.*]:{port},![127.0.0.1]:{port}", HOST)),
    connected("without-port", known=line("127.0.0.1", HOST)),
    refused("without-port-and-changed", known=line("127.0.0.1", OTHER)),
    connected("without-port-and-changed-and-new", known=line("127.0.0.1", OTHER), accept_new=True),
    connected("both-and-without-port-changed", known=KNOWN + line("127.0.0.1", OTHER)),
    refused("of-another-port", known=line("[127.0.0.1]:1", HOST)),
    connected("hashed", run=HASH),
    refused("hashed-and-changed", known=line(HERE, OTHER), run=HASH),
    connected("alias", "HostKeyAlias Cluster", line("cluster", HOST)),
    refused("alias-has-no-port", "HostKeyAlias cluster", line("[cluster]:{port}", HOST)),
    refused("alias-and-not-the-host", "HostKeyAlias cluster"),
    connected("alias-and-new", "HostKeyAlias cluster", known="", accept_new=True),
    connected("the-systems-file", "GlobalKnownHostsFile {tmp}/more", known="", files={"more": KNOWN}),
    refused(
        "the-systems-file-says-otherwise",
        "GlobalKnownHostsFile {tmp}/more",
        known="",
        files={"more": line(HERE, OTHER)},
        accept_new=True,
    ),
    connected("the-systems-file-and-new", "GlobalKnownHostsFile {tmp}/more", known="", accept_new=True),
    connected("the-second-file", "UserKnownHostsFile {tmp}/none {tmp}/more", known="", files={"more": KNOWN}),
    connected("several-files-and-new", "UserKnownHostsFile {tmp}/first {tmp}/known", known="", accept_new=True),
    refused("no-file-and-new", "UserKnownHostsFile none", accept_new=True),
    connected(
        "no-file-of-ones-own",
        "UserKnownHostsFile none\nGlobalKnownHostsFile {tmp}/more",
        known="",
        files={"more": KNOWN},
    ),
    refused("none-among-others", "UserKnownHostsFile none {tmp}/known"),
    connected(
        "tokens",
        "UserKnownHostsFile {tmp}/%h-%p-%r-%n-%k-%%",
        known="",
        files={"127.0.0.1-{port}-user-127.0.0.1-127.0.0.1-%": KNOWN},
    ),
    refused("tokens-that-are-none", "UserKnownHostsFile {tmp}/%z"),
    connected("variables", "UserKnownHostsFile ${{FOLDER}}/more", known="", files={"more": KNOWN}),
    refused("variables-that-are-not-set", "UserKnownHostsFile ${{UNSET}}/more"),
    connected("blanks-in-a-name", 'UserKnownHostsFile "{tmp}/with blank"', known="", files={"with blank": KNOWN}),
    refused("a-name-of-the-host-that-cannot-be-noted", "HostName 127.0.0.1", known="", host="x#y", accept_new=False),
]

REVOKED = [
    refused("marked", known=KNOWN + line(HERE, HOST, "@revoked")),
    refused("marked-for-all", known=KNOWN + line("*", HOST, "@revoked")),
    refused("marked-and-new", known=line("*", HOST, "@revoked"), accept_new=True),
    refused("marked-and-hashed", known=line(HERE, HOST, "@revoked"), run=HASH, accept_new=True),
    connected("marked-without-port", known=line("127.0.0.1", HOST, "@revoked"), accept_new=True, names="revoked"),
    connected("marked-without-port-and-known", known=KNOWN + line("127.0.0.1", HOST, "@revoked")),
    connected("marked-for-another-host", known=KNOWN + line("web1", HOST, "@revoked")),
    connected("another-key-marked", known=KNOWN + line("*", OTHER, "@revoked")),
    refused(
        "marked-in-the-systems-file", "GlobalKnownHostsFile {tmp}/more", files={"more": line("*", HOST, "@revoked")}
    ),
    refused("marked-and-an-alias", "HostKeyAlias cluster", line("cluster", HOST) + line("cluster", HOST, "@revoked")),
    connected("marked-and-no", "StrictHostKeyChecking no", KNOWN + line("*", HOST, "@revoked"), names="revoked"),
    refused("in-a-file", "RevokedHostKeys {tmp}/more", files={"more": public(HOST)}),
    refused(
        "in-a-file-with-comments",
        "RevokedHostKeys {tmp}/more",
        files={"more": f"# gone\n\n {public(OTHER)} a b\n{public(HOST)} c\n"},
    ),
    connected("another-in-a-file", "RevokedHostKeys {tmp}/more", files={"more": public(OTHER)}),
    connected("an-empty-file", "RevokedHostKeys {tmp}/more", files={"more": ""}),
    refused("a-file-that-is-not-there", "RevokedHostKeys {tmp}/nowhere"),
    refused("a-file-that-is-no-list", "RevokedHostKeys {tmp}/more", files={"more": "what is this\n"}),
    refused(
        "a-file-with-another-type", "RevokedHostKeys {tmp}/more", files={"more": f"ssh-rsa {OTHER.get_base64()}\n"}
    ),
    connected("no-file-is-meant", "RevokedHostKeys none"),
    refused("a-file-at-home", "RevokedHostKeys ~/nowhere"),
    refused("several-files", "RevokedHostKeys {tmp}/other {tmp}/more", files={"other": "", "more": public(HOST)}),
    refused("in-a-file-though-new", "RevokedHostKeys {tmp}/more", "", files={"more": public(HOST)}, accept_new=True),
    refused(
        "in-a-file-though-localhost",
        "NoHostAuthenticationForLocalhost yes\nRevokedHostKeys {tmp}/more",
        files={"more": public(HOST)},
    ),
    refused(
        "in-a-krl",
        "RevokedHostKeys {tmp}/krl",
        files={"more": public(HOST)},
        run=KRL,
    ),
    connected(
        "another-in-a-krl",
        "RevokedHostKeys {tmp}/krl",
        files={"more": public(OTHER)},
        run=KRL,
    ),
    refused(
        "a-hash-in-a-krl",
        "RevokedHostKeys {tmp}/krl",
        files={"more": f"sha256: {public(HOST)}"},
        run=KRL,
    ),
    refused(
        "an-old-hash-in-a-krl",
        "RevokedHostKeys {tmp}/krl",
        files={"more": f"sha1: {public(HOST)}"},
        run=KRL,
    ),
    refused(
        "a-krl-that-is-cut",
        "RevokedHostKeys {tmp}/krl",
        files={"more": public(OTHER)},
        run=KRL_CUT,
    ),
]

CERTIFICATES = [
    connected("trusted", known=TRUSTED, certificate=()),
    connected("trusted-and-plain", known=TRUSTED, certificate=(), plain=True),
    refused("nobody-known", known="", certificate=()),
    connected("nobody-known-and-new", known="", certificate=(), accept_new=True),
    connected("nobody-known-but-the-key", known=KNOWN, certificate=()),
    refused("another-authority", known=line("*", OTHER, "@cert-authority"), certificate=()),
    refused("an-authority-of-other-hosts", known=line("web*", AUTHORITY, "@cert-authority"), certificate=()),
    connected("an-authority-without-port", known=line("127.0.0.1", AUTHORITY, "@cert-authority"), certificate=()),
    refused("an-authority-is-no-host-key", known=line("*", AUTHORITY), certificate=()),
    refused("revoked-authority", known=TRUSTED + REVOKED_AUTHORITY, certificate=()),
    refused("revoked-authority-and-new", known=REVOKED_AUTHORITY, certificate=(), accept_new=True),
    refused(
        "revoked-authority-and-new-and-plain", known=REVOKED_AUTHORITY, certificate=(), accept_new=True, plain=True
    ),
    refused(
        "revoked-authority-and-the-key-known", known=line(HERE, HOST) + REVOKED_AUTHORITY, certificate=(), plain=True
    ),
    connected(
        "revoked-authority-without-port",
        known=line("127.0.0.1", AUTHORITY, "@revoked"),
        certificate=(),
        accept_new=True,
        names="revoked",
    ),
    refused("revoked-key-in-it", known=TRUSTED + line("*", HOST, "@revoked"), certificate=()),
    refused(
        "revoked-authority-in-a-file",
        "RevokedHostKeys {tmp}/more",
        TRUSTED,
        files={"more": public(AUTHORITY)},
        certificate=(),
    ),
    refused(
        "revoked-authority-in-a-file-and-new",
        "RevokedHostKeys {tmp}/more",
        "",
        files={"more": public(AUTHORITY)},
        certificate=(),
        accept_new=True,
        plain=True,
    ),
    refused(
        "revoked-key-in-a-file", "RevokedHostKeys {tmp}/more", TRUSTED, files={"more": public(HOST)}, certificate=()
    ),
    refused(
        "serial-in-a-krl",
        "RevokedHostKeys {tmp}/krl",
        TRUSTED,
        certificate=("-h", "-z", "7"),
        files={"more": "serial: 5-9\n"},
        run=KRL_OF_AUTHORITY,
    ),
    connected(
        "other-serials-in-a-krl",
        "RevokedHostKeys {tmp}/krl",
        TRUSTED,
        certificate=("-h", "-z", "17"),
        files={"more": "serial: 1\nserial: 3\nserial: 5\nserial: 64\n"},
        run=KRL_OF_AUTHORITY,
    ),
    refused(
        "serial-in-a-map-in-a-krl",
        "RevokedHostKeys {tmp}/krl",
        TRUSTED,
        certificate=("-h", "-z", "17"),
        files={"more": "".join(f"serial: {n}\n" for n in range(3, 41, 2))},
        run=KRL_OF_AUTHORITY,
    ),
    refused(
        "identity-in-a-krl",
        "RevokedHostKeys {tmp}/krl",
        TRUSTED,
        certificate=(),
        files={"more": "id: host\n"},
        run=KRL_OF_AUTHORITY,
    ),
    refused(
        "identity-of-any-authority-in-a-krl",
        "RevokedHostKeys {tmp}/krl",
        TRUSTED,
        certificate=(),
        files={"more": "id: host\n"},
        run=KRL_OF_ANY,
    ),
    refused("of-a-user", known=TRUSTED, certificate=("-V", "+1d")),
    refused("expired", known=TRUSTED, certificate=("-h", "-V", "-2d:-1d")),
    refused("not-yet", known=TRUSTED, certificate=("-h", "-V", "+1d:+2d")),
    refused("of-another-host", known=TRUSTED, certificate=(), principals="web1"),
    connected("of-several-hosts", known=TRUSTED, certificate=(), principals="web1,127.0.0.1"),
    Row("of-many-hosts", "", TRUSTED, None, "it is for web1, 127.0.*", certificate=(), principals="web1,127.0.*"),
    Row("of-no-host", "", TRUSTED, None, "no host", certificate=(), principals=""),
    connected("of-an-alias", "HostKeyAlias cluster", TRUSTED, certificate=(), principals="cluster"),
    refused("of-the-host-though-there-is-an-alias", "HostKeyAlias cluster", TRUSTED, certificate=()),
    refused("critical", known=TRUSTED, certificate=("-h", "-O", "critical:what=ever")),
    connected("with-an-extension", known=TRUSTED, certificate=("-h", "-O", "extension:what=ever")),
    connected("expired-but-the-key-is-known", known=TRUSTED + KNOWN, certificate=("-h", "-V", "-2d:-1d")),
    refused("signed-otherwise", "CASignatureAlgorithms ssh-ed25519", TRUSTED, certificate=()),
    connected(
        "signed-otherwise-and-the-key-is-known", "CASignatureAlgorithms ssh-ed25519", TRUSTED + KNOWN, certificate=()
    ),
    connected("signed-as-allowed", "CASignatureAlgorithms ecdsa*", TRUSTED, certificate=()),
    refused("signed-as-taken-away", "CASignatureAlgorithms -ecdsa*", TRUSTED, certificate=()),
    refused("no-certificates-wanted", "HostKeyAlgorithms ecdsa-sha2-nistp256", TRUSTED, certificate=()),
    refused("only-certificates-wanted", "HostKeyAlgorithms *-cert-v01@openssh.com"),
    connected(
        "only-certificates-wanted-and-there", "HostKeyAlgorithms *-cert-v01@openssh.com", TRUSTED, certificate=()
    ),
    Row(
        "only-certificates-wanted-and-not-valid",
        "HostKeyAlgorithms *-cert-v01@openssh.com",
        TRUSTED + KNOWN,
        connects=None,
        names="HostKeyAlgorithms",
        certificate=("-h", "-V", "-2d:-1d"),
    ),
]

TWO_KEYS = {"host_keys": (HOST, SECOND)}
ALGORITHMS = [
    refused("host-key-of-another-type", "HostKeyAlgorithms ssh-ed25519"),
    connected("host-key-of-the-type", "HostKeyAlgorithms ecdsa-sha2-nistp256"),
    refused("host-key-taken-away", "HostKeyAlgorithms -ecdsa*"),
    connected("host-key-added", "HostKeyAlgorithms +ssh-rsa"),
    refused("host-key-that-is-none", "HostKeyAlgorithms ssh-what"),
    connected("known-type-first", "", server=TWO_KEYS),
    connected("known-type-first-with-additions", "HostKeyAlgorithms +ssh-rsa", server=TWO_KEYS),
    refused("order-as-given", "HostKeyAlgorithms ssh-ed25519,ecdsa-sha2-nistp256", server=TWO_KEYS),
    refused("put-in-front", "HostKeyAlgorithms ^ssh-ed25519", server=TWO_KEYS),
    refused("known-without-port-of-the-second-type", known=line("127.0.0.1", HOST), server=TWO_KEYS),
    refused("small-host-key", "RequiredRSASize 3072", line(HERE, key("rsa")), server={"host_keys": (key("rsa"),)}),
    connected("large-host-key", "RequiredRSASize 2048", line(HERE, key("rsa")), server={"host_keys": (key("rsa"),)}),
    connected("cipher", "Ciphers aes256-ctr"),
    refused("cipher-of-the-server-only", "Ciphers aes256-ctr", server=speaks_only("ciphers", "aes128-ctr")),
    refused("cipher-that-paramiko-has-not", "Ciphers chacha20-poly1305@openssh.com"),
    refused("cipher-of-old", server=speaks_only("ciphers", "3des-cbc")),
    connected("cipher-of-old-added", "Ciphers +3des-cbc", server=speaks_only("ciphers", "3des-cbc")),
    refused("cipher-taken-away", "Ciphers -aes*-ctr", server=speaks_only("ciphers", "aes128-ctr")),
    refused("cipher-with-a-star", "Ciphers aes*"),
    refused("mac-of-old", server=speaks_only("macs", "hmac-md5")),
    connected("mac-of-old-added", "MACs +hmac-md5\nCiphers aes128-ctr", server=speaks_only("macs", "hmac-md5")),
    refused("mac-that-is-none", "MACs none"),
    connected("key-exchange", "KexAlgorithms ecdh-sha2-nistp256"),
    refused(
        "key-exchange-of-the-server-only",
        "KexAlgorithms ecdh-sha2-nistp256",
        server=speaks_only("kex", "ecdh-sha2-nistp384"),
    ),
    refused("key-exchange-by-its-new-name", "KexAlgorithms curve25519-sha256"),
    connected("key-exchange-by-its-old-name", "KexAlgorithms curve25519-sha256@libssh.org"),
    refused("login-key-of-another-type", "PubkeyAcceptedAlgorithms ssh-ed25519"),
    refused("login-key-taken-away", "PubkeyAcceptedKeyTypes -ecdsa*"),
    connected("login-key-of-the-type", "PubkeyAcceptedAlgorithms ecdsa*"),
    refused("small-login-key", "RequiredRSASize 3072\nIdentityFile {tmp}/rsa"),
    refused("no-keys", "PubkeyAuthentication no"),
    refused("another-method", "PreferredAuthentications password,keyboard-interactive"),
    connected("this-method", "PreferredAuthentications password,publickey"),
    connected("batch", "BatchMode yes"),
    refused("no-identity", "IdentityFile none\nIdentitiesOnly yes", server={"keys": (LOGIN,)}),
]

WAYS = [
    connected("from-an-address", "BindAddress 127.0.0.1"),
    refused("from-an-address-of-another-machine", "BindAddress 192.0.2.1"),
    Row("from-an-interface", "BindInterface lo", connects=None, names="BindInterface"),
    refused("of-another-family", "AddressFamily inet6"),
    connected("of-the-family", "AddressFamily inet"),
    refused("of-no-family", "AddressFamily ipx"),
    connected("proxy", "ProxyCommand '{python}' {tmp}/relay.py %h %p"),
    connected("no-proxy", "ProxyCommand none\nProxyJump 127.0.0.1:1"),
    refused("the-first-proxy", "ProxyJump 127.0.0.1:1\nProxyCommand '{python}' {tmp}/relay.py %h %p"),
    connected("no-jump-but-a-proxy", "ProxyJump none\nProxyCommand '{python}' {tmp}/relay.py %h %p"),
    refused("proxy-with-a-token-that-is-none", "ProxyCommand nc %z"),
    refused("proxy-that-passes-a-descriptor", "ProxyUseFdpass yes\nProxyCommand '{python}' {tmp}/relay.py %h %p"),
    connected("no-proxy-that-passes-a-descriptor", "ProxyUseFdpass yes"),
    refused("no-attempt", "ConnectionAttempts 0"),
]

FILES = [
    refused("no-option", "Nonsense yes"),
    refused("no-option-for-another-host", "Host other\n Nonsense yes"),
    connected("no-option-and-ignored", "IgnoreUnknown Non*\nNonsense yes"),
    connected("no-option-and-ignored-in-another-block", "IgnoreUnknown nonsense\nHost other\n Nonsense yes"),
    refused("ignored-too-late", "Nonsense yes\nIgnoreUnknown nonsense"),
    refused("port-zero", "Host other\n Port 0"),
    refused("port-too-large", "Host other\n Port 65536"),
    refused("port-of-many-digits", "Port " + "9" * 5000),
    refused("timeout-below-zero", "ConnectTimeout -1"),
    refused("timeout-too-large", "ConnectTimeout 99999999999999999999"),
    refused("timeout-that-is-none", "ConnectTimeout soon"),
    connected("timeout-in-words", "ConnectTimeout 1m30s"),
    connected("timeout-none", "ConnectTimeout none"),
    refused("interval-too-large", "ServerAliveInterval 99999999999999"),
    refused("count-below-zero", "ServerAliveCountMax -3"),
    refused("prompts-that-are-no-number", "NumberOfPasswordPrompts two"),
    refused("size-that-is-no-number", "RequiredRSASize 2k"),
    refused("neither-yes-nor-no", "Host other\n IdentitiesOnly maybe"),
    refused("more-than-a-value", "Host other\n HostName a b"),
    refused("no-value", "Host other\n HostName"),
    refused("a-quote-that-does-not-end", 'Host other\n User "x'),
    connected("comments", "HostName 127.0.0.1 # here\n  # and there\nCompression no"),
    connected("equals", "HostName=127.0.0.1\nCompression = no\n\tCheckHostIP=no  "),
    refused("no-criterion", "Match nonsense\n Port 1"),
    refused("no-criteria-at-all", "Match\n Port 1"),
    refused("all-with-others", "Match all host x"),
    connected("final", "Match final all\n GSSAPIAuthentication yes"),
    connected("equals-in-match", "Match host=127.*\n Compression no"),
    connected("exec-that-fails", "Match exec false\n BindAddress 192.0.2.1"),
    refused("exec-that-succeeds", "Match exec true\n BindAddress 192.0.2.1"),
    refused("exec-with-a-token-that-is-none", 'Match exec "test %z"\n BindAddress 192.0.2.1'),
    connected("exec-for-another-host", "Match host other exec true\n BindAddress 192.0.2.1"),
    connected("include", "Include {tmp}/more*", files={"more1": "Compression no\n"}),
    refused("include-counts", "Include {tmp}/more*", files={"more1": "Host 127.*\nBindAddress 192.0.2.1\n"}),
    connected("include-of-another-host", "Host other\nInclude {tmp}/more", files={"more": "BindAddress 192.0.2.1\n"}),
    connected(
        "include-with-blocks-of-another-host",
        "Host other\nInclude {tmp}/more",
        files={"more": "Host *\nBindAddress 192.0.2.1\n"},
    ),
    refused(
        "include-with-blocks",
        "Host 127.*\nInclude {tmp}/more",
        files={"more": "Host other\nCompression no\nHost *\nBindAddress 192.0.2.1\n"},
    ),
    refused(
        "include-with-blocks-ends",
        "Host 127.*\nInclude {tmp}/more\nBindAddress 192.0.2.1",
        files={"more": "Host other\nCompression no\n"},
    ),
    refused("include-with-a-mistake", "Host other\nInclude {tmp}/more", files={"more": "Nonsense yes\n"}),
    refused(
        "include-that-anybody-may-write",
        "Include {tmp}/more",
        files={"more": "Compression no\n"},
        run=("chmod", "o+w", "{tmp}/more"),
    ),
    Row(
        "include-that-its-group-may-write",
        "Include {tmp}/more",
        connects=None,
        files={"more": "Compression no\n"},
        run=("chmod", "g+w", "{tmp}/more"),
    ),
    refused("include-that-includes-itself", "Include {tmp}/more", files={"more": "Include {tmp}/more\n"}),
]


@pytest.fixture(autouse=True)
def _variables(monkeypatch, tmp_path):
    monkeypatch.setenv("FOLDER", str(tmp_path))
    monkeypatch.delenv("UNSET", raising=False)


def compare(row, tmp_path):
    needs("ssh", "ssh-keygen")
    options = {"keys": (LOGIN, key("rsa", 5)), "host_keys": (HOST,)} | row.server
    with Server(**options) as server:
        words = {"port": server.port, "tmp": tmp_path, "python": sys.executable}

        def filled(text):
            return str(text).format(**words)

        if row.certificate is not None:
            shown = certified(HOST, AUTHORITY, tmp_path, *row.certificate, principals=row.principals)
            (tmp_path / "authority.pub").write_text(public(AUTHORITY) + "\n")
            server.host_keys = (shown, HOST) if row.plain else (shown,)
        login = key_file(tmp_path, "login", LOGIN)
        key_file(tmp_path, "rsa", key("rsa", 5))
        (tmp_path / "relay.py").write_text(RELAY)
        (tmp_path / "known").write_text(filled(row.known))
        for name, text in row.files.items():
            (tmp_path / filled(name)).write_text(filled(text))
        if row.run:
            subprocess.run([filled(word) for word in row.run], check=True, capture_output=True)
        config = tmp_path / "config"
        identity = "" if "IdentityFile" in row.config else f"IdentityFile {login}\n"
        # What is said first counts; these are for rows that say nothing.
        config.write_text(
            f"{filled(row.config)}\nMatch all\n{identity}IdentitiesOnly yes\n"
            f"UserKnownHostsFile {tmp_path}/known\nGlobalKnownHostsFile none\nHashKnownHosts no\nUpdateHostKeys no\n"
        )
        before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
        accept = ("-o", "StrictHostKeyChecking=accept-new") if row.accept_new else ()
        theirs = with_ssh(config, server, *accept, host=row.host)
        theirs.noted = noted(tmp_path, before)
        for path in [path for path in tmp_path.iterdir() if path.is_file()]:
            path.write_bytes(before[path]) if path in before else path.unlink()
        ours = with_ours(config, server, host=row.host, accept_new=row.accept_new)
        ours.noted = noted(tmp_path, before)
    return theirs, ours


def noted(folder, before):
    """What has been written, file by file."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and before.get(path) != path.read_bytes()
    }


GROUPS = {
    "strictness": STRICT,
    "names-in-known-hosts": NAMES,
    "revoked": REVOKED,
    "certificates": CERTIFICATES,
    "algorithms-and-methods": ALGORITHMS,
    "ways": WAYS,
    "files": FILES,
}


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{group}-{row.name}") for group, rows in GROUPS.items() for row in rows]
)
def test_never_more_loosely_than_ssh(row, tmp_path):
    theirs, ours = compare(row, tmp_path)
    if row.connects is not None:
        assert theirs.connected == row.connects, f"this row says something else of ssh:\n{theirs.words}"
    if not theirs.connected:
        assert not ours.connected, f"ssh refuses, and we connect:\n{theirs.words}"
        assert not ours.noted
    elif not ours.connected:
        assert row.names, f"ssh connects, and we do not:\n{ours.words}"
        assert row.names.lower() in ours.words.lower()
    else:
        assert ours.noted == theirs.noted
