from __future__ import annotations

import pytest

from provisioner.errors import UsageError
from provisioner.inventory import load


def only(inventory, **keywords):
    (host,) = inventory.hosts(**keywords)
    return host


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ("{}", {"address": "h", "user": None, "port": None, "key_file": None, "local": False, "jump": None}),
        ("{ansible_host: 192.0.2.1, ansible_port: 2222}", {"address": "192.0.2.1", "port": 2222}),
        ("{ansible_ssh_host: 192.0.2.1, ansible_ssh_port: '22'}", {"address": "192.0.2.1", "port": 22}),
        ("{ansible_host: '[2001:db8::1]'}", {"address": "2001:db8::1"}),
        ("{ansible_user: root}", {"user": "root"}),
        ("{ansible_user: 1000}", {"user": "1000"}),
        ("{ansible_password: 0123}", {"password": "0123"}),
        ("{ansible_ssh_pass: yes, ansible_password: no}", {"password": "yes"}),
        ("{ansible_become_password: b}", {"become_password": "b"}),
        ("{ansible_become_pass: b, ansible_user: root}", {"become_password": None}),
        ("{ansible_become_method: community.general.doas}", {"become_method": "doas", "warnings": ()}),
        ("{ansible_become_method: su, ansible_su_pass: s, ansible_sudo_pass: b}", {"become_password": "s"}),
        ("{ansible_become_method: doas, ansible_doas_pass: d}", {"become_password": "d"}),
        ("{ansible_become_method: su, ansible_connection: local}", {"become_method": "su", "local": True}),
        (
            "{ansible_become_method: , ansible_become: yes, ansible_become_user: root}",
            {"become_method": "", "warnings": ()},
        ),
        ("{ansible_private_key_file: ~/k}", {"key_file": "~/k"}),
        ("{ansible_private_key_file: a, ansible_ssh_private_key_file: b}", {"key_file": "b"}),
        ("{ansible_connection: local}", {"local": True, "address": "h"}),
        ("{ansible_connection: ansible.builtin.local}", {"local": True}),
        ("{ansible_connection: ssh}", {"local": False}),
        ("{ansible_ssh_common_args: -J me@gate:2222}", {"jump": "me@gate:2222"}),
        ("{ansible_ssh_common_args: '-o ProxyJump=a,b -C'}", {"jump": "a,b"}),
        ("{ansible_ssh_extra_args: '-oProxyJump=gate'}", {"jump": "gate"}),
        ("{ansible_ssh_common_args: '-o ProxyCommand=\"ssh -W %h:%p -q me@gate\"'}", {"jump": "me@gate"}),
        ("{ansible_ssh_common_args: '-o ProxyCommand=\"ssh -p 2222 -l me -W %h:%p gate\"'}", {"jump": "me@gate:2222"}),
        ("{ansible_ssh_common_args: '-o ProxyCommand=\"ssh -p 2222 -W %h:%p ::1\"'}", {"jump": "[::1]:2222"}),
        ("{ansible_ssh_common_args: '-o ProxyCommand=\"ssh -p 22 -W %h:%p me@[::1]\"'}", {"jump": "me@[::1]:22"}),
        ("{ansible_host: !unsafe 'h{{1'}", {"address": "h{{1"}),
        ("{other: '{{ lookup(1) }}', secret: !vault 'x', tagged: !what {a: 1}}", {"address": "h", "warnings": ()}),
    ],
)
def test_variables(inventory, variables, expected):
    host = only(inventory(f"all: {{hosts: {{h: {variables}}}}}"))
    assert {name: getattr(host, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("-o StrictHostKeyChecking=no", "-o StrictHostKeyChecking=no is not honoured: use --accept-new"),
        ("-F other_config", "-F other_config is not honoured: put it in ~/.ssh/config"),
        ("-o ProxyCommand='nc %h %p'", "is not honoured"),
        ("-i key", "-i key is not honoured"),
        ("-o PasswordAuthentication=no", "-o PasswordAuthentication=no is not honoured: put it in ~/.ssh/config"),
        ("-o ProxyCommand='ssh -W %h:%p -o ProxyCommand=x gate'", "is not honoured"),
    ],
)
def test_ssh_arguments_that_do_nothing_are_named(inventory, arguments, said):
    host = only(inventory(f'all: {{hosts: {{h: {{ansible_ssh_common_args: "{arguments}"}}}}}}'))
    assert len(host.warnings) == 1
    assert said in host.warnings[0]
    assert "hosts.yaml, line 1, column" in host.warnings[0]


def test_usual_ssh_arguments_are_no_news(inventory):
    arguments = "-C -o ControlMaster=auto -o ControlPersist=60s -o 'ServerAliveInterval 30'"
    host = only(inventory(f'all: {{hosts: {{h: {{ansible_ssh_common_args: "{arguments}"}}}}}}'))
    assert host.warnings == ()


def test_what_cannot_be_had_of_becoming_root_is_named(inventory):
    host = only(
        inventory(
            "all: {hosts: {h: {ansible_become_method: su, ansible_become_user: app, ansible_become: no,"
            " ansible_become_exe: /opt/su, ansible_become_flags: -H}}}"
        )
    )
    assert host.become_method == "su"
    assert sorted(warning.partition(": ")[2] for warning in host.warnings) == [
        f"{value!r} is not honoured: provisioner becomes root" for value in ("-H", "/opt/su", "app", "no")
    ]


@pytest.mark.parametrize("connection", ["ssh", "local"])
def test_an_unknown_way_to_become_root_is_refused_with_those_there_are(inventory, connection):
    found = inventory(f"all: {{hosts: {{h: {{ansible_become_method: pbrun, ansible_connection: {connection}}}}}}}")
    with pytest.raises(UsageError, match=r"at all\.hosts\.h\.ansible_become_method: 'pbrun' .* sudo, doas or su"):
        found.hosts()
    assert only(found, supplied={"become_method"}).become_method == ""


def test_root_need_not_become_root(inventory):
    host = only(inventory("all: {hosts: {h: {ansible_user: root, ansible_become_method: '{{ method }}'}}}"))
    assert (host.become_method, host.become_password) == ("", None)


def test_passwords_are_in_no_repr(inventory):
    host = only(inventory("all: {hosts: {h: {ansible_password: hunter2, ansible_become_password: hunter3}}}"))
    assert (host.password, host.become_password) == ("hunter2", "hunter3")
    assert "hunter" not in repr(host) + str(host)


def test_a_port_behind_the_name_gives_way_to_the_variable(inventory):
    hosts = inventory("all: {hosts: {'a:2222': , 'b:2222': {ansible_port: 22}}}").hosts()
    assert [(host.name, host.port) for host in hosts] == [("a", 2222), ("b", 22)]


VAULT = """\
all:
  hosts:
    h:
      ansible_password: !vault |
        $ANSIBLE_VAULT;1.1;AES256
        6133
"""


def test_an_encrypted_password_is_an_error_only_where_it_is_needed(inventory):
    found = inventory(VAULT)
    with pytest.raises(UsageError) as caught:
        found.hosts()
    assert "line 4, column 25, at all.hosts.h.ansible_password: the value is encrypted" in str(caught.value)
    assert "--ask-pass" in caught.value.hint
    assert only(found, supplied={"password"}).password is None
    local = only(inventory(VAULT + "      ansible_connection: local\n"))
    assert local.password is None


def test_only_selected_hosts_are_judged(inventory):
    found = inventory("""\
        all:
          hosts:
            linux:
            windows: {ansible_connection: winrm}
            templated: {ansible_host: "{{ address }}"}
        """)
    assert [host.name for host in found.hosts("linux")] == ["linux"]
    with pytest.raises(UsageError, match="'winrm' is not a connection of provisioner"):
        found.hosts("windows")
    with pytest.raises(UsageError, match=r"line 5, column 31.*Jinja template.*\{\{ address \}\}"):
        found.hosts("templated")


def test_a_templated_password_is_not_quoted(inventory):
    with pytest.raises(UsageError) as caught:
        inventory("all: {hosts: {h: {ansible_password: \"{{ 'hunter2' }}\"}}}").hosts()
    assert "hunter2" not in str(caught.value)


def test_shapes_that_ansible_takes(inventory):
    found = inventory("""\
        web:
          hosts: single
        db:
          hosts:
            10.0.0.1:
            10.0.0.2: {}
          children: web
        empty:
        """)
    assert {host.name: host.groups for host in found.hosts()} == {
        "10.0.0.1": ("db",),
        "10.0.0.2": ("db",),
        "single": ("db", "web"),
    }
    assert found.warnings == ()


def test_what_ansible_skips_is_named(inventory):
    found = inventory("all: {host: {h: }, other: 1, hosts: {a: }}\nlist: [1]\n")
    assert [host.name for host in found.hosts()] == ["a"]
    assert len(found.warnings) == 3
    assert "at all.host: skipped: a group has hosts, children and vars; did you mean hosts?" in found.warnings[0]


def test_merge_keys_and_anchors(inventory):
    found = inventory("""\
        all:
          vars: &common {ansible_user: a, ansible_port: 1}
          hosts:
            x: {<<: *common, ansible_port: 2}
            y: {<<: [{ansible_user: b}, *common]}
        """)
    assert [(host.user, host.port) for host in found.hosts()] == [("a", 2), ("b", 1)]


def test_group_vars_and_host_vars_beside_the_inventory(inventory):
    inventory("ansible_user: from_all\ndocker: {version: 27, hold: true}\n", "group_vars/all.yml")
    inventory("ansible_user: from_web\n", "group_vars/web/main.yaml")
    inventory("ansible_port: 4\ndocker: {version: 28.10}\n", "host_vars/w1")
    host = only(inventory("web: {hosts: {w1: {ansible_port: 3}}, vars: {ansible_user: inside}}\n"))
    assert (host.user, host.port) == ("from_web", 4)
    assert host.wanted == {"version": "28.10", "hold": True}


def test_an_encrypted_variable_file_is_skipped_and_named(inventory, tmp_path):
    inventory("a: 1", "group_vars/all/clear.yml")
    (tmp_path / "group_vars/all/vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6133\n")
    found = inventory("all: {hosts: {h: }}")
    assert only(found).name == "h"
    assert "vault.yml: skipped: it is encrypted" in found.warnings[0]


def test_a_thousand_hosts_load(tmp_path):
    path = tmp_path / "hosts.yaml"
    lines = [
        f"        host{number}: {{ansible_host: 192.0.2.{number % 250}, ansible_port: 22, ansible_user: u, extra: [1, 2]}}"
        for number in range(1000)
    ]
    path.write_text(
        "all:\n  vars: {docker: {registry_mirrors: [https://m.example]}}\n  children:\n    web:\n      hosts:\n"
        + "\n".join(lines)
    )
    assert len(load(path).hosts()) == 1000
