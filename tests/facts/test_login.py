from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import FactsError
from provisioner.facts.login import login, refusal, way_of

OPS = "uid=1000(ops) gid=1000(ops) groups=1000(ops),27(sudo)"
LECTURE = """
We trust you have received the usual lecture from the local System
Administrator. It usually boils down to these three things:

    #1) Respect the privacy of others.

"""


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("root", ("root", "sudo", False)),
        ("nopasswd", ("nopasswd", "sudo", False)),
        ("nopasswd doas", ("nopasswd", "doas", False)),
        ("password su terminal", ("password", "su", True)),
        ("nopasswd sudo terminal", ("nopasswd", "sudo", True)),
        ("unneeded", ("unneeded", "sudo", False)),
    ],
)
def test_the_line_of_the_way(way, expected):
    found = login(f"{OPS}\n{way}\n")
    assert (found.sudo, found.method, found.terminal) == expected
    assert (found.name, found.groups, found.sudo_message) == ("ops", ("ops", "sudo"), "")
    assert found.becomes_root == (expected[0] != "unneeded")


@pytest.mark.parametrize("body", ["", "ops\nroot", f"{OPS}\n", f"{OPS}\nwell", f"{OPS}\nnopasswd pbrun"])
def test_another_form_is_an_error(body):
    with pytest.raises(FactsError, match="frame 'login' holds"):
        login(body)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LECTURE + "Sorry, try again.\nsudo: 1 incorrect password attempt", "Sorry, try again.; sudo: 1 incorrect password attempt"),
        ("Password: \nsu: Authentication failure\n", "su: Authentication failure"),
        ("doas (pat@h) password: \ndoas: Authentication failed", "doas: Authentication failed"),
        ("pat is not in the sudoers file.\n", "pat is not in the sudoers file."),
        ("a\nb\nThis account is not available.", "b; This account is not available."),
        ("", ""),
    ],
)  # fmt: skip
def test_why_not_in_one_line(text, said):
    assert refusal(text) == said


def words(text):
    """Without what joins lines."""
    return {word.rstrip(";") for word in text.split()}


@given(st.text(), st.text())
def test_whatever_a_host_says_is_one_line_of_its_words(way, text):
    assert "\n" not in refusal(text)
    assert words(refusal(text)) <= words(text)
    kind, method, terminal = way_of(way)
    assert method
    assert isinstance(terminal, bool)
    assert len(kind.split()) <= 1
