from __future__ import annotations

from pathlib import Path

from provisioner.errors import UsageError
from provisioner.runs.crash import as_bug, as_error


def test_a_log_holds_no_secret_and_acts_on_no_terminal():
    error = as_bug(RuntimeError('dial http://me:s3cr3t@proxy: "token": "s3cr3t" \x1b[2J \udce9'), "web01")
    log = Path(error.hint.split("details are in ")[1].partition(";")[0])
    text = log.read_text(encoding="utf-8")
    log.unlink()
    assert "RuntimeError: dial http://***@proxy" in text
    assert "web01" in text
    assert "s3cr3t" not in text
    assert "\x1b" not in text


def test_an_error_of_ours_is_no_bug():
    error = UsageError("no")
    assert as_error(error, "web01") is error
