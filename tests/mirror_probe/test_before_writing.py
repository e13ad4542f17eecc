"""Which mirrors are refused before they are written, and which are only told of."""

from __future__ import annotations

import pytest

from provisioner.errors import TARGET, BlockedError
from provisioner.mirror_probe.answer import Answer, Probed
from provisioner.mirror_probe.before_writing import probe_warnings, refuse_hopeless
from provisioner.mirror_probe.judge import judge

URL = "https://m.corp"
PAGE = {"content-type": "text/html"}


def judged(tool="curl", *, pinged=False, said_by="", **steps):
    (found,) = judge([Probed(URL, tool, steps, pinged=pinged, proxies_said_by=said_by)])
    return found


def answer(status, code=0, **more):
    return Answer(status, code, place=f"{URL}/v2/", **more)


MANIFEST = answer(200, headers={"docker-content-digest": "sha256:1"}, sha256="1")
BLOB = answer(200, sha256="2", wanted="2")


@pytest.mark.parametrize(
    ("found", "verdict", "hopeless"),
    [
        pytest.param(judged(v2=answer(0, 6)), "dead", True, id="no such name"),
        pytest.param(judged(v2=answer(0, 7)), "dead", True, id="refused"),
        pytest.param(judged(v2=answer(0, 28)), "dead", True, id="nobody there"),
        pytest.param(judged(v2=answer(0, 28, tcp=0.1)), "dead", False, id="slow"),
        pytest.param(judged("wget", v2=answer(0, 28)), "dead", False, id="a tool that does not tell slow from nobody"),
        pytest.param(judged(v2=answer(0, 60)), "dead", False, id="a certificate that the engine may know"),
        pytest.param(judged(v2=answer(0, 56, tcp=0.1)), "dead", False, id="a connection that broke"),
        pytest.param(judged(v2=answer(0, 7, proxy="p:1"), said_by="x"), "dead", False, id="a proxy that is not there"),
        pytest.param(judged(v2=answer(200, headers=PAGE)), "parked page", True, id="a page"),
        pytest.param(judged(v2=answer(200, headers=PAGE, proxy="p:1")), "parked page", False, id="a proxy's page"),
        pytest.param(judged(v2=answer(404), m0=answer(404)), "not a Docker Hub mirror", True, id="no registry"),
        pytest.param(
            judged(v2=answer(200, body="{}"), m0=answer(404)), "not a Docker Hub mirror", False, id="a registry without it"
        ),
        pytest.param(judged(v2=answer(403)), "restricted", False, id="forbidden"),
        pytest.param(judged(v2=answer(502)), "dead", False, id="out of order"),
        pytest.param(judged(v2=answer(0, 1, error="cannot")), "unknown", False, id="a tool that cannot"),
        pytest.param(judged("none"), "unknown", False, id="no tool"),
        pytest.param(judged(v2=answer(200), m0=MANIFEST, config=BLOB), "alive", False, id="alive"),
        pytest.param(judged(v2=answer(200), m0=MANIFEST), "unknown", False, id="no blob seen"),
        pytest.param(judged(pinged=True, v2=answer(401)), "alive", False, id="another registry's"),
        pytest.param(judged(pinged=True, v2=answer(200, headers=PAGE)), "parked page", True, id="another's page"),
        pytest.param(judged(pinged=True, v2=answer(0, 7)), "dead", True, id="another's refuses"),
        pytest.param(judged(pinged=True, v2=answer(404)), "unknown", False, id="another's without /v2/"),
        pytest.param(judged(pinged=True, v2=answer(403)), "restricted", False, id="another's forbids"),
        pytest.param(judged(pinged=True, v2=answer(503)), "dead", False, id="another's is out of order"),
    ],
)  # fmt: skip
def test_what_is_hopeless(found, verdict, hopeless):
    assert (found.verdict, found.hopeless) == (verdict, hopeless), found
    assert len(probe_warnings([found])) == (verdict not in {"alive", "unknown"})
    if hopeless:
        with pytest.raises(BlockedError, match=r"no image can come to web01 through https://m\.corp: "):
            refuse_hopeless("web01", [found])
    else:
        refuse_hopeless("web01", [found])


def test_the_way_out_is_a_command():
    with pytest.raises(BlockedError) as caught:
        refuse_hopeless("web01", [judged(v2=answer(0, 6)), judged(v2=answer(403))])
    assert caught.value.message.endswith("Nothing was changed.")
    assert f"provisioner mirror probe https://m.corp {TARGET} asks again" in caught.value.hint
