"""Which algorithms may be used: OpenSSH's own lists, what a configuration makes of them, and what paramiko has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provisioner.errors import UnreachableError
from provisioner.transports.ssh_algorithm_names import EVERYTHING, OPTIONS, SUFFIX, USUAL, certified
from provisioner.transports.ssh_config_file import Line, matches, matches_list

if TYPE_CHECKING:
    import paramiko


@dataclass(frozen=True, slots=True)
class Allowed:
    """Algorithms of one kind in their order. `option` names what restricts them, "" when OpenSSH's own list holds."""

    names: tuple[str, ...]
    option: str = ""
    in_order: bool = False
    """True when the whole list was given, so that its order counts."""

    def __contains__(self, name: str) -> bool:
        return name in self.names


def allowed(keyword: str, line: Line | None, *, listed: bool = False) -> Allowed:
    """Return what a configuration allows; `listed` is whether ssh has already put the list together."""
    usual, everything = USUAL[keyword], EVERYTHING[keyword]
    if line is None:
        return Allowed(usual)
    text = line.words[0]
    option = f"{OPTIONS[keyword]} of {line.place}"
    sign, names = (text[0], text[1:].split(",")) if text[0] in "+-^" else ("", text.split(","))
    if sign == "-":
        return Allowed(tuple(name for name in usual if not matches_list(name, text[1:])), option)
    found = names if listed else [known for name in names for known in everything if matches(known, name)]
    all_names = {"+": [*usual, *found], "^": [*found, *usual], "": found}[sign]
    return Allowed(tuple(dict.fromkeys(all_names)), option, in_order=sign in {"", "^"})


@dataclass(frozen=True, slots=True)
class Algorithms:
    """What a connection may use, by kind: ciphers to signatures of logins."""

    ciphers: Allowed
    macs: Allowed
    kex: Allowed
    host_keys: Allowed
    authorities: Allowed
    logins: Allowed


def restrict(transport: paramiko.Transport, algorithms: Algorithms, name: str) -> None:
    """Let a connection offer what is allowed, and nothing else.

    Raises:
        UnreachableError: paramiko has none of them.
    """
    offered = transport.get_security_options()
    offered.ciphers = _common(offered.ciphers, algorithms.ciphers, name)
    offered.digests = _common(offered.digests, algorithms.macs, name)
    offered.kex = _common(offered.kex, algorithms.kex, name)
    kinds = (*offered.key_types, *certified(offered.key_types))
    offered.key_types = _common(kinds, algorithms.host_keys, name, in_order=True)
    transport.disabled_algorithms = {
        "pubkeys": [kind for kind in transport.preferred_pubkeys if kind not in algorithms.logins]
    }


def _common(has: Sequence[str], wanted: Allowed, name: str, *, in_order: bool = False) -> tuple[str, ...]:
    if in_order or wanted.in_order:
        common = tuple(each for each in wanted.names if each in has)
    else:
        common = tuple(each for each in has if each in wanted)  # its own order is the faster one
    if not common:
        import paramiko

        raise UnreachableError(
            f"{name}: paramiko {paramiko.__version__} has none of the algorithms that are allowed by {wanted.option}",
            hint=f"it has {', '.join(has)}",
        )
    return common


_OLD = (
    "paramiko 4 dropped DSA and 5 dropped SHA-1: upgrade sshd there, give it an ECDSA host key (ssh-keygen -A), "
    "or here: pip install 'paramiko<5', and HostKeyAlgorithms +ssh-rsa in ~/.ssh/config, as OpenSSH needs it"
)


def nothing_common(name: str, said: str, version: str, algorithms: Algorithms) -> UnreachableError:
    """The error for what paramiko says of a server that speaks nothing of what was offered."""
    what = said.partition("(")[2].rstrip(")") or said
    kinds = {
        "kex": algorithms.kex,
        "host key": algorithms.host_keys,
        "cipher": algorithms.ciphers,
        "mac": algorithms.macs,
    }
    option = next((each.option for word, each in kinds.items() if word in what and each.option), "")
    return UnreachableError(
        f"{name}: no common algorithm with {version.removeprefix('SSH-2.0-') or 'its SSH server'}: {what}"
        + (f" that {option} allows" if option else ""),
        hint=_OLD,
    )


def prefer(names: Sequence[str], known: Sequence[str], *, authority: bool) -> tuple[str, ...]:
    """Return host-key algorithms in OpenSSH's order: what known_hosts has comes first, else it would look changed.

    `known` are the types that known_hosts has of the host, `authority` is whether it names one for it.
    """
    if names and _type(names[0]) in known:
        return tuple(names)
    first = [each for each in names if (authority and each.endswith(SUFFIX)) or _type(each) in known]
    return (*first, *(each for each in names if each not in first))


def _type(algorithm: str) -> str:
    plain = algorithm.removesuffix(SUFFIX)
    return "ssh-rsa" if plain.startswith("rsa-sha2-") else plain
