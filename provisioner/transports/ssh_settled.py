"""The lines that count for a host -> its settings: tokens replaced, names checked, what cannot be done refused."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from provisioner.errors import UsageError
from provisioner.transports.ssh_algorithms import Algorithms, Allowed, allowed
from provisioner.transports.ssh_config_match import UndecidedError
from provisioner.transports.ssh_config_rules import GIVEN, Found
from provisioner.transports.ssh_keywords import count, seconds, yes
from provisioner.transports.ssh_login_rules import login_rules
from provisioner.transports.ssh_names import canonical, check_host, check_user, is_port, jump_place
from provisioner.transports.ssh_settings import HostKeyRules, Settings, SSHOptions
from provisioner.transports.ssh_tokens import IN_COMMANDS, command, expanded, expanded_path, of_host

DEFAULT_TIMEOUT = 15.0
_LONGEST_TIMEOUT = 86400.0
_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
_SYSTEM_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
_FAMILIES = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}
# What changed its meaning between versions of OpenSSH: tokens there, and several files.
_TOKENS = frozenset("%~$")


def settled(options: SSHOptions, found: Found, account: str) -> Settings:
    """Return the settings that come of the lines.

    Raises:
        UndecidedError: it depends on the version of OpenSSH.
        UsageError: a value that is not possible, or that cannot be honoured.
    """
    if found.written is None:
        _check_decided(found)
    name = _hostname(options, found)
    port, user = _port(options, found), _user(options, found, account)
    alias = (found.text("hostkeyalias") or "").lower()
    tokens = of_host(typed=options.host, host=name, port=port, user=user, account=account, alias=alias, jump="")
    jump = _jump(found, tokens)
    if jump:
        last = jump_place(jump.split(",")[-1])[1]
        tokens = of_host(typed=options.host, host=name, port=port, user=user, account=account, alias=alias, jump=last)
    proxy = None if jump else _proxy_command(found, tokens)
    _refuse(found, proxy=bool(proxy), jump=bool(jump))
    keys = tuple(
        expanded_path(line.words[0], tokens, line.place)
        for line in found.repeated.get("identityfile", ())
        if line.words[0].lower() != "none"
    )
    user_files = _files(found, "userknownhostsfile", _KNOWN_HOSTS, tokens)
    if options.known_hosts:
        user_files = (expanded_path(options.known_hosts, tokens, "--known-hosts"),)
    system_files = () if options.known_hosts else _files(found, "globalknownhostsfile", _SYSTEM_KNOWN_HOSTS, None)
    strict = (found.text("stricthostkeychecking") or "ask").lower()
    configured = seconds(found.text("connecttimeout") or "") or DEFAULT_TIMEOUT
    return Settings(
        host=name,
        port=port,
        user=user,
        keys=keys,
        default_keys=()
        if "identityfile" in found.repeated
        else tuple(str(Path(key).expanduser()) for key in _DEFAULT_KEYS),
        agent_for_others=not yes(found.text("identitiesonly") or "no"),
        known_hosts=user_files + system_files,
        known_as=alias or name,
        # `no` would take changed keys as well; that is never done, new ones are what it is set for.
        accept_new=options.accept_new or strict in {"accept-new", "no", "off", "false"},
        jump=jump,
        proxy_command=proxy,
        timeout=min(options.timeout or configured, _LONGEST_TIMEOUT),
        family=_FAMILIES[(found.text("addressfamily") or "any").lower()],
        bind_address=found.text("bindaddress"),
        host_key=HostKeyRules(
            alias=bool(alias),
            new_keys_file=user_files[0] if user_files else None,
            revoked_files=_files(found, "revokedhostkeys", (), tokens),
            smallest_rsa=max(count(found.text("requiredrsasize") or "") or 0, 1024),
            check_address=yes(found.text("checkhostip") or "no"),
            trust_localhost=yes(found.text("nohostauthenticationforlocalhost") or "no"),
            lax=found.said("StrictHostKeyChecking", but={"yes", "true", "ask", "accept-new"}),
            not_honoured=tuple(filter(None, [found.said("VerifyHostKeyDNS", but={"no", "false"})])),
        ),
        login=login_rules(found, tokens),
        algorithms=_algorithms(found),
    )


def _check_decided(found: Found) -> None:
    """Tokens and lists that not every version of OpenSSH reads are left to the one that is here."""
    revoked, user = found.values.get("revokedhostkeys"), found.values.get("user")
    if revoked and (len(revoked.words) > 1 or _TOKENS & set(revoked.words[0])):
        raise UndecidedError(revoked.place, "RevokedHostKeys with tokens, or with several files,")
    if user and user.place != GIVEN and ("%" in user.words[0] or "${" in user.words[0]):
        raise UndecidedError(user.place, "User with tokens")


def _hostname(options: SSHOptions, found: Found) -> str:
    line = found.values.get("hostname")
    if line is None:
        return canonical(options.host)
    host = canonical(expanded(line.words[0], {"h": options.host}, line.place))
    with _blaming(line.place):
        return check_host(host)


def _port(options: SSHOptions, found: Found) -> int:
    if options.port:
        return options.port
    text = found.text("port") or "22"
    if not is_port(text):
        raise UsageError(f"{found.place('port')}: port {text!r} of host {options.host} is not a number")
    return int(text)


def _user(options: SSHOptions, found: Found, account: str) -> str:
    """A name that stands in a configuration may have any letter, as in OpenSSH; a shell sees it quoted."""
    user = options.user or found.text("user") or account
    if user.startswith("-") or not user.isprintable():
        with _blaming(found.place("user") if "user" in found.values else "this account"):
            check_user(user)
    return user


def _jump(found: Found, tokens: Mapping[str, str]) -> str | None:
    line = found.values.get("proxyjump")
    if line is None or line.words[0].lower() == "none":
        return None
    jump = expanded(line.words[0], {key: tokens[key] for key in IN_COMMANDS}, line.place)
    with _blaming("" if line.place == GIVEN else line.place):
        for place in jump.split(","):
            jump_place(place)
    return jump


def _proxy_command(found: Found, tokens: Mapping[str, str]) -> str | None:
    line = found.values.get("proxycommand")
    if line is None or line.rest.lower() == "none":
        return None
    if line.rest == "-":
        raise UsageError(f"{line.place}: ProxyCommand - is not supported: there is no connection on stdin")
    return command(line.rest, {key: tokens[key] for key in IN_COMMANDS}, line.place)


def _refuse(found: Found, *, proxy: bool, jump: bool) -> None:
    """What paramiko or Python cannot do, and what says that there shall be no connection."""
    refused: list[tuple[str, Collection[str], bool]] = [
        ("KnownHostsCommand", {"none"}, True),
        ("ProxyUseFdpass", {"no", "false"}, proxy),
        ("BindInterface", (), not proxy and not jump),
    ]
    for option, harmless, matters in refused:
        said = found.said(option, but=harmless)
        if said and matters:
            raise UsageError(
                f"{found.place(option.lower())}: {option} is not supported",
                hint="leave it out for this host, or take another configuration with --ssh-config FILE",
            )
    if found.text("connectionattempts") == "0":
        raise UsageError(f"{found.place('connectionattempts')}: ConnectionAttempts 0: no attempt is made")


def _files(found: Found, keyword: str, usual: Sequence[str], tokens: Mapping[str, str] | None) -> tuple[str, ...]:
    """Return the files that an option names; without `tokens`, percent signs are what they are."""
    line = found.values.get(keyword)
    words, place = (line.words, line.place) if line else (usual, keyword)
    if words and words[0].lower() == "none":
        return ()
    if tokens is None:
        return tuple(str(Path(word).expanduser()) for word in words)
    return tuple(expanded_path(word, tokens, place) for word in words)


def _algorithms(found: Found) -> Algorithms:
    listed = found.written is not None

    def of(keyword: str) -> Allowed:
        return allowed(keyword, found.values.get(keyword), listed=listed)

    host_keys = of("hostkeyalgorithms")
    lines = (found.written or {}).get("hostkeyalgorithms", ())
    if listed and all(line.words[0][0] in "+-" for line in lines):
        host_keys = replace(host_keys, in_order=False)
    return Algorithms(
        of("ciphers"), of("macs"), of("kexalgorithms"), host_keys, of("casignaturealgorithms"),
        of("pubkeyacceptedalgorithms"),
    )  # fmt: skip


@contextmanager
def _blaming(place: str) -> Iterator[None]:
    """Say in which line a name stands that is refused."""
    try:
        yield
    except UsageError as cause:
        raise UsageError(f"{place}: {cause.message}" if place else cause.message, hint=cause.hint) from cause
