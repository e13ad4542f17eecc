"""How package sources are asked: as the package manager of the host would ask them."""

from __future__ import annotations

import subprocess

import pytest

from provisioner.scripts.render import shell_text
from tests.scripts.shells import SHELLS

FETCH = shell_text("fetch.sh.j2", limit=8)
APT = """\
Acquire::http::Proxy "http://a:1";
Acquire::http::Proxy::direct.example "DIRECT";
Acquire::https::Proxy::own.example "http://own:2";
"""


def asked(shell, tmp_path, url, *, apt="", dnf="", environment="", tail='printf "%s" "$proxy"'):
    for name, text in (("apt", apt), ("dnf.conf", dnf), ("environment", environment)):
        (tmp_path / name).write_text(text)
    script = FETCH.replace("/etc/dnf/dnf.conf /etc/yum.conf", str(tmp_path / "dnf.conf"))
    script = script.replace("/etc/environment", str(tmp_path / "environment"))
    run = f"have() {{ false; }}\n{script}\nmanager_settings\nmanager_proxy {url}\n{tail}\n"
    (tmp_path / "apt-config").write_text(f"#!/bin/sh\ncat {tmp_path}/apt\n")
    (tmp_path / "apt-config").chmod(0o755)
    done = subprocess.run(
        [*SHELLS[shell], "-c", run], capture_output=True, text=True, check=False, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("url", "settings", "proxy"),
    [
        pytest.param("http://x.example/a", (APT, ""), "http://a:1", id="apt"),
        pytest.param("https://x.example/a", (APT, ""), "http://a:1", id="https takes that of http"),
        pytest.param("https://own.example:8443/a", (APT, ""), "http://own:2", id="a host of its own"),
        pytest.param("http://own.example/a", (APT, ""), "http://a:1", id="of https alone"),
        pytest.param("https://direct.example/a", (APT, ""), "DIRECT", id="direct"),
        pytest.param(
            "https://x.example/a", ('Acquire::HTTP::proxy "http://a:1";\nAcquire::https::Proxy "http://s:3";\n', ""),
            "http://s:3", id="https",
        ),
        pytest.param("https://x.example/a", ('Acquire::http::Proxy "";\n', ""), "", id="empty"),
        pytest.param("http://x.example/a", ('Acquire::http::Proxy-Auto-Detect "echo";\n', ""), "http://x.example/a", id="asked"),
        pytest.param("http://x.example/a", ("", "[main]\ngpgcheck=1\nproxy = http://d:4\n"), "http://d:4", id="dnf"),
        pytest.param(
            "http://x.example/a", ("", "[main]\nproxy=http://d:4\nproxy_username=me\nproxy_password=p\n"),
            "http://me:p@d:4", id="dnf's login",
        ),
        pytest.param("http://x.example/a", ("", "[main]\nproxy=_none_\n"), "DIRECT", id="dnf, none"),
        pytest.param("http://x.example/a", ("", "[main]\n[repo]\nproxy=http://r:5\n"), "", id="a repository's"),
        pytest.param("http://x.example/a", ("", ""), "", id="nothing"),
    ],
)  # fmt: skip
def test_the_proxy_is_the_package_managers(tmp_path, shell, url, settings, proxy):
    apt, dnf = settings
    assert asked(shell, tmp_path, url, apt=apt, dnf=dnf) == proxy


@pytest.mark.parametrize("shell", SHELLS)
def test_the_environments_proxies_count_where_sudo_has_taken_them(tmp_path, shell):
    said = "export http_proxy=\"http://e:6\"\nHTTPS_PROXY='http://e:7'\n# no_proxy=x\n"
    tail = 'printf "%s %s %s" "$http_proxy" "$HTTPS_PROXY" "${no_proxy:-}"'
    assert asked(shell, tmp_path, "http://x.example", environment=said, tail=tail) == "http://e:6 http://e:7 "


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("settings", "version", "authority"),
    [
        pytest.param({"apt": 'Acquire::ForceIPv4 "true";\n'}, "-4", "", id="apt, IPv4"),
        pytest.param({"dnf": "[main]\nip_resolve=6\n"}, "-6", "", id="dnf, IPv6"),
        pytest.param({"apt": 'Acquire::https::CAInfo "/etc/corp.pem";\n'}, "", "1", id="apt's authority"),
        pytest.param({"dnf": "[main]\nsslverify=False\n"}, "", "1", id="dnf checks none"),
        pytest.param({}, "", "", id="nothing"),
    ],
)
def test_certificates_and_addresses_are_the_package_managers(tmp_path, shell, settings, version, authority):
    tail = 'printf "%s/%s" "$version" "$own_authority"'
    assert asked(shell, tmp_path, "http://x.example", tail=tail, **settings) == f"{version}/{authority}"
