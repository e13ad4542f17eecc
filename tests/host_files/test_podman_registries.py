"""registries.conf, both forms: what it makes of Docker Hub, and what podman would not read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import PODMAN
from provisioner.host_files.podman_registries import podman, registries_conf, short_names

DROP_IN = f"{PODMAN}.d/50-x.conf"


def conf(text, path=PODMAN):
    return registries_conf(HostFile(path, text))


@pytest.mark.parametrize(
    ("text", "covers", "decides"),
    [
        ('[[registry]]\nprefix = "docker.io"\nlocation = "h.corp/hub"\n', True, "docker.io comes from h.corp/hub"),
        ('[[registry]]\nlocation = "docker.io"\nblocked = true\n', True, "docker.io is blocked"),
        ('[[registry]]\nlocation = "docker.io/"\ninsecure = true\n', True, "docker.io has insecure"),
        ('[[registry]]\nlocation = "docker.io"\nmirror-by-digest-only = true\n', True, "has mirror-by-digest-only"),
        ('[[registry]]\nlocation = "docker.io"\n', True, ""),
        ('[[registry]]\nprefix = "*.io"\nlocation = "h.corp"\n', True, "*.io comes from h.corp"),
        ('[[registry]]\nprefix = "*.io"\nblocked = true\n', True, "*.io is blocked"),
        ('[[registry]]\nprefix = "*.docker.io"\nlocation = "h.corp"\n', False, "*.docker.io comes from h.corp"),
        ('[[registry]]\nlocation = "registry-1.docker.io"\nblocked = true\n', False, "registry-1.docker.io is blocked"),
        ('[[registry]]\nlocation = "xdocker.io"\nblocked = true\n', False, "xdocker.io is blocked"),
        (
            '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "m.corp/x/"\ninsecure = true\n',
            True,
            "docker.io has the mirrors http://m.corp/x",
        ),
        ("[registries.block]\nregistries = ['docker.io']\n", True, "docker.io is blocked"),
        ("[registries.insecure]\nregistries = ['docker.io']\n", True, "docker.io has insecure"),
    ],
)
def test_what_a_table_makes_of_docker_hub(text, covers, decides):
    (registry,) = conf(text).registries
    assert registry.covers("docker.io") is covers
    assert decides in registry.decides if decides else registry.decides == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[registry.mirror]]\nlocation = "m.corp"\n', "registry is no list of tables: [[registry]]"),
        ('registry = "docker.io"\n', "registry is no list of tables"),
        ("registry = [1]\n", "registry is no list of tables"),
        ("[[registry]]\nlocation = 5\n", "in its registry 1, location is no string"),
        ("[[registry]]\n", "in its registry 1, neither prefix nor location is set"),
        ('[[registry]]\nprefix = "docker.io"\n', "prefix is set without a location"),
        (
            '[[registry]]\nlocation = "a"\n[[registry]]\nlocation = "b"\nblocked = "yes"\n',
            "registry 2, blocked is neither",
        ),
        ('[[registry]]\nlocation = "a"\nmirror = "m"\n', "mirror is no list of tables: [[registry.mirror]]"),
        ('[[registry]]\nlocation = "a"\n[[registry.mirror]]\ninsecure = true\n', "a mirror has no location"),
        ('[[registry]]\nlocation = "a"\n[[registry.mirror]]\nlocation = "m"\ninsecure = 1\n', "insecure is neither"),
        ('[[registry]]\nlocation = "https://a"\n', "'https://a' has a scheme"),
        ('unqualified-search-registries = "docker.io"\n', "unqualified-search-registries is no list of strings"),
        ("[registries]\nblock = 5\n", "[registries.block] is no table"),
        ("registries = 5\n", "[registries.search] is no table"),
        ("[registries.block]\nregistries = 'docker.io'\n", "registries is no list of strings"),
        ("[registries.block]\nregistries = []\n[[registry]]\nlocation = 'a'\n", "has the old form"),
        ("a = ", "Invalid value"),
        ("\udcff = 1\n", "is not UTF-8"),
        (f"a = {'[' * 3000}\n", "nested too deep"),
    ],
)
def test_what_podman_would_not_read(text, problem):
    assert problem in conf(text).problem
    (row,) = podman([HostFile(PODMAN, text)])
    assert (row.urls, problem in row.problem) == ((), True)


def test_a_drop_in_of_the_old_form_is_none():
    assert "drop-ins must not have" in conf("[registries.block]\nregistries = []\n", DROP_IN).problem


def test_what_is_shown_in_place_of_mirrors():
    text = '[[registry]]\nprefix = "docker.io"\nlocation = "h.corp"\n[[registry]]\nlocation = "q.io"\ninsecure = true\n'
    (row,) = podman([HostFile(PODMAN, text)])
    assert (row.registry, row.instead) == ("docker.io", "docker.io comes from h.corp")


def test_the_last_list_of_short_names_counts():
    first, second = conf('unqualified-search-registries = ["docker.io"]\n'), conf("", DROP_IN)
    third = conf('unqualified-search-registries = ["q.io"]\n', DROP_IN)
    assert short_names([first, second]) == (PODMAN, ("docker.io",))
    assert short_names([first, second, third]) == (DROP_IN, ("q.io",))
    assert short_names([second]) == ("", ())


NAMES = st.sampled_from(
    ["registry", "prefix", "location", "mirror", "blocked", "insecure", "registries", "search", "x"]
)
VALUES = st.recursive(
    st.booleans() | st.integers(0, 9) | st.sampled_from(["docker.io", "*.io", "", "a/b", "http://x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@given(
    st.dictionaries(NAMES, VALUES, max_size=4).map(
        lambda top: "".join(f"{key} = {toml(value)}\n" for key, value in top.items())
    )
    | st.text()
)
def test_no_file_is_too_odd(text):
    read = conf(text)
    assert read.problem == "" or read.registries == ()
    podman([HostFile(PODMAN, text)])
