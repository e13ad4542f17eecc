"""What systemd will start: words, where they stand, and where that cannot be said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ApplyError
from provisioner.facts.host import Host
from provisioner.host_files.host_file import HostFile
from provisioner.planner.daemon_config import daemon_step
from provisioner.planner.take_over import taken_out
from tests.hosts import RUNNING
from tests.options_of_dockerd import ETC, LIB

KEY = "registry-mirrors"
A = "https://a"


def host(service, *files, unit_path=ETC, **changes):
    unit = replace(
        RUNNING.units["docker.service"],
        files=(
            HostFile(LIB, "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n"),
            HostFile(unit_path, f"[Service]\n{service}"),
        ),
        **{name: changes.pop(name) for name in ("arguments", "needs_reload") if name in changes},
    )
    return replace(
        RUNNING,
        units={"docker.service": unit},
        sysconfig_files=tuple(HostFile(path, text) for path, text in files),
        **changes,
    )  # fmt: skip


def start(*given, **changes):
    return Host.of(host(*given, **changes)).flags.next


def words(*given, **changes):
    return [word.text for word in start(*given, **changes).words]


RUN = "ExecStart=\nExecStart=/usr/bin/dockerd "


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        pytest.param((RUN + "-H fd:// 'a b' \"c d\" \\x41\\tb\n",), ["-H", "fd://", "a b", "c d", "A\tb"], id="quotes"),
        pytest.param((RUN + "%% %n %p x%iy %t $$ $$X\n",), ["%", "docker.service", "docker", "xy", "/run", "$", "$X"], id="%"),
        pytest.param(("Environment=X=1\n" + RUN + '$X ${X} a${X}b a$X $Y ${Y} "$X"\n',), ["1", "1", "a1b", "a$X", "", "1"], id="$"),
        pytest.param(('Environment="X=a \'b c\' d\\\\ e" Y=%%\n' + RUN + "$X ${X} $Y\n",), ["a", "b c", "d e", "a 'b c' d\\ e", "%"], id="split"),
        pytest.param(('Environment="X=a \\\n# no\n  b"\n' + RUN + "$X\n",), ["a", "b"], id="continued"),
        pytest.param(("Environment=X=1\nEnvironment=\nEnvironment=Z=2\n" + RUN + "$X $Z\n",), ["2"], id="forgotten"),
        pytest.param(("Environment=X=1 Y=2\nUnsetEnvironment=X Y=2\n" + RUN + "$X $Y\n",), [], id="unset"),
        pytest.param(("Environment=X=\\q Y=2\n" + RUN + "$X $Y\n",), [], id="an escape that is none"),
        pytest.param(
            ("EnvironmentFile=-/etc/sysconfig/docker\n" + RUN + "$INSECURE_REGISTRY\n",
             ("/etc/sysconfig/docker", "INSECURE_REGISTRY=--insecure-registry=a --insecure-registry=b\n")),
            ["--insecure-registry=a", "--insecure-registry=b"], id="sysconfig, unquoted",
        ),
        pytest.param((RUN.replace("=/usr", "=-:/usr") + "$X\n",), ["$X"], id="no expansion"),
        pytest.param((RUN.replace("=/usr", "=@/usr") + "zero -D\n",), ["-D"], id="argv[0]"),
        pytest.param(
            ("Environment=X=1\nEnvironmentFile=-/e/*.env\n" + RUN + "$X $Y\n", ("/e/2.env", "Y=b\n"), ("/e/1.env", "X=2\nY=a\n")),
            ["2", "b"],
            id="files after Environment=, by name",
        ),
    ],
)  # fmt: skip
def test_words(given_, expected):
    assert (words(*given_), start(*given_).doubt) == (expected, "")


def test_drop_ins_of_one_name_replace_each_other():
    facts = host(RUN + "--two\n")
    package = HostFile(
        "/usr/lib/systemd/system/docker.service.d/m.conf", "[Service]\nExecStart=\nExecStart=dockerd --one\n"
    )
    unit = facts.units["docker.service"]
    for files in ((*unit.files, package), (unit.files[0], package, unit.files[1])):
        facts = replace(facts, units={"docker.service": replace(unit, files=files)})
        assert [word.text for word in Host.of(facts).flags.next.words] == ["--two"]


@pytest.mark.parametrize(
    ("given_", "changes", "doubt"),
    [
        pytest.param(("ExecStart=\nExecStart=/bin/sh -c 'dockerd'\n",), {}, "runs /bin/sh", id="shell"),
        pytest.param((RUN + "--label=%m\n",), {}, "holds a specifier", id="specifier"),
        pytest.param(("Environment=X=%m\n" + RUN + "$X\n",), {}, "the value of $X holds a specifier", id="in a value"),
        pytest.param(("EnvironmentFile=-/run/flannel/docker\n" + RUN + "$X\n",), {}, "made when the host starts", id="/run"),
        pytest.param(("EnvironmentFile=-/e/%m\n" + RUN + "$X\n",), {}, "EnvironmentFile=/e/%m holds", id="path"),
        pytest.param((RUN + "$X\n",), {"manager_environment": frozenset({"X"})}, "environment of systemd itself", id="manager"),
        pytest.param((RUN + "-D\n",), {"arguments": "/usr/bin/dockerd -H fd://"}, "has read another ExecStart=", id="other"),
        pytest.param((RUN + "-D\n",), {"arguments": "/usr/bin/dockerd", "needs_reload": True}, "", id="not read yet"),
        pytest.param(("EnvironmentFile=/e/x\n" + RUN + "$X\n",), {"needs_reload": True}, "/e/x was not read", id="unread"),
        pytest.param(("EnvironmentFile=/e/x\n" + RUN + "$X\n",), {"odd_files": ("/e/x is not a regular file",)}, "not a reg", id="odd"),
        pytest.param(("EnvironmentFile=/e/x\n" + RUN + "$X\n", ("/e/x", "# c\\\nX=1\n")), {}, "versions of systemd read", id="comment"),
    ],
)  # fmt: skip
def test_where_it_cannot_be_said(given_, changes, doubt):
    found = start(*given_, **changes).doubt
    assert found == "" if not doubt else doubt in found


def test_a_file_that_is_missing_ends_the_start():
    assert (
        start("EnvironmentFile=/e/x\n" + RUN + "$X\n").fails
        == "/e/x is missing, which docker.service does not start without"
    )
    assert start("EnvironmentFile=-/e/x\n" + RUN + "$X\n").fails == ""
    facts = host("EnvironmentFile=/e/x\n" + RUN + "$X\n")
    with pytest.raises(ApplyError, match=r"would not start: /e/x is missing"):
        daemon_step(
            Host.of(replace(facts, engine=replace(facts.engine, pid=0, info=None))), {"debug": True}, installs=False
        )


@pytest.mark.parametrize(
    ("given_", "where", "after"),
    [
        pytest.param(
            ("EnvironmentFile=-/etc/default/docker-engine\n" + RUN + "$M\n", ("/etc/default/docker-engine", f"# mine\nM=-D --registry-mirror={A} --label a=b\n")),
            "/etc/default/docker-engine, line 2", "# mine\nM=-D --label a=b\n", id="unquoted",
        ),
        pytest.param(
            ("EnvironmentFile=-/e/x\n" + RUN + "$M\n", ("/e/x", f'M="--registry-mirror {A} \\\n  -D"\n')),
            "/e/x, line 1", 'M="\\\n-D"\n', id="the first, continued",
        ),
        pytest.param(
            ("EnvironmentFile=-/e/x\n" + RUN + "$M\n", ("/e/x", f"M=-D '--registry-mirror={A}'\n")),
            "/e/x, line 1", "M=-D\n", id="in quotes of the value",
        ),
        pytest.param(
            ("EnvironmentFile=-/e/x\n" + RUN + "$M\n", ("/e/x", f"M=--registry-mirror={A}\nN=1\n")),
            "/e/x, line 1", "M=\nN=1\n", id="all of it",
        ),
        pytest.param(
            (f'Environment="M=--registry-mirror={A} -D" N=1\n' + RUN + "$M\n",),
            f"{ETC}, line 2", '[Service]\nEnvironment="M=-D" N=1\n' + RUN + "$M\n", id="Environment=",
        ),
    ],
)  # fmt: skip
def test_a_variable_loses_the_option_and_no_other_byte(given_, where, after):
    found = Host.of(host(*given_))
    (place,) = found.flag_places(KEY)
    assert (place.where, place.values, place.obstacle) == (where, (A,), "")
    (edit,) = taken_out(found, [place])
    assert edit.text == after


@pytest.mark.parametrize(
    ("given_", "changes", "says"),
    [
        pytest.param(("Environment=M=--registry-mirror=https://a\n" + RUN + "$M\n",), {"unit_path": f"{LIB}.d/x.conf"}, "a packaged unit; set M anew", id="package"),
        pytest.param(("Environment=M=https://a\n" + RUN + "--registry-mirror=${M}\n",), {}, "an expansion or escape", id="part"),
        pytest.param(("Environment=M=https://a\n" + RUN + "--registry-mirror $M\n",), {}, "an expansion or escape", id="value"),
    ],
)  # fmt: skip
def test_what_no_program_takes_out_is_said_with_its_reason(given_, changes, says):
    found = Host.of(host(*given_, **changes))
    with pytest.raises(ApplyError, match=says):
        taken_out(found, found.flag_places(KEY))


OTHERS = st.sampled_from(["--debug", "-H fd://", "'--label=a b'", "--x=y", "--insecure-registry=r:5000"])
OURS = st.sampled_from([f"--registry-mirror={A}", f"--registry-mirror {A}", f"'--registry-mirror={A}'"])
GAPS = st.sampled_from([" ", "  ", "\t"])
QUOTES = st.sampled_from(["{}", '"{}"'])


@given(st.lists(st.tuples(OTHERS | OURS, GAPS), max_size=6), QUOTES, QUOTES, st.booleans())
def test_other_words_stay_wherever_they_come_from(parts, in_file, in_unit, both):
    value = "".join(word + gap for word, gap in parts).rstrip()
    service = f"Environment={in_unit.format(f'M={value}') if in_unit != '{}' else 'M=x'}\n{RUN}-D $M $N --last\n"
    found = Host.of(host(f"EnvironmentFile=-/e/x\n{service}", ("/e/x", f"N={in_file.format(value)}\n" if both else "")))
    start_ = found.flags.next
    places = found.flag_places(KEY)
    taken = [word.text for place in places for word in place.given]
    edits = {edit.path: edit.text for edit in taken_out(found, places)}
    facts = found.facts
    unit = facts.units["docker.service"]
    files = tuple(replace(file, text=edits.get(file.path, file.text)) for file in unit.files)
    sysconfig = tuple(replace(file, text=edits.get(file.path, file.text)) for file in facts.sysconfig_files)
    after = Host.of(replace(facts, units={"docker.service": replace(unit, files=files)}, sysconfig_files=sysconfig))
    left = [word.text for word in start_.words]
    for text in taken:
        left.remove(text)
    assert sorted(word.text for word in after.flags.next.words) == sorted(left)
    assert after.flag_places(KEY) == ()
