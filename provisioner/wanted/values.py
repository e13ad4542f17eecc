"""What a value of the wanted state may be: each function returns it in its one form, or says what is wrong with it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from provisioner.catalogue.versions import candidate, upstream
from provisioner.masking import masked

FINGERPRINT = re.compile(r"[0-9A-F]{40}")
VERSION = re.compile(r"latest|\d+(\.\d+){0,2}(-[A-Za-z0-9.]+)?")
OF_PACKAGE = re.compile(r"(\d+:)?\d+(\.\d+){1,2}[~+-][A-Za-z0-9.+~-]+|\d+:\d+(\.\d+){1,2}")
LOGIN_NAME = re.compile(r"(?!\d+\Z)[\w.][\w.+@\\-]{0,255}\$?")
"""Also DOMAIN\\user and user@domain, as directories have them; a number alone is taken for an id by programs."""

REGISTRY = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def registry_mirror(url: str) -> str:
    """Return `url` as dockerd stores it, without trailing slashes.

    The rules are dockerd's ValidateMirror (moby registry/config.go), plus an empty host, which it lets through.

    Raises:
        ValueError: dockerd would refuse the URL; a refused URL stops the daemon from starting.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or "://" not in url:
        raise ValueError(f"{masked(url)!r} needs http:// or https:// in front, such as https://{_bare(url)}")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{masked(url)!r} carries a user name or password; dockerd refuses that in a mirror")
    if parts.query or "?" in url:
        raise ValueError(f"{url!r} carries a query; dockerd refuses that in a mirror")
    if parts.fragment or "#" in url:
        raise ValueError(f"{url!r} carries a fragment; dockerd refuses that in a mirror")
    if not parts.hostname:
        raise ValueError(f"{url!r} names no host")
    if not re.fullmatch(r"[A-Za-z0-9.\-\[\]:_]+", parts.netloc):
        raise ValueError(f"{url!r} has characters in its host part that no host name has")
    if not re.fullmatch(r"[A-Za-z0-9._~!$&()*+,;=:@%/-]*", parts.path):
        raise ValueError(f"{url!r} has characters in its path that a URL cannot carry")
    try:
        _ = parts.port
    except ValueError as cause:
        raise ValueError(f"{url!r} has a port that is no port: {cause}") from cause
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def mirror_text(text: str) -> str:
    """Return a mirror as it may stand in a file: in its one form, or as it is where it is no mirror at all."""
    try:
        return registry_mirror(text)
    except ValueError:
        if not text.strip("/"):
            raise
        return text.rstrip("/")


def _bare(url: str) -> str:
    host = re.sub(r"^(?:https?(?=[:/])[:/]*|[a-z]+:/+|/+)", "", url, flags=re.IGNORECASE).rpartition("@")[2]
    return host or "mirror.example.com"


def insecure_registry(value: str) -> str:
    if "://" in value:
        raise ValueError(f"{value!r}: dockerd wants host[:port] or a CIDR range here, without a scheme")
    if not re.fullmatch(r"[A-Za-z0-9.\-\[\]:_]+(/\d{1,3})?", value):
        raise ValueError(f"{value!r} is neither host[:port] nor a CIDR range")
    return value


def fingerprint(value: str) -> str:
    compact = value.replace(" ", "").replace(":", "").upper().removeprefix("0X")
    if not FINGERPRINT.fullmatch(compact):
        raise ValueError(f"{value!r} is not a key fingerprint: 40 hexadecimal digits (gpg --show-keys prints it)")
    return compact


def docker_version(value: str) -> str:
    """Also that of a package, as `provisioner versions` lists it: 5:26.1.5-1~debian.13~trixie is 26.1.5."""
    if OF_PACKAGE.fullmatch(value):
        return "-".join(filter(None, (upstream(value), candidate(value))))
    if not VERSION.fullmatch(value):
        raise ValueError(f"{value!r} is not a version: write latest, 28, 28.3 or 28.3.1")
    return value


def package_source(value: str) -> str:
    """Return the name of a source, or the URL of one up to, without, /linux/DISTRIBUTION: guides and source files have
    it with that, and a host takes its own.

    Raises:
        ValueError: it is neither.
    """
    if "://" in value:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{value!r} is not a package source: http(s)://host/path of a docker-ce tree")
        if parts.username is not None:
            raise ValueError("a package source with a password would end in a world-readable file; leave it out")
        if not re.fullmatch(r"[A-Za-z0-9._~:/\[\]%+-]+", value):
            raise ValueError(f"{value!r} has characters that a sources file cannot carry")
        return re.sub(r"/linux/(?:centos|debian|fedora|raspbian|rhel|ubuntu)(?:/.*)?$", "", value).rstrip("/")
    if not re.fullmatch(r"[a-z0-9-]+", value):
        raise ValueError(f"{value!r} is neither the name of a package source nor a URL")
    return value


def url_of_script(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise ValueError(f"{masked(value)!r} is not the URL of a script: https://host/path")
    if parts.username is not None:
        raise ValueError(f"{masked(value)!r} carries a login, which the plan would show; leave it out")
    if not re.fullmatch(r"[!-~]+", value):
        raise ValueError(f"{value!r} has characters that a URL cannot carry")
    return value


def sha256(value: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise ValueError(f"{value!r} is not a sha256: 64 hexadecimal digits (sha256sum prints it)")
    return value.lower()


def login_name(value: str) -> str:
    if not LOGIN_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a login name")
    return value


def registry_host(value: str) -> str:
    if value in {"docker.io", "index.docker.io", "registry-1.docker.io"}:
        raise ValueError(f"mirrors of {value} are registry mirrors: write their URLs without {value}=")
    if not REGISTRY.fullmatch(value):
        raise ValueError(f"{value!r} is not the host of a registry, such as ghcr.io or registry.example:5000")
    return value


def certificates(value: str) -> str:
    if "-----BEGIN CERTIFICATE-----" not in value or "PRIVATE KEY" in value:
        raise ValueError("is not the certificate of an authority in PEM form (-----BEGIN CERTIFICATE-----)")
    return value
