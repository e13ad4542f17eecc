from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.masking import masked


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
