"""How it was said that an account becomes root -> what the transport is told."""

from __future__ import annotations

import pytest

from provisioner.cli.connection import Connection
from provisioner.errors import UsageError
from provisioner.runs.targets import targets

INVENTORY = """\
all:
  hosts:
    by-su: {ansible_become_method: su}
    by-what-works: {}
    here: {ansible_connection: local, ansible_become_method: community.general.doas}
    root: {ansible_user: root, ansible_become_method: su}
"""


class Nobody:
    def password(self, prompt):
        raise AssertionError(prompt)

    def warn(self, text):
        raise AssertionError(text)


class Typing(Nobody):
    def __init__(self):
        self.asked = []

    def password(self, prompt):
        self.asked.append(prompt)
        return "typed"


def methods(names=None, **said):
    return [target.transport.become_method for target in targets(names, Connection(**said), person=Nobody())]


def test_what_the_inventory_says_counts_until_an_option_says_more(tmp_path):
    path = tmp_path / "hosts.yaml"
    path.write_text(INVENTORY)
    assert methods(inventory=str(path)) == ["su", "", "doas", ""]
    assert methods(inventory=str(path), become_method="sudo") == ["sudo"] * 4


def test_named_hosts_and_this_machine():
    assert methods(["ops@web1", "web2"], become_method="doas") == ["doas", "doas"]
    assert methods(become_method="su") == ["su"]
    assert methods(["ops@web1"]) == [""]


@pytest.mark.parametrize("name", ["pbrun", "", "SU", "sudo su"])
def test_an_unknown_way_is_refused_with_those_there_are(name):
    with pytest.raises(UsageError, match="provisioner knows: sudo, doas or su"):
        methods(["web1"], become_method=name)


@pytest.mark.parametrize(("method", "prompt"), [("su", "su password: "), (None, "sudo password: ")])
def test_the_password_is_asked_for_by_the_name_of_what_takes_it(method, prompt):
    person = Typing()
    (target,) = targets(["web1"], Connection(ask_become_pass=True, become_method=method), person=person)
    assert (person.asked, target.become_password) == ([prompt], "typed")
