"""Tokens in values of an SSH configuration: replaced as ssh does, and never more than text to a shell."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.transports.ssh_tokens import command, expanded, expanded_path, of_host

TOKENS = of_host(typed="Web1", host="web1", port=22, user="me", account="I", alias="cluster", jump="gate")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%h:%p", "web1:22"),
        ("%n %k %r %u %j", "Web1 cluster me I gate"),
        ("100%%", "100%"),
        ("%%h", "%h"),
        ("${HOME}", "${HOME}"),
        ("", ""),
    ],
)
def test_tokens(text, expected):
    assert expanded(text, TOKENS, "place") == expected


@pytest.mark.parametrize("text", ["%z", "%", "a%", "% h"])
def test_tokens_that_are_none(text):
    with pytest.raises(UsageError, match=r"place: the token %.? is not known here"):
        expanded(text, TOKENS, "place")


def test_paths(home, monkeypatch):
    monkeypatch.setenv("FOLDER", "/f%h")
    monkeypatch.delenv("UNSET", raising=False)
    assert expanded_path("~/k-%h", TOKENS, "place") == f"{home}/k-web1"
    assert expanded_path("${FOLDER}/%%d", TOKENS, "place") == "/f%h/%d"
    assert expanded_path("%d/x", TOKENS | {"d": str(home)}, "place") == f"{home}/x"
    for text, said in (("${UNSET}/x", "no UNSET"), ("${UNSET", "no UNSET"), ("${}", "no variable"), ("~nobody-at-all/x", "no such account")):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            expanded_path(text, TOKENS, "place")


PLACES = [
    ("printf %%s %h", "{}"),
    ("printf %%s a%hb", "a{}b"),
    ("printf %%s '%h'", "{}"),
    ('printf %%s "%h"', "{}"),
    ("printf %%s 'it is'\"%h\"", "it is{}"),
    ('printf %%s "it\'s "%h', "it's {}"),
    ("printf %%s '\"'%h", '"{}'),
    ("printf %%s \\'%h", "'{}"),
    ('printf %%s "\\"%h"', '"{}'),
]
nasty = st.text(st.sampled_from("ab '\"\\$`;&|<>(){}*?[]~#!=\t-%/"), max_size=12)


@pytest.mark.parametrize(("text", "printed"), PLACES)
@given(value=nasty)
@settings(max_examples=60)
def test_a_value_is_one_piece_of_text_wherever_it_stands(text, printed, value):
    shown = subprocess.run(
        ["sh", "-c", command(text, {"h": value}, "place")], capture_output=True, check=True, text=True
    )
    assert shown.stdout == printed.format(value).replace("\r", "")


@pytest.mark.parametrize("text", ["x=`echo %h`", "x=$(echo %h)", 'echo "$(echo %h)"', "echo \\%h", "cat <<X\n%h\nX", "echo $'%h'", "echo ${x-%h}"])  # fmt: skip
def test_where_quotes_are_not_what_they_seem_only_plain_values_are_let_in(text):
    assert "web-1.example:22" in command(text, {"h": "web-1.example:22"}, "place")
    with pytest.raises(UsageError, match="cannot be quoted"):
        command(text, {"h": "a b"}, "place")
