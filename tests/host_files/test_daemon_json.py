from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import DaemonConfigurationError
from provisioner.host_files.daemon_json import merge, parse, remove

PATH = "/etc/docker/daemon.json"
MIRRORS = {"registry-mirrors": ["https://a.example", "https://b.example"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", {}, id="empty"),
        pytest.param(" \r\n\t\n", {}, id="blank"),
        pytest.param("\ufeff", {}, id="only a byte order mark"),
        pytest.param('\ufeff{"debug": true}\n', {"debug": True}, id="byte order mark"),
        pytest.param("{}", {}, id="empty object"),
        pytest.param('{"Registry-Mirrors": []}', {"Registry-Mirrors": []}, id="keys keep their case"),
        pytest.param('{"registry\\u002dmirrors": []}', {"registry-mirrors": []}, id="escaped key"),
        pytest.param('{"a": "\\ud800x\\ud83d\\ude00"}', {"a": "\ufffdx\U0001f600"}, id="surrogate escapes"),
        pytest.param(
            '{"a": [1, -0.5, 1E3, {"b": null}, [], {}]}',
            {"a": [1, -0.5, 1000.0, {"b": None}, [], {}]},
            id="values",
        ),
        pytest.param('{"a": {"x": 1}, "b": {"x": 2}}', {"a": {"x": 1}, "b": {"x": 2}}, id="same key in two objects"),
        pytest.param('{"a": "\x7f\u2028"}', {"a": "\x7f\u2028"}, id="characters that need no escape"),
    ],
)
def test_what_dockerd_accepts_is_read(text, expected):
    assert parse(text, PATH) == expected


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        pytest.param('{\n  "a": 1,\n}\n', 3, 1, "expected another key after the comma, found }", id="trailing comma"),
        pytest.param('{"a": [1,]}', 1, 10, "expected another value after the comma, found ]", id="comma in list"),
        pytest.param('{\n  "a": 1\n  "b": 2\n}', 3, 3, 'expected a comma or }, found "', id="missing comma"),
        pytest.param('{"a": [1 2]}', 1, 10, "expected a comma or ], found 2", id="missing comma in list"),
        pytest.param('{"a" 1}', 1, 6, 'expected a colon after the key "a", found 1', id="missing colon"),
        pytest.param("{a: 1}", 1, 2, "expected a key in double quotes, found a", id="bare key"),
        pytest.param("{'a': 1}", 1, 2, "expected a key in double quotes, found '", id="single quotes"),
        pytest.param('{"a": True}', 1, 7, "expected a value, such as true, found True", id="Python's True"),
        pytest.param('{"a": ]}', 1, 7, "expected a value, found ]", id="no value"),
        pytest.param('{"a": NaN}', 1, 7, "found NaN", id="NaN"),
        pytest.param('{"a": -Infinity}', 1, 7, "found -Infinity", id="Infinity"),
        pytest.param('{"a": 01}', 1, 7, "found 01", id="leading zero"),
        pytest.param('{"a": \u0661}', 1, 7, "found \u0661", id="Arabic digit"),
        pytest.param('{"a": 1e999}', 1, 7, "too large", id="beyond float64"),
        pytest.param('{"a": ' + "9" * 5000 + "}", 1, 7, "too large", id="very long integer"),
        pytest.param('{"a": 1, "b": 2,\n "a": 3}', 2, 2, 'the key "a" stands here for the second time', id="duplicate"),
        pytest.param(
            '{"a": {"x": 1,\n"\\u0078": 2}}',
            2,
            1,
            'the key "x" stands here for the second',
            id="nested duplicate",
        ),
        pytest.param("[]", 1, 1, "expected an object in { }, found [", id="list"),
        pytest.param("null", 1, 1, "expected an object in { }, found null", id="null"),
        pytest.param("{}\n{}", 2, 1, "after the closing brace there is more: {", id="trailing garbage"),
        pytest.param('{"a": 1 // why\n}', 1, 9, "JSON has no comments", id="// comment"),
        pytest.param("# why\n{}", 1, 1, "JSON has no comments", id="# comment"),
        pytest.param('{\n/* why */ "a": 1}', 2, 1, "JSON has no comments", id="/* comment"),
        pytest.param('{"a": "b\tc"}', 1, 9, "U+0009 must be written as an escape", id="tab in string"),
        pytest.param('{"a": "b\nc"}', 1, 7, "no closing quote on its line", id="line break in string"),
        pytest.param('{"a": "b}', 1, 7, "no closing quote", id="string without end"),
        pytest.param('{"a": "C:\\dir"}', 1, 10, "JSON has no escape \\d", id="bad escape"),
        pytest.param('{"a": "\\u12 4"}', 1, 8, "JSON has no escape \\u", id="bad unicode escape"),
        pytest.param('{"a": 1\n\n', 1, 8, "expected a comma or }, found the end of the file", id="end of file"),
        pytest.param("{", 1, 2, "expected a key in double quotes, found the end of the file", id="only a brace"),
        pytest.param('{"a": "\udcff"}', 1, 8, "byte 0xFF is not UTF-8", id="not UTF-8"),
        pytest.param("\udcff\udcfe{\0}\0", 1, 1, "byte 0xFF is not UTF-8", id="UTF-16"),
        pytest.param('{"a": ' + "[" * 5000, 1, 108, "levels of brackets", id="too deep"),
        pytest.param('{"a":\x0c1}', 1, 6, "U+000C", id="form feed"),
    ],
)
def test_a_broken_file_is_refused_with_line_and_column(text, line, column, problem):
    with pytest.raises(DaemonConfigurationError) as caught:
        parse(text, PATH)
    error = caught.value
    assert problem in error.message
    assert (error.line, error.column) == (line, column)
    assert error.message.startswith(f"{PATH}, line {line}, column {column}: ")
    assert error.exit_code == 6
    assert error.hint
    error.message.encode()
    for change in (lambda: merge(text, MIRRORS, PATH), lambda: remove(text, ["a"], PATH)):
        with pytest.raises(DaemonConfigurationError):
            change()


def test_the_line_is_quoted_with_a_caret_and_without_secrets():
    text = '{\n\t"proxies": {"http-proxy": "http:\\/\\/me:s3cret@proxy:3128"] }\n}\n'
    with pytest.raises(DaemonConfigurationError) as caught:
        parse(text, PATH)
    _, quoted, caret = caught.value.message.split("\n")
    assert "s3cret" not in caught.value.message
    assert quoted == '     "proxies": {"http-proxy": "http:\\/\\/***@proxy:3128"] }'
    assert quoted[caret.index("^")] == "]"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('"p": "http://me:s3cret@proxy" x', id="URL"),
        pytest.param('"p": "http://s3cret@proxy" x', id="token as user"),
        pytest.param('"p": "http://me:s3cret@x@proxy" x', id="at sign in the password"),
        pytest.param('"p": "http://me:\\"s3cret@proxy" x', id="quote in the password"),
        pytest.param('"p": "http://me:a/s3cret@proxy" x', id="slash in the password"),
        pytest.param('"p": "http://me:\ts3cret@proxy"', id="the fault is in the password"),
        pytest.param('"p": "http://me:s3cret', id="broken off"),
        pytest.param('"splunk-token": "s3cret" x', id="splunk-token"),
        pytest.param("\"x-password\" : 's3cret'", id="single quotes"),
    ],
)
def test_secrets_are_masked(line):
    with pytest.raises(DaemonConfigurationError) as caught:
        parse("{" + line, PATH)
    assert "s3cret" not in caught.value.message


def test_a_long_line_is_cut_around_the_fault():
    text = "{" + ", ".join(f'"key{index}": {index}' for index in range(100)) + ", x}" + " " * 100
    with pytest.raises(DaemonConfigurationError) as caught:
        parse(text, PATH)
    _, quoted, caret = caught.value.message.split("\n")
    assert len(quoted) < 110
    assert quoted[caret.index("^")] == "x"


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        pytest.param(None, {"debug": True}, '{\n  "debug": true\n}\n', id="no file"),
        pytest.param("\n", {"dns": ["1.1.1.1"]}, '{\n  "dns": [\n    "1.1.1.1"\n  ]\n}\n', id="blank file"),
        pytest.param("{}\n", {"dns": ["1.1.1.1"]}, '{"dns": ["1.1.1.1"]}\n', id="one line, empty"),
        pytest.param("{ }", {"debug": True, "mtu": 1}, '{ "debug": true, "mtu": 1 }', id="one line, empty, spaces"),
        pytest.param(
            "{\n}\n", {"debug": True, "mtu": 1}, '{\n  "debug": true,\n  "mtu": 1\n}\n', id="two lines, empty"
        ),
        pytest.param('{"a":1}', {"dns": ["x", "y"]}, '{"a":1,"dns":["x","y"]}', id="compact"),
        pytest.param('{ "a": 1 }', {"b": {"c": 2}}, '{ "a": 1, "b": {"c": 2} }', id="one line with spaces"),
        pytest.param(
            '{\n\t"a" : 1e0,\n\t"dns" : [\n\t\t"x"\n\t]\n}',
            {"dns": ["y", "z"], "log-opts": {"m": "1"}},
            '{\n\t"a" : 1e0,\n\t"dns" : [\n\t\t"y",\n\t\t"z"\n\t],\n\t"log-opts" : {\n\t\t"m" : "1"\n\t}\n}',
            id="tabs, no final newline",
        ),
        pytest.param(
            '{\r\n    "a": 1\r\n}\r\n',
            {"dns": ["x"]},
            '{\r\n    "a": 1,\r\n    "dns": [\r\n        "x"\r\n    ]\r\n}\r\n',
            id="CRLF",
        ),
        pytest.param(
            '{\n  "dns": ["x"],\n  "a": 1\n}\n',
            {"dns": ["y", "z"]},
            '{\n  "dns": ["y", "z"],\n  "a": 1\n}\n',
            id="list on one line stays on it",
        ),
        pytest.param(
            '{\n  "dns": [],\n  "a": 1\n}\n',
            {"dns": ["y"]},
            '{\n  "dns": [\n    "y"\n  ],\n  "a": 1\n}\n',
            id="empty list",
        ),
        pytest.param('{\n  "dns": [\n    "x"\n  ]\n}\n', {"dns": []}, '{\n  "dns": []\n}\n', id="cleared"),
        pytest.param('{"a": [\n  1\n]}', {"b": 1}, '{"a": [\n  1\n], "b": 1}', id="only a value has lines"),
        pytest.param(
            '{"debug": 1, "mtu": 1500.0}',
            {"debug": True, "mtu": 1500},
            '{"debug": true, "mtu": 1500}',
            id="types count",
        ),
        pytest.param(
            '{"log-opts": {"b":1, "a":2} }',
            {"log-opts": {"a": 2, "b": 1}},
            '{"log-opts": {"b":1, "a":2} }',
            id="order in an object does not",
        ),
        pytest.param('\ufeff{"a": 1}', {"a": 2}, '{"a": 2}', id="byte order mark dropped"),
        pytest.param('\ufeff{"a": 1}', {"a": 1}, '\ufeff{"a": 1}', id="nothing to change, byte order mark kept"),
        pytest.param("\n", {}, "\n", id="nothing wanted"),
        pytest.param('{"label": "x"}', {"label": "é \u2028"}, '{"label": "é \u2028"}', id="not ASCII"),
        pytest.param(
            '{"registry\\u002dmirrors":[]}',
            {"registry-mirrors": ["x"]},
            '{"registry\\u002dmirrors":["x"]}',
            id="escaped key",
        ),
    ],
)
def test_merge(before, wanted, after):
    assert merge(before, wanted, PATH) == after


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        pytest.param('{"a": 1, "b": 2, "c": 3}', ["b"], '{"a": 1, "c": 3}', id="middle"),
        pytest.param('{ "a": 1, "b": 2 }', ["a"], '{ "b": 2 }', id="first"),
        pytest.param('{ "a": 1, "b": 2 }', ["b"], '{ "a": 1 }', id="last"),
        pytest.param('{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n', ["a", "b"], '{\n  "c": 3\n}\n', id="first lines"),
        pytest.param('{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n', ["a", "c"], '{\n  "b": 2\n}\n', id="around"),
        pytest.param('{\n  "a": 1,\n  "b": 2\n}\n', ["a", "b"], "{\n}\n", id="all"),
        pytest.param('{"a":   1}', ["b"], '{"a":   1}', id="absent"),
        pytest.param("", ["b"], "", id="blank"),
    ],
)
def test_remove(before, keys, after):
    assert remove(before, keys, PATH) == after


# Documents with random spacing: what Go's encoding/json accepts, spelled in as many ways as JSON has.

SPACE = st.text(" \t\r\n", max_size=4) | st.sampled_from(["", " ", "\n  ", "\r\n\t"])
KEYS = st.sampled_from(["registry-mirrors", "debug", "mtu", "log-opts", "Debug", "é", 'q"\\', ""]) | st.text(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=6)


def spelled(draw, value):
    def spaced(token):
        return draw(SPACE) + token + draw(SPACE)

    if isinstance(value, dict):
        members = [spaced(spelled(draw, key)) + ":" + spaced(spelled(draw, item)) for key, item in value.items()]
        return "{" + (",".join(members) or draw(SPACE)) + "}"
    if isinstance(value, list):
        return "[" + (",".join(spaced(spelled(draw, item)) for item in value) or draw(SPACE)) + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@st.composite
def documents(draw):
    content = draw(OBJECTS)
    layout = draw(st.sampled_from(["random", 0, 2, 4, "\t", None]))
    if layout == "random":
        return draw(SPACE) + spelled(draw, content) + draw(SPACE)
    text = json.dumps(content, indent=layout, ensure_ascii=draw(st.booleans())) + draw(st.sampled_from(["", "\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def members(text):
    """Return the top-level members of a document, with the raw text of their values, by another way than ours."""
    raw, at = [], text.index("{") + 1
    decoder = json.JSONDecoder()
    while True:
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n,"))
        if text[at] == "}":
            return raw
        key, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n:"))
        _, end = decoder.raw_decode(text, at)
        raw.append((key, text[at:end]))
        at = end


@given(documents())
def test_reading_agrees_with_the_standard_library(text):
    assert json.dumps(parse(text, PATH)) == json.dumps(json.loads(text))


@given(documents(), OBJECTS)
def test_merge_sets_what_is_wanted_and_nothing_else(text, wanted):
    merged = merge(text, wanted, PATH)
    assert json.dumps(parse(merged, PATH)) == json.dumps(parse(text, PATH) | wanted)
    others = [member for member in members(text) if member[0] not in wanted]
    assert [member for member in members(merged) if member[0] not in wanted] == others
    assert merge(merged, wanted, PATH) == merged
    outside = text[: text.index("{")], text[text.rindex("}") :]
    assert (merged[: merged.index("{")], merged[merged.rindex("}") :]) == outside


@given(documents(), st.data())
def test_what_is_so_already_is_not_touched(text, data):
    present = parse(text, PATH)
    keys = data.draw(st.sets(st.sampled_from(sorted(present)))) if present else set()
    assert merge(text, {key: present[key] for key in keys}, PATH) == text


@given(documents(), VALUES)
def test_a_key_that_is_added_and_removed_leaves_no_trace(text, value):
    before = remove(text, ["new"], PATH)
    cleared = remove(merge(before, {"new": value}, PATH), ["new"], PATH)
    assert parse(cleared, PATH) == parse(before, PATH)
    assert cleared == before or not parse(before, PATH)


@given(documents(), VALUES)
def test_a_key_that_is_set_and_set_back_gives_an_equivalent_document(text, value):
    for key, old in parse(text, PATH).items():
        assert parse(merge(merge(text, {key: value}, PATH), {key: old}, PATH), PATH) == parse(text, PATH)


@given(documents(), st.data())
def test_remove_takes_the_keys_and_nothing_else(text, data):
    present = parse(text, PATH)
    keys = data.draw(st.sets(st.sampled_from(sorted(present)))) if present else set()
    cleared = remove(text, keys, PATH)
    assert members(cleared) == [member for member in members(text) if member[0] not in keys]


@given(
    documents(),
    st.integers(min_value=0),
    st.sampled_from(["", ",", "}", '"', "x", "\x01", "\\", "[", " ", "0"]),
)
def test_a_damaged_document_is_refused_or_read_as_the_standard_library_reads_it(text, position, damage):
    position %= len(text)
    text = text[:position] + damage + text[position + 1 :]
    try:
        read = parse(text, PATH)
    except DaemonConfigurationError as error:
        assert 1 <= error.line <= text.count("\n") + 1  # noqa: PT017
        return
    if text.strip():
        loaded = json.dumps(json.loads(text), ensure_ascii=False)
        assert json.dumps(read, ensure_ascii=False) == re.sub("[\ud800-\udfff]", "\ufffd", loaded)
