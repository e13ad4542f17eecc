"""Options that several commands share; their names are those of Ansible and OpenSSH."""

from __future__ import annotations

import json
from typing import Annotated, Any, Optional

import typer

Targets = Annotated[Optional[list[str]], typer.Argument(metavar="[TARGET]...", help="[user@]host[:port]; none: this machine")]  # fmt: skip # noqa: UP045, E501
User = Annotated[Optional[str], typer.Option("-u", "--user", help="login name")]  # noqa: UP045
Port = Annotated[Optional[int], typer.Option("-p", "--port", help="SSH port")]  # noqa: UP045
PrivateKey = Annotated[Optional[str], typer.Option("--private-key", help="private key file")]  # noqa: UP045
AskPass = Annotated[bool, typer.Option("-k", "--ask-pass", help="ask for the login password")]
AskBecomePass = Annotated[bool, typer.Option("-K", "--ask-become-pass", help="ask for the sudo password")]
Forks = Annotated[int, typer.Option("-f", "--forks", min=1, help="hosts at a time")]
KnownHosts = Annotated[Optional[str], typer.Option("--known-hosts", help="known_hosts file")]  # noqa: UP045
AcceptNew = Annotated[bool, typer.Option("--accept-new", help="accept the key of a host seen for the first time")]
SSHConfig = Annotated[Optional[str], typer.Option("--ssh-config", help="instead of ~/.ssh/config")]  # noqa: UP045
Jump = Annotated[Optional[str], typer.Option("-J", "--jump", help="jump host")]  # noqa: UP045
Timeout = Annotated[float, typer.Option("--timeout", help="seconds to connect")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]
AllowRestart = Annotated[bool, typer.Option("--allow-restart", help="a restart may stop running containers")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="show the script as well")]
DockerVersion = Annotated[Optional[str], typer.Option("--docker-version", help="latest, 28, 28.3 or 28.3.1")]  # noqa: UP045
Channel = Annotated[str, typer.Option("--channel", help="stable or test")]
Source = Annotated[str, typer.Option("--source", help="auto, a name, or the URL of a docker-ce tree")]
SourceFingerprint = Annotated[str | None, typer.Option("--source-fingerprint", help="its key, if not Docker's")]
Strategy = Annotated[str, typer.Option("--strategy", help="auto, apt-repo, rpm-repo, distro-packages")]
RegistryMirror = Annotated[Optional[list[str]], typer.Option("--registry-mirror", help="mirror of Docker Hub; repeatable")]  # fmt: skip # noqa: UP045, E501
InsecureRegistry = Annotated[Optional[list[str]], typer.Option("--insecure-registry", help="host:port or CIDR; repeatable")]  # fmt: skip # noqa: UP045, E501
Daemon = Annotated[Optional[list[str]], typer.Option("--daemon", metavar="KEY=JSON", help="a key of daemon.json; repeatable")]  # fmt: skip # noqa: UP045, E501
DockerUser = Annotated[Optional[list[str]], typer.Option("--docker-user", help="may use docker; repeatable")]  # noqa: UP045
Hold = Annotated[bool, typer.Option("--hold", help="keep the package manager from upgrading the engine")]


def daemon_values(settings: list[str] | None) -> dict[str, Any]:
    """KEY=JSON options -> a mapping; a value that is no JSON is taken as a string."""
    values: dict[str, Any] = {}
    for setting in settings or ():
        key, equals, text = setting.partition("=")
        if not equals:
            raise typer.BadParameter(f"{setting!r}: write KEY=JSON, such as debug=true")
        try:
            values[key] = json.loads(text)
        except ValueError:
            values[key] = text
    return values
