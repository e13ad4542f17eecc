from __future__ import annotations

import textwrap

import pytest

from provisioner.errors import UsageError
from provisioner.inventory import load


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("all:\n  hosts:\n    a: 1\n", "line 3, column 8, at all.hosts.a: the variables of a host", id="host"),
        pytest.param("all:\n  hosts: [a]\n", "line 2, column 10, at all.hosts: hosts: is a mapping, not a list", id="list"),
        pytest.param("all:\n  hosts:\n    a:\n    a:\n", "line 4, column 5, at all.hosts.a: 'a' stands here twice, first in line 3", id="twice"),
        pytest.param("web: {}\nweb: {}\n", "line 2, column 1, at web: 'web' stands here twice, first in line 1", id="group-twice"),
        pytest.param("all: {hosts: {'w[1:x]': }}\n", "line 1, column 15, at all.hosts[w[1:x]]: [1:x] runs neither", id="range"),
        pytest.param("all:\n  hosts: {a: {ansible_port: ssh}}\n", "line 2, column 29, at all.hosts.a.ansible_port: 'ssh' is not a whole number from 1 to 65535", id="port"),
        pytest.param("all: {hosts: {a: {ansible_port: 99999}}}\n", "'99999' is not a whole number from 1 to 65535", id="high-port"),
        pytest.param("all: {hosts: {a: {ansible_host: a b}}}\n", "'a b' is not an address", id="address"),
        pytest.param("all: {hosts: {a: {ansible_user: [x]}}}\n", "text is wanted here, not a list", id="user"),
        pytest.param("all: {hosts: {a: {ansible_connection: locl}}}\n", "did you mean local?", id="connection"),
        pytest.param("all: {hosts: {a: {ansible_ssh_common_args: \"-o 'x\"}}}\n", "the arguments cannot be read", id="quotes"),
        pytest.param("all:\n  docker: {}\n", "line 2, column 11, at all.docker: docker: stands below vars:", id="docker-beside-vars"),
        pytest.param("all:\n hosts:\n  a:\n b\n", "line 5, column 1: not YAML", id="no-yaml"),
        pytest.param("all: &a\n  children: {x: *a}\n", "x is below itself: all > x > x", id="endless-alias"),
        pytest.param("a: {children: {b: }}\nb: {children: {a: }}\n", "groups are below themselves: ", id="circle"),
        pytest.param("all: {children: {a: }}\na: {children: {b: }}\nb: {children: {a: }}\n", "groups are below themselves: ", id="circle-from-all"),
        pytest.param("a: {children: {a: }}\n", "the group a is below itself: a > a", id="itself"),
        pytest.param("all: {vars: &v {<<: *v}}\n", "<< ", id="endless-merge"),
        pytest.param("all: {vars: {<<: 1}}\n", "<< takes a mapping", id="merge-of-nothing"),
        pytest.param("? [a]\n: {}\n", "line 1, column 3: a key is a word", id="list-as-key"),
        pytest.param("--- {}\n--- {}\n", "not YAML", id="two-documents"),
        pytest.param("$ANSIBLE_VAULT;1.1;AES256\n61\n", "the whole file is encrypted", id="vault"),
        pytest.param("- a\n- b\n", "line 1, column 1: an inventory is a mapping of groups, not a list", id="top-level-list"),
        pytest.param("all: {hosts: {" + "[" * 3000, "not ", id="deep"),
    ],
)  # fmt: skip
def test_errors_name_the_place(inventory, text, said):
    with pytest.raises(UsageError) as caught:
        inventory(text).hosts()
    assert said in str(caught.value)
    assert "hosts.yaml" in str(caught.value)


def test_a_broken_line_is_not_quoted(inventory):
    with pytest.raises(UsageError) as caught:
        inventory('all:\n  vars:\n    ansible_password: "hunter2\n')
    assert "hunter2" not in str(caught.value)
    assert "which began in line 3" in str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "all:\n", "all: {}\n"])
def test_an_empty_inventory_has_no_hosts(inventory, text):
    assert inventory(text).hosts() == ()


def test_json_is_yaml(inventory):
    found = inventory('\ufeff{"all": {"hosts": {"h": {"ansible_port": 2}}}}', "hosts.json")
    assert [host.port for host in found.hosts()] == [2]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        load(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"all: \xe9\n")
    with pytest.raises(UsageError, match="byte 5 is not UTF-8"):
        load(tmp_path / "latin.yaml")


LISTING = """\
all:
  children:
    web:
      hosts:
        w1: {ansible_port: 2222, docker: {daemon: {debug: true}}}
      vars: {docker: {version: 28, daemon: {mtu: 1400}}}
"""


@pytest.fixture
def ansible_inventory(tmp_path, monkeypatch):
    """A stand-in for the real program on an otherwise empty PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def installed(script):
        program = folder / "ansible-inventory"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return installed


OTHERS = {
    "hosts": "[web]\nw1 ansible_port=2222\n",
    "plain": "w1\nw2\n",
    "hosts.ini": "# comment\n[web]\n",
    "hosts.toml": "[web.hosts]\n",
    "dynamic.py": "#!/usr/bin/python3\nprint('{}')\n",
    "cloud.yml": "plugin: amazon.aws.aws_ec2\n",
}


@pytest.mark.parametrize("name", [*OTHERS, "folder"])
def test_other_inventories_are_read_by_ansible(ansible_inventory, tmp_path, name):
    path = tmp_path / name
    path.mkdir() if name == "folder" else path.write_text(OTHERS[name])
    with pytest.raises(UsageError) as caught:
        load(path)
    assert "only ansible-inventory can read it, and that is not installed" in str(caught.value)
    assert f"ansible-inventory -i {path} --list --yaml --export > hosts.yaml" in caught.value.hint

    ansible_inventory(f'[ "$*" = "-i {path} --list --yaml --export" ] && [ -z "$(cat)" ] || exit 9\necho "{LISTING}"'
                      .replace("cat", "/bin/cat"))  # fmt: skip
    (host,) = load(path).hosts("web")
    assert (host.port, host.wanted) == (2222, {"version": "28", "daemon": {"mtu": 1400, "debug": True}})


def test_what_ansible_says_is_passed_on(ansible_inventory, tmp_path):
    ansible_inventory("echo 'ERROR! no vault secrets' >&2; exit 4")
    path = tmp_path / "hosts"
    path.write_text("[web]\n")
    with pytest.raises(UsageError, match="ansible-inventory refused it: ERROR! no vault secrets"):
        load(path)


def test_a_place_in_a_converted_inventory_has_no_line(ansible_inventory, tmp_path):
    ansible_inventory(f'echo "{LISTING.replace("2222", "x")}"')
    path = tmp_path / "hosts"
    path.write_text("[web]\n")
    with pytest.raises(UsageError) as caught:
        load(path).hosts()
    assert str(caught.value).startswith(
        f"{path} (as ansible-inventory lists it), at all.children.web.hosts.w1.ansible_port"
    )


def test_an_executable_yaml_file_is_still_yaml(inventory, tmp_path):
    inventory("all: {hosts: {h: }}")
    (tmp_path / "hosts.yaml").chmod(0o755)
    assert len(load(tmp_path / "hosts.yaml").hosts()) == 1


def test_yaml_without_an_ending(tmp_path):
    path = tmp_path / "hosts"
    path.write_text(
        textwrap.dedent("""\
        # comment
        ---
        all:
          hosts: {h: }
        """)
    )
    assert len(load(path).hosts()) == 1
