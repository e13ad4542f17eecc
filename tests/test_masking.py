from __future__ import annotations

import json
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provisioner.masking import HIDDEN, masked, masked_document, secret_spans, visible


@pytest.mark.parametrize(
    "text",
    [
        '"http-proxy": "http://me:s3cr3t@proxy:3128"',
        "--source https://me:s3cr3t@m.example/docker",
        "https://s3cr3t@m.example",
        "http://me:a/s3cr3t@proxy",
        '+        "splunk-token": "s3cr3t"',
        '"splunk-token": "a\\"s3cr3t"',
        '--daemon log-opts={"splunk-token":"s3cr3t"}',
        "password=s3cr3t",
        "API_KEY: s3cr3t",
        '"{\\"password\\": \\"s3cr3t\\"}"',
    ],
)
def test_secrets_are_hidden(text):
    assert "s3cr3t" not in masked(text)
    assert "***" in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://m.example:5000",
        '"registry-mirrors": ["https://m.example:5000", "http://127.0.0.1:5000"]',
        "root@web01 https://m.example",
        '"debug": true',
    ],
)
def test_the_rest_stays(text):
    assert masked(text) == text


@given(st.text(min_size=4).filter(lambda text: text.strip() == text and "***" not in text))
def test_no_json_value_of_a_secret_key_shows(secret):
    line = json.dumps({"splunk-token": secret, "debug": True})
    assert json.loads(masked(line)) == {"splunk-token": "***", "debug": True}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://m.example/hub?s3cr3t", id="query"),
        pytest.param("https://m.example/hub?sig=s3cr3t&x=1 is no mirror", id="query in a sentence"),
        pytest.param('"u": "http:\\/\\/me:s3cr3t@proxy:3128"', id="escaped slashes"),
        pytest.param('"u": "http:\\/\\/m.example\\/x?s3cr3t"', id="query behind escaped slashes"),
        pytest.param('"p": "http://me:\\"s3cr3t@proxy"', id="quote in the password"),
        pytest.param('"p": "http://me:\ts3cr3t@proxy"', id="tab in the password"),
        pytest.param('"p": "http://me:s3cr3t', id="broken off"),
        pytest.param("http://a/x,http://me:s3cr3t@b", id="second of two in a word"),
        pytest.param("http://me:s3cr3t@a,http://b", id="first of two in a word"),
        pytest.param("HTTPS_PROXY=me:s3cr3t@proxy:3128", id="proxy without scheme"),
        pytest.param("password='a s3cr3t'", id="single quotes"),
        pytest.param("x-api-key: s3cr3t", id="api-key"),
        pytest.param('"api_key" : "s3cr3t"', id="api_key"),
        pytest.param('"tokens": ["a", "s3cr3t"]', id="list"),
        pytest.param('"credentials": {"a": {"b": "s3cr3t"}}', id="object"),
        pytest.param('"tokens": [\n  "a",\n  "s3cr3t"\n]', id="list over lines"),
        pytest.param('+"tokens": [\n+  "a",\n+  "s3cr3t"\n+]', id="list over lines of a diff"),
        pytest.param('"token":\n    "s3cr3t"', id="value on the next line"),
        pytest.param('"{\\"a\\": \\"{\\\\\\"token\\\\\\": \\\\\\"s3cr3t\\\\\\"}\\"}"', id="JSON in JSON in JSON"),
        pytest.param("Authorization: Basic s3cr3tS3cr3t", id="header"),
        pytest.param("Bearer abc.s3cr3t-abc", id="bearer"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIs3cr3t\nabc\n-----END RSA PRIVATE KEY-----", id="private key"
        ),
        pytest.param("-----BEGIN PRIVATE KEY-----\nMIIs3cr3t\nabc", id="private key without end"),
        pytest.param("token=***s3cr3t", id="begins with stars"),
        pytest.param('"token="s3cr3t', id="quote of a shell"),
    ],
)
def test_more_secrets_are_hidden(text):
    assert "s3cr3t" not in masked(text)
    assert HIDDEN in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "give the sudo password with -K, or log in as root",
        "the server asks 'Password: ' and takes none",
        'root:x:0:0 "token": null, "secret": false',
        "image alpine:3.20@sha256:abc from https://m.example:5000/v2/",
        "proxy=http://proxy:3128",
        "a // comment, me@example",
    ],
)
def test_what_is_no_secret_stays(text):
    assert masked(text) == text


def test_what_a_host_prints_hides_nothing_of_its_neighbours():
    hostile = ['token="', "token=[", "-----BEGIN PRIVATE KEY-----", '"token":', "password='", '"http://a:b']
    text = "\n".join(f"web{number}  failed  {words}" for number, words in enumerate(hostile)) + "\nlast  changed"
    for number in range(len(hostile)):
        assert f"web{number}  failed" in masked(text)
    assert masked(text).endswith("\nlast  changed")


KEYS = st.sampled_from(["token", "registry-token", "PASSWORD", "clientSecret", "api_key", "credentials"])
OTHERS = st.sampled_from(["debug", "labels", "http-proxy", "name", "x"])
MARKED = st.text(max_size=8).map(lambda text: f"{text}s3cr3t{text}")
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8))
HARMLESS = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(OTHERS, inner, max_size=3))
HELD = st.recursive(MARKED, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(OTHERS, inner, max_size=3))
DOCUMENTS = st.recursive(
    st.dictionaries(KEYS, HELD, min_size=1, max_size=2) | st.dictionaries(OTHERS, HARMLESS, max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(OTHERS, inner, max_size=3),
)


@given(DOCUMENTS, st.sampled_from([None, 0, 2]), st.booleans(), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_no_json_text_shows_what_stands_below_a_secret_key(document, indent, escaped, separators):
    text = json.dumps(document, indent=indent, ensure_ascii=escaped, separators=separators)
    assert "s3cr3t" not in masked(text)
    assert "s3cr3t" not in masked(json.dumps({"of": text}, ensure_ascii=escaped))
    assert "s3cr3t" not in json.dumps(masked_document(document))


@given(HARMLESS)
def test_a_document_without_secrets_stays_exact(document):
    if not any(part in json.dumps(document) for part in ("//", "\\u")):
        assert masked_document(document) == document


def test_leaves_of_a_document_are_masked_as_text():
    document = {
        "HttpProxy": "http://me:s3cr3t@proxy:3128",
        "HttpsProxy": "me:s3cr3t@proxy:3128",
        "file": '{"log-opts": {"splunk-token": "s3cr3t"}}\n',
        "command_line": ["dockerd", "--token", "s3cr3t", "--log-opt", "splunk-token=s3cr3t", "--debug"],
        "http://me:s3cr3t@h": 1,
        "token": 7,
        "auth": "czNjcjN0",
        "none": frozenset({"b", "a"}),
        "debug": True,
    }
    shown = masked_document(document)
    assert "s3cr3t" not in json.dumps(shown)
    assert (shown["token"], shown["auth"], shown["debug"], shown["none"]) == (HIDDEN, HIDDEN, True, ["a", "b"])
    assert shown["command_line"] == ["dockerd", "--token", HIDDEN, "--log-opt", f"splunk-token={HIDDEN}", "--debug"]
    assert json.loads(shown["file"]) == {"log-opts": {"splunk-token": HIDDEN}}


def test_no_entry_is_lost_when_keys_are_masked_alike():
    shown = masked_document({"http://a:s3cr3t@h": 1, "http://b:s3cr3t@h": 2, "x": 3})
    assert sorted(shown.values()) == [1, 2, 3]
    assert "s3cr3t" not in json.dumps(shown)


PIECES = st.lists(
    st.sampled_from(
        ["token", "passw", "proxy", "=", ":", "://", "//", "/", "@", "?", "\\", '"', "'", "[", "]", "{", "}", ",", " ",
         "\n", "a", "1", "***", ".", ")", "-----BEGIN PRIVATE KEY-----", "bearer ", "authorization: x ", "null", "\t"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(PIECES)
@example("token://]@")
@example('-----BEGIN PRIVATE KEY-----"token://authorization: x \n')
def test_masking_twice_is_masking_once(text):
    once = masked(text)
    assert masked(once) == once


@given(PIECES | st.text())
def test_spans_are_in_order_and_apart(text):
    spans = secret_spans(text)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(set(edges))
    assert all(0 <= start < end <= len(text) for start, end in spans)


UNSAFE = {"Cc", "Cs", "Zl", "Zp"}
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(
    st.text(st.characters()) | st.text(st.sampled_from("\x00\x07\x1b[]\r\n\t\x7f\x85\x9b\u2028\u2029\ud800ab" + BIDI))
)
def test_nothing_that_acts_on_a_terminal_stays(text):
    shown = visible(text)
    for char in shown:
        assert char in "\n\t" or unicodedata.category(char) not in UNSAFE
        assert char not in BIDI
    assert visible(shown) == shown
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x9b2J\x07", "\\x1b[2J\\x9b2J\\x07"),
        ("a\u202eb\u2028c\x85d\x7f", "a\\u202eb\\u2028c\\x85d\\x7f"),
        ("caf\udce9\r\n\t", "caf\\udce9\\x0d\n\t"),
        ("caf\u00e9 \u963f\u91cc\u4e91 \U0001f433", "caf\u00e9 \u963f\u91cc\u4e91 \U0001f433"),
        ("\U000e0041\u200b", "\\U000e0041\\u200b"),
    ],
)
def test_escapes_can_be_read(text, shown):
    assert visible(text) == shown


def cost(work, text):
    """Seconds of this process, the least of three."""

    def once():
        began = time.process_time()
        work(text)
        return time.process_time() - began

    return min(once() for _ in range(3))


def is_linear(work, unit, *, begin=""):
    """Four times the text would take sixteen times as long if a search began anew for every part of it."""
    some = unit * (50_000 // len(unit))
    small, large = cost(work, begin + some), cost(work, begin + some * 4)
    return large < max(8 * small, 0.02)


@pytest.mark.parametrize(
    "unit",
    ["token", "token=", 'token="', 'token=\\"', "token=[", 'token={"a":', "tokens: [\n", '"token":\n', "/", "//a:", "//a:b@",
     '"a://b:', '\\"a://b:', "\\", "token ", " ", "authorization: ", "bearer aaaaaaaa", "-----BEGIN PRIVATE KEY-----", "@",
     '"', "proxy=", 'proxy="', "proxy:[", "\x1b", "\ud800", "lorem ipsum ", "x", "\n", "://a?"],
)  # fmt: skip
@pytest.mark.parametrize("work", [masked, visible], ids=lambda work: work.__name__)
def test_more_text_takes_no_more_than_its_share(work, unit):
    assert is_linear(work, unit)


@pytest.mark.parametrize("begin", ["token=", "token ", '"token":', 'proxy="', "http://u:", '"http://u:', "x"])
@pytest.mark.parametrize("fill", ["a", " ", "\\", "/", ":", "@", '"a'])
def test_one_long_line_takes_no_longer(begin, fill):
    assert is_linear(masked, fill, begin=begin)
