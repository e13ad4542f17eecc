"""EnvironmentFile= as systemd reads it; the values were printed by services of systemd 252, 257 and 262."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.host_files.host_file import HostFile
from provisioner.host_files.systemd_environment import depends_on_version, environment_settings


def values(text):
    return {setting.name: setting.value for setting in environment_settings(HostFile("/etc/default/docker", text))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=--registry-mirror=https://a --log-opt max-size=10m\n", {"A": "--registry-mirror=https://a --log-opt max-size=10m"}),
        ('A="x y"\nB=\'z w\'\n', {"A": "x y", "B": "z w"}),
        ("export A=1\nB=2\n", {"B": "2"}),
        ("  A = x ; y \n", {"A": "x ; y"}),
        ('A="x" # no comment\n', {"A": "x# no comment"}),
        ("# A=1\n; B=2\nC=3#4\n", {"C": "3#4"}),
        ('A="a\\\nb"\nB=a\\\nb\n', {"A": "ab", "B": "ab"}),
        ('A="$X `y` \\$Z \\"q\\" \\n"\n', {"A": '$X `y` $Z "q" \\n'}),
        ("A='a\\'b\n", {"A": "a\\b"}),
        ("A=a\\ b\\\\c\n", {"A": "a b\\c"}),
        ("A=1\nA=2\nA\n=3\n1A=4\n", {"A": "2"}),
        ("A=x\r\nB=y\r\n", {"A": "x", "B": "y"}),
        ('A="x', {"A": "x"}),
        ("A=\n", {"A": ""}),
        ("=é='\nA=1\n'\nB=2\n", {"B": "2"}),
        ("A=x\\", {"A": "x"}),
    ],
)  # fmt: skip
def test_values(text, expected):
    assert values(text) == expected


def test_a_comment_that_ends_in_a_backslash_is_read_differently():
    assert depends_on_version(HostFile("/x", "# one \\\nA=1\n"))
    assert not depends_on_version(HostFile("/x", "# one \\\n# two\nA=1\n"))


@given(st.text("AB=\"'\\ \n#;$é\r\tx", max_size=40))
def test_every_character_of_a_value_stands_where_it_is_said_to(text):
    for setting in environment_settings(HostFile("/x", text)):
        assert text[setting.start :].startswith(setting.name)
        before = setting.start
        for cell in setting.cells:
            assert before <= cell.start < cell.end <= len(text)
            assert text[cell.start : cell.end].endswith(cell.text)
            before = cell.end
