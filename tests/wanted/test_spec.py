from __future__ import annotations

import pytest
from pydantic import ValidationError

from provisioner.catalogue.versions import newest, satisfies, upstream
from provisioner.wanted.spec import Spec
from provisioner.wanted.values import package_source, registry_mirror


@pytest.mark.parametrize(
    "url",
    ["m.example", "ftp://m.example", "https://", "https:///", "https://m.example?x=1", "https://m.example#f",
     "https://u:secret@m.example", "https://m.example:port", "https://m example"],
)  # fmt: skip
def test_a_mirror_that_dockerd_refuses_is_refused_here(url):
    with pytest.raises(ValueError) as caught:
        registry_mirror(url)
    assert "secret" not in str(caught.value)


def test_trailing_slashes_go():
    assert registry_mirror("https://m.example//") == "https://m.example"


@pytest.mark.parametrize("wanted", [{"version": "28.x"}, {"daemon": {"registry-mirrors": []}}, {"source": "a b"}])
def test_wrong_wanted_state_is_refused(wanted):
    with pytest.raises(ValidationError):
        Spec(**wanted)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("5:26.1.5-1~debian.13~trixie", "26.1.5"),
        ("5:20.10.24~3-0~ubuntu-noble", "20.10.24"),
        ("3:26.1.5-1.el9", "26.1.5"),
        ("20.10.24+dfsg1-1+deb12u1", "20.10.24"),
    ],
)
def test_upstream_version(version, expected):
    assert upstream(version) == expected


def test_a_prefix_matches_whole_numbers():
    versions = ("5:20.10.1-1", "5:20.10.17-1", "5:28.0.0~rc.1-1", "5:26.1.5-1")
    assert newest(versions, "20.10") == "5:20.10.17-1"
    assert newest(versions, "20.10.1") == "5:20.10.1-1"
    assert newest(versions) == "5:26.1.5-1"
    assert not satisfies("5:20.10.17-1", "20.10.1")


@pytest.mark.parametrize(
    ("daemon", "says"),
    [
        ({"labels": "a=b"}, "labels must be a list of strings"),
        ({"log-opts": {"max-file": 3}}, 'write "max-file": "3"'),
        ({"insecure-registry": ["r"]}, "in daemon.json it is called insecure-registries"),
    ],
)
def test_a_setting_that_no_engine_takes_is_refused_before_any_host_is_contacted(daemon, says):
    with pytest.raises(ValidationError, match=says):
        Spec(daemon=daemon)


@pytest.mark.parametrize(
    ("listed", "meant"),
    [
        ("5:26.1.5-1~debian.13~trixie", "26.1.5"),
        ("3:26.1.5-1.el9", "26.1.5"),
        ("20.10.24+dfsg1-1+deb12u1+b6", "20.10.24"),
        ("18.06.3~ce~3-0~ubuntu", "18.06.3"),
        ("5:29.0.0~rc.1-1~debian.13~trixie", "29.0.0-rc.1"),
        ("29.0.0-rc.1", "29.0.0-rc.1"),
        ("28.3", "28.3"),
    ],
)
def test_a_version_may_be_that_of_a_package_as_they_are_listed(listed, meant):
    assert Spec(version=listed).version == meant
    assert satisfies(listed, meant)


@pytest.mark.parametrize("name", ["ops", "CORP\\eve", "eve@corp.example", "j.doe", "web01$", "_apt", "müller", "2fa"])
def test_a_login_name(name):
    assert Spec(users=[name]).users == (name,)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a:b", "a,b", "1000", "a\nb", "\x1b[31m", "@corp", "a/b"])
def test_what_is_no_login_name(name):
    with pytest.raises(ValidationError, match="is not a login name"):
        Spec(users=[name])


@pytest.mark.parametrize(
    ("word", "such_as"),
    [
        ("docker.m.daocloud.io", "https://docker.m.daocloud.io"),
        ("localhost:5000", "https://localhost:5000"),
        ("http//hub.example", "https://hub.example"),
        ("ftp://hub.example", "https://hub.example"),
        ("//hub.example", "https://hub.example"),
    ],
)
def test_what_is_put_in_front_leaves_the_name_whole(word, such_as):
    with pytest.raises(ValueError, match=r"needs http:// or https:// in front") as refused:
        registry_mirror(word)
    assert str(refused.value).endswith(f" such as {such_as}")


BASE = "https://mirrors.example/docker-ce"


@pytest.mark.parametrize(
    "url",
    [
        BASE,
        f"{BASE}/",
        f"{BASE}/linux/debian",
        f"{BASE}/linux/ubuntu/dists/noble",
        f"{BASE}/linux/centos/docker-ce.repo",
        f"{BASE}/linux/rhel/9/x86_64/stable/",
    ],
)
def test_a_source_may_be_given_as_guides_and_source_files_have_it(url):
    assert package_source(url) == BASE
    assert package_source("http://linux.example/linux") == "http://linux.example/linux"
