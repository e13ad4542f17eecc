"""config.toml of containerd: three versions, imports, what CRI does not start with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.host_files.containerd_config import PLUGINS, containerd_config, imports
from provisioner.host_files.host_file import HostFile
from provisioner.host_files.mirror_files import CONTAINERD_CERTS, CONTAINERD_CONFIG

INLINE = 'registry.mirrors."docker.io"]\n  endpoint = ["https://m.corp/", "https://registry-1.docker.io"]\n'
ENDPOINTS = ("https://m.corp", "https://registry-1.docker.io")


def read(text, *more, default=()):
    files = [HostFile(CONTAINERD_CONFIG, text), *(HostFile(path, each) for path, each in more)]
    return containerd_config(files, default_certs=default)


def plugin(version):
    return PLUGINS[version] if version == 1 else f'"{PLUGINS[version]}"'


@pytest.mark.parametrize("version", PLUGINS)
def test_every_version_has_its_plugin(version):
    head = "" if version == 1 else f"version = {version}\n"
    found = read(f"{head}[plugins.{plugin(version)}.{INLINE}")
    assert [(row.registry, row.urls) for row in found.inline] == [("docker.io", ENDPOINTS)]
    assert (found.reads_hosts, found.clash) == (False, False)
    named = read(f'{head}[plugins.{plugin(version)}.registry]\nconfig_path = "/x:{CONTAINERD_CERTS}"\n')
    assert (named.certs, named.reads_hosts) == (("/x", CONTAINERD_CERTS), True)
    assert named.table == f"[plugins.{plugin(version)}.registry]"


@pytest.mark.parametrize(("version", "other"), [(2, 3), (3, 2), (2, 1), (1, 2)])
def test_a_plugin_of_another_version_is_passed_over(version, other):
    found = read(f"version = {version}\n[plugins.{plugin(other)}.{INLINE}")
    assert (found.inline, found.reads_hosts) == ((), False)


@pytest.mark.parametrize(
    ("text", "default", "reads", "clash"),
    [
        ("version = 2\n", (), False, False),
        ("version = 2\n", (CONTAINERD_CERTS,), True, False),
        ("version = 2\n", None, None, False),
        (f'version = 2\n[plugins."{PLUGINS[2]}".{INLINE}', (CONTAINERD_CERTS,), False, False),
        (f'version = 2\n[plugins."{PLUGINS[2]}".registry]\nconfig_path = ""\n', (), False, False),
        (
            f'version = 2\n[plugins."{PLUGINS[2]}".registry]\nconfig_path = "{CONTAINERD_CERTS}"\n[plugins."{PLUGINS[2]}".{INLINE}',
            (),
            False,
            True,
        ),
        (
            f'version = 2\n[plugins."{PLUGINS[2]}".registry]\nconfig_path = "{CONTAINERD_CERTS}"\n[plugins."{PLUGINS[2]}".registry.configs."a".tls]\nca_file = "x"\n',
            (),
            False,
            True,
        ),
        (
            f'version = 2\n[plugins."{PLUGINS[2]}".registry]\nconfig_path = "{CONTAINERD_CERTS}"\n[plugins."{PLUGINS[2]}".registry.configs."a".auth]\nusername = "x"\n',
            (),
            True,
            False,
        ),
        (
            f'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[plugins."{PLUGINS[2]}".registry]\nconfig_path = "{CONTAINERD_CERTS}"\n',
            (),
            False,
            False,
        ),
        ("version = ", (), False, False),
    ],
    ids=[
        "silent",
        "default of 2.2",
        "unknown",
        "inline before a default",
        "empty",
        "both",
        "tls",
        "login",
        "off",
        "broken",
    ],
)
def test_whether_hosts_toml_is_read(text, default, reads, clash):
    found = read(text, default=default)
    assert (found.reads_hosts, found.clash) == (reads, clash)


def test_imports_count_like_the_file_itself():
    text = 'version = 2\nimports = ["conf.d/*.toml", "/opt/c/x.toml"]\n'
    assert imports(text) == ("/etc/containerd/conf.d/*.toml", "/opt/c/x.toml")
    certs = f'version = 2\n[plugins."{PLUGINS[2]}".registry]\nconfig_path = "{CONTAINERD_CERTS}"\n'
    inline = (
        f'version = 2\nimports = ["/opt/c/x.toml", "/etc/containerd/config.toml"]\n[plugins."{PLUGINS[2]}".{INLINE}'
    )
    found = read(
        text, ("/etc/containerd/conf.d/a.toml", certs), ("/opt/c/x.toml", inline), ("/etc/other.toml", "broken")
    )
    assert found.clash
    assert [row.path for row in found.inline] == ["/opt/c/x.toml"]
    assert read(text, ("/etc/containerd/conf.d/a.toml", "a =")).problem.startswith("/etc/containerd/conf.d/a.toml: ")


def test_without_a_file():
    assert containerd_config([], default_certs=(CONTAINERD_CERTS,)).reads_hosts
    assert containerd_config([]).reads_hosts is False
    assert containerd_config([], default_certs=None).reads_hosts is None


@pytest.mark.parametrize(
    "text",
    [
        "version = []\n", 'version = "2"\n', "version = 9\n", "plugins = 5\n", "imports = 5\n", "disabled_plugins = 5\n",
        "[plugins]\ncri = 5\n", "[plugins.cri.registry]\nmirrors = 5\nconfigs = 5\nconfig_path = 5\n",
        "[plugins.cri.registry.mirrors]\na = 5\n[plugins.cri.registry.configs]\na = 5\n",
        "[plugins.cri.registry.mirrors.a]\nendpoint = 5\n", "[plugins.cri.registry.mirrors.a]\nendpoint = [5, 'x']\n",
        "\udcff", f"a = {'[' * 3000}",
    ],
)  # fmt: skip
def test_odd_values_say_nothing(text):
    assert not read(text).clash


@given(st.text())
def test_no_file_is_too_odd(text):
    read(text)
