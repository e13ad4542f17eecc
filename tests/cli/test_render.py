from __future__ import annotations

import json

import jsonschema
import pytest
from typer.testing import CliRunner

from provisioner.cli.app import app


def render(*words):
    result = CliRunner().invoke(app, ["render", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_schema_is_one():
    jsonschema.validators.Draft202012Validator.check_schema(json.loads(render("schema")))


@pytest.mark.parametrize(
    ("options", "document"),
    [
        pytest.param((), {}, id="nothing wanted"),
        pytest.param(
            ("--registry-mirror", "https://m.example/", "--daemon", "debug=true"),
            {"registry-mirrors": ["https://m.example"], "debug": True},
            id="mirror and key",
        ),
    ],
)
def test_daemon_json_is_what_a_fresh_host_gets(options, document):
    assert json.loads(render("daemon.json", *options)) == document
