"""Sources of somebody else that give no list are named and passed over, in the words of each package manager."""

from __future__ import annotations

import pytest

from tests.scripts.package_functions import APT, RPM, function, ran
from tests.scripts.shells import SHELLS

UPDATE = """\
Hit:1 http://archive.example/debian trixie InRelease
Err:2 http://127.0.0.1:9 stable InRelease
W: Failed to fetch http://127.0.0.1:9/dists/stable/InRelease  Unable to connect to 127.0.0.1:9:
E: The repository 'http://gone.example/debian stable Release' does not have a Release file.
W: Some index files failed to download. They have been ignored, or old ones used instead.
"""
CDROM = """\
Get:1 http://archive.example/debian trixie InRelease [140 kB]
E: The repository 'cdrom://[Debian GNU/Linux 13 _Trixie_ - Official amd64 NETINST] trixie Release' does not have a Release file.
"""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("said", "passed"),
    [
        pytest.param("Error: Failed to download metadata for repo 'corp': Cannot download repomd.xml", "corp", id="dnf 4"),
        pytest.param('Failed to download metadata (metalink: "http://a (b)") for repository "corp"', "corp", id="dnf 5"),
        pytest.param("failure: repodata/repomd.xml from corp: [Errno 256] No more mirrors to try.", "corp", id="yum"),
        pytest.param("Error: Failed to download metadata for repo 'docker-ce-stable': Cannot", "", id="the engine's own"),
        pytest.param("Error: Failed to download metadata for repo 'known': Cannot download", "", id="passed over already"),
        pytest.param("Error: Failed to download metadata for repo 'a b;c': Cannot download", "", id="no name"),
        pytest.param("Error: Unable to find a match: docker-ce", "", id="something else"),
    ],
)  # fmt: skip
def test_a_dead_repository_of_somebody_else_is_passed_over(tmp_path, shell, said, passed):
    (tmp_path / "manage.log").write_text(f"corp   0.0  B/s |   0  B     00:00\n{said}\n")
    (tmp_path / "docker-ce.repo").write_text("[docker-ce-stable]\nname=x\n")
    script = function(RPM, "pass_over").replace("/etc/yum.repos.d", str(tmp_path))
    found = ran(shell, tmp_path, f'passed=" known" skip=""\n{script}pass_over; echo "$?$passed$skip"')
    note = f"note the repository {passed} gives no list, so it is passed over\n"
    assert found == (f"{note}0 known {passed} --disablerepo={passed}\n" if passed else "1 known\n")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("said", "named"),
    [
        pytest.param(
            UPDATE,
            "http://127.0.0.1:9/dists/stable/InRelease http://gone.example/debian stable Release",
            id="two of them",
        ),
        pytest.param(
            CDROM, "cdrom://[Debian GNU/Linux 13 _Trixie_ - Official amd64 NETINST] trixie Release", id="a CD"
        ),
        pytest.param(UPDATE.partition("\n")[0], "", id="none"),
    ],
)
def test_a_dead_source_of_apt_is_named_and_ends_nothing(tmp_path, shell, said, named):
    (tmp_path / "said").write_text(said)
    apt = 'patient_apt() { cat "$RUN/said" >"$RUN/apt.log"; return 100; }\n'
    found = ran(shell, tmp_path, f"{apt}{function(APT, 'refresh_lists')}refresh_lists -q && echo goes on")
    assert (
        found
        == (f"note these sources give no list, so they are passed over: {named} \n" if named else "") + "goes on\n"
    )
    assert (tmp_path / "update.log").read_text() == said
