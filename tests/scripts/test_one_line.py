from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.scripts.one_line import one_line
from provisioner.scripts.render import quote

SHELLS = [
    pytest.param(words, id=words[-1], marks=() if shutil.which(words[0]) else pytest.mark.skip(f"no {words[0]} here"))
    for words in (["sh"], ["bash"], ["dash"], ["busybox", "ash"], ["tcsh"], ["fish"])
]


def said(shell, line, content=b""):
    done = subprocess.run([*shell, "-c", line], input=content, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "word",
    [
        "",
        "two words",
        "it's",
        '"',
        "!x",
        "\\",
        "\\n",
        "%d",
        "$HOME",
        "`id`",
        "a\nb",
        "\n",
        "*",
        "~",
        "é",
        "\udcff",
        "-n",
    ],
)
def test_a_word_arrives_whichever_shell_the_account_logs_in_with(shell, word):
    sent = one_line(f"printf '%s.' {quote(word)}")
    assert said(shell, sent) == word.encode("utf-8", "surrogateescape") + b"."


@pytest.mark.parametrize("shell", SHELLS)
def test_its_stdin_is_the_callers(shell):
    assert said(shell, one_line("cat\n"), b"content\0\n") == b"content\0\n"


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_every_text_arrives(text):
    assert said(["sh"], one_line(f"printf %s {quote(text)}")) == text.encode()


def test_words_come_before():
    assert one_line("id", "sudo", "-n") == """sudo -n sh -c 'eval "$(printf -- "id")"'"""


def test_what_no_command_line_can_hold_is_refused():
    with pytest.raises(UsageError, match="more than a command line"):
        one_line("x" * 200_000)
