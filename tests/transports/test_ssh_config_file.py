"""Lines of an SSH configuration taken apart: words, patterns, numbers, and what is wrong with them."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.transports.ssh_algorithm_names import unknown_name
from provisioner.transports.ssh_config_file import matches, matches_list, read, split
from provisioner.transports.ssh_keywords import KNOWN, count, problem, seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ("a", "b")),
        ("  a\tb  ", ("a", "b")),
        ("a # b", ("a",)),
        ("a#b", ("a#b",)),
        ("\"a b\" 'c d'", ("a b", "c d")),
        ("a\\ b", ("a b",)),
        ('"a\\"b"', ('a"b',)),
        ("a\\b", ("a\\b",)),
        ("a\\\\b", ("a\\b",)),
        ("'a\"b'", ('a"b',)),
        ('a"b c"d', ("ab cd",)),
        ('""', ("",)),
        ('"a # b"', ("a # b",)),
        ("#", ()),
        ("", ()),
    ],
)
def test_words(text, words):
    assert split(text, "place") == words


@pytest.mark.parametrize("text", ['"', "'a", 'a "b', "\"a'"])
def test_quotes_that_do_not_end(text):
    with pytest.raises(UsageError, match="place: No closing quotation"):
        split(text, "place")


@given(text=st.text("ab.", max_size=8), pattern=st.text("ab.*?", max_size=8))
def test_patterns(text, pattern):
    """A star is any text, a question mark any letter, and nothing else is special."""
    regex = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    assert matches(text, pattern) == bool(re.fullmatch(regex, text, re.DOTALL))


def test_no_pattern_takes_long():
    begin = time.monotonic()
    assert not matches("a" * 1000, "a*" * 30 + "b")
    assert time.monotonic() - begin < 1


@pytest.mark.parametrize(
    ("text", "patterns", "found"),
    [
        ("a", "a,b", True),
        ("a", "b", False),
        ("a", "*,!a", False),
        ("a", "!a,*", False),
        ("a", "!b", False),
        ("a", "!b,*", True),
    ],
)
def test_lists_of_patterns(text, patterns, found):
    assert matches_list(text, patterns) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0), ("90", 90), ("1m30s", 90), ("1M", 60), ("1h1m1s", 3661), ("1d", 86400), ("1w", 604800), ("2m30", 150),
        ("2147483647", 2147483647), ("1.5", 1.5),
        ("2147483648", None), ("-1", None), ("", None), ("soon", None), ("1x", None), ("9" * 5000, None), ("1 m", None),
        ("99999999w", None), ("\u0663", None), ("1e3", None), ("0x10", None), ("nan", None), ("inf", None),
    ],
)  # fmt: skip
def test_times(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("2147483647", 2147483647),
        ("2147483648", None),
        ("-1", None),
        ("", None),
        ("9" * 5000, None),
        ("1k", None),
        ("\u0663", None),
    ],
)
def test_counts(text, expected):
    assert count(text) == expected


@pytest.mark.parametrize("word", ["9" * 5000, "-1", "\u0663", "nan", "\x00", "%"], ids=lambda word: repr(word[:5]))
def test_no_value_is_a_crash(word):
    for keyword in KNOWN:
        for words in ((word,), (word, word), ()):
            assert len(problem(keyword, words) or "") < 200


@pytest.mark.parametrize("port", ["0", "65536", "-1", "99999", "9" * 5000, "\u0663", "1.5", "", "not-a-service", "2 2"])
def test_ports_that_are_none(port):
    assert problem("port", (port,))


@pytest.mark.parametrize(
    ("keyword", "text", "unknown"),
    [
        ("ciphers", "aes128-ctr,what", "what"),
        ("ciphers", "+what", "what"),
        ("ciphers", "-what", ""),
        ("ciphers", "aes*", "aes*"),
        ("ciphers", "aes128-ctr,", "without a name"),
        ("hostkeyalgorithms", "ecdsa*", ""),
        ("hostkeyalgorithms", "^ssh-rsa,what", "what"),
    ],
)
def test_algorithms_that_are_not_known(keyword, text, unknown):
    assert unknown_name(keyword, text) == unknown


def test_blocks(tmp_path):
    (tmp_path / "config").write_text("User=me\nHost a b # c\n\tPort  5\nInclude x\n\n# comment\nMatch host=c\n")
    first, host, match = read(tmp_path / "config")
    assert (first.header, [line.words for line in first.lines]) == (None, [("me",)])
    assert (host.header.words, host.header.place) == (("a", "b"), f"{tmp_path}/config, line 2")
    assert [line.keyword for line in host.lines] == ["port", "include"]
    assert [line.keyword for line in host.always] == ["include"]
    assert (match.header.words, match.lines) == (("host=c",), [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Port\n", "line 1: Unparsable line Port"),
        ("Host\n", "line 1: Unparsable line Host"),
        ("\nPort # 5\n", "line 2: Port has no value"),
        ("Host a\n Port 99999\n", "line 2: Port: port '99999' is not a number from 1 to 65535"),
        ("ConnectTimeout -1\n", "line 1: ConnectTimeout: '-1' is not a time such as 30 or 1m30s"),
        ("ServerAliveCountMax 99999999999\n", "line 1: ServerAliveCountMax: '99999999999' is not a number"),
        ("IdentitiesOnly maybe\n", "line 1: IdentitiesOnly: 'maybe' is none of"),
        ("User a b\n", "line 1: User: one value is expected, not 2"),
        ('User ""\n', "line 1: User: the value is empty"),
        ("UserKnownHostsFile none /a\n", "line 1: UserKnownHostsFile: none stands alone"),
    ],
)
def test_mistakes_name_file_and_line(tmp_path, text, said):
    (tmp_path / "config").write_text(text)
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "config")
    assert f"{tmp_path}/config, {said}" in str(caught.value)
