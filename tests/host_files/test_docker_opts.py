from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import DaemonConfigurationError
from provisioner.host_files.docker_opts import options, set_flag
from provisioner.host_files.docker_opts import settings as flag_settings

NEW = "https://new.example"


@pytest.fixture(scope="module")
def sh(tmp_path_factory):
    file = tmp_path_factory.mktemp("shell") / "docker"

    def words(*texts, variable="DOCKER_OPTS"):
        script = ["set -f"]
        for text in texts:
            quoted = text.replace("'", "'\\''")
            script.append(
                f"printf '%s' '{quoted}' >'{file}'; (OTHER='o 1'; . '{file}';"
                f" for w in ${variable}; do printf '%s\\037' \"$w\"; done); printf '\\036'"
            )
        done = subprocess.run(["sh"], input="\n".join(script), capture_output=True, text=True, check=True, timeout=30)
        assert not done.stderr, (texts, done.stderr)
        return [tuple(answer.split("\x1f")[:-1]) for answer in done.stdout.split("\x1e")[:-1]]

    return words


READ = [
    pytest.param("", (), id="empty"),
    pytest.param("# DOCKER_OPTS=--a\n", (), id="comment"),
    pytest.param("DOCKER_OPTS=--a\n", ("--a",), id="no quotes"),
    pytest.param('DOCKER_OPTS="--a  --b\t-c"', ("--a", "--b", "-c"), id="double quotes"),
    pytest.param("DOCKER_OPTS='--a --b' # why\n", ("--a", "--b"), id="single quotes and comment"),
    pytest.param("export DOCKER_OPTS='--a'\n", ("--a",), id="export"),
    pytest.param('export FOO=1 "DOCKER_OPTS=--a"\n', ("--a",), id="export of a quoted word"),
    pytest.param("DOCKER_OPTS=--a' --b'\" --c\"d\n", ("--a", "--b", "--cd"), id="concatenated"),
    pytest.param('DOCKER_OPTS="--a \\\n  --b"\n', ("--a", "--b"), id="continuation"),
    pytest.param('DOCKER_OPTS="--a\n--b"\n', ("--a", "--b"), id="line break in quotes"),
    pytest.param("DOCKER_OPTS='--a \\\n --b'\n", ("--a", "\\", "--b"), id="no continuation in single quotes"),
    pytest.param('DOCKER_OPTS=--a\\ --b\\\n\\"\n', ("--a", '--b"'), id="escapes without quotes"),
    pytest.param(
        'DOCKER_OPTS="\\$x \\" \\a \\\\ $ \'q\'"',
        ("$x", '"', "\\a", "\\", "$", "'q'"),
        id="escapes in quotes",
    ),
    pytest.param(
        'DOCKER_OPTS="--a"\nDOCKER_OPTS="$DOCKER_OPTS --b"\nDOCKER_OPTS="--c ${DOCKER_OPTS}d"',
        ("--c", "--a", "--bd"),
        id="refers to itself",
    ),
    pytest.param("DOCKER_OPTS=--a; DOCKER_OPTS=--b", ("--b",), id="the last one counts"),
    pytest.param("DOCKER_OPTS=--a#b #c\n", ("--a#b",), id="hash in a word"),
    pytest.param("A=1 DOCKER_OPTS=--a B=2\nDOCKER_OPTS=--no true\n", ("--a",), id="environment of a command"),
    pytest.param("MY_DOCKER_OPTS=--a\nDOCKER_OPTS_2=--b\n", (), id="other names"),
    pytest.param("ulimit -n 5 >/dev/null 2>&1\nDOCKER_OPTS=--a\n", ("--a",), id="redirections"),
    pytest.param("case x in\ny) z=1;;\n(x) z=2;;\nesac\nDOCKER_OPTS=--a\n", ("--a",), id="case"),
    pytest.param("f() {\n  y=1\n}\nif true; then f; fi\n(y=2)\nDOCKER_OPTS=--a", ("--a",), id="functions and ifs"),
    pytest.param(
        'DOCKER_OPTS=--a\nif true; then DOCKER_OPTS="$DOCKER_OPTS --b"; fi', ("--a", "--b"), id="set in an if"
    ),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_options_are_what_the_shell_passes(text, expected, sh):
    assert options(text) == expected
    assert sh(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(None, (), id="no file"),
        pytest.param(
            'DOCKER_OPTS="--a $OTHER --b=$(cat "/x y") `hostname -s`"',
            ("--a", "$OTHER", '--b=$(cat "/x y")', "`hostname -s`"),
            id="expansions",
        ),
        pytest.param("DOCKER_OPTS=${X:-a b}--c", ("${X:-a b}--c",), id="default"),
        pytest.param("DOCKER_OPTS=--a\ntrue && DOCKER_OPTS=--b\n", ("--a", "--b"), id="not certain"),
        pytest.param("DOCKER_OPTS=--a\nDOCKER_OPTS+=' --b'\n", ("--a",), id="+= is left"),
    ],
)
def test_what_cannot_be_known_stays_as_it_is_written(text, expected):
    assert options(text) == expected


def test_the_variable_can_be_another_one(sh):
    text = "# /etc/sysconfig/docker\nOPTIONS='--selinux-enabled --log-driver=journald'\nDOCKER_OPTS=--a\n"
    after = set_flag(text, "registry-mirror", [NEW], variable="OPTIONS", path="/etc/sysconfig/docker")
    assert options(after, variable="OPTIONS") == (
        "--selinux-enabled",
        "--log-driver=journald",
        f"--registry-mirror={NEW}",
    )
    assert sh(after, variable="OPTIONS") == [options(after, variable="OPTIONS")]
    assert options(after) == ("--a",)


@pytest.mark.parametrize(
    ("text", "flag", "expected"),
    [
        pytest.param('DOCKER_OPTS="--a"\n', "registry-mirror", (), id="none"),
        pytest.param(
            '#x\nDOCKER_OPTS="--a \\\n --registry-mirror=x \\\n -registry-mirror y"\n',
            "--registry-mirror",
            (3, 4),
            id="two lines",
        ),
        pytest.param('DOCKER_OPTS=--debug\nDOCKER_OPTS="$DOCKER_OPTS --x"\n', "debug", (1,), id="earlier assignment"),
        pytest.param("DOCKER_OPTS=--debug\nDOCKER_OPTS=--x\n", "debug", (), id="overwritten"),
        pytest.param("\nDOCKER_OPTS='-H unix:// -Htcp://x'\n", "H", (2,), id="short"),
        pytest.param("DOCKER_OPTS='--debug-x --hosts=y'\n", "debug", (), id="longer names"),
    ],
)
def test_the_lines_of_settings(text, flag, expected):
    assert tuple(sorted({line for _, line in flag_settings(text, flag)})) == expected


@pytest.mark.parametrize(
    ("before", "mirrors", "after"),
    [
        pytest.param(None, ["x", "y"], 'DOCKER_OPTS="--registry-mirror=x --registry-mirror=y"\n', id="no file"),
        pytest.param(None, [], "", id="no file, no mirrors"),
        pytest.param(
            "# DOCKER_OPTS=\n#X",
            ["x"],
            '# DOCKER_OPTS=\n#X\nDOCKER_OPTS="--registry-mirror=x"\n',
            id="appended",
        ),
        pytest.param(
            "A=1 \\\n",
            ["x"],
            'A=1 \\\n\nDOCKER_OPTS="--registry-mirror=x"\n',
            id="appended behind a continuation",
        ),
        pytest.param(
            'DOCKER_OPTS="--a"  # b\nC=1',
            ["x"],
            'DOCKER_OPTS="--a --registry-mirror=x"  # b\nC=1',
            id="double quotes",
        ),
        pytest.param("DOCKER_OPTS='--a '\n", ["x"], "DOCKER_OPTS='--a --registry-mirror=x'\n", id="single quotes"),
        pytest.param("DOCKER_OPTS=--a=b\n", ["x"], 'DOCKER_OPTS="--a=b --registry-mirror=x"\n', id="no quotes"),
        pytest.param("DOCKER_OPTS=--a\\ b\n", ["x"], 'DOCKER_OPTS=--a\\ b" --registry-mirror=x"\n', id="escaped space"),
        pytest.param("DOCKER_OPTS=\n", ["x"], 'DOCKER_OPTS="--registry-mirror=x"\n', id="empty"),
        pytest.param('DOCKER_OPTS=""\n', ["x"], 'DOCKER_OPTS="--registry-mirror=x"\n', id="empty quotes"),
        pytest.param(
            'export "DOCKER_OPTS="\n',
            ["x"],
            'export "DOCKER_OPTS=--registry-mirror=x"\n',
            id="empty quoted word",
        ),
        pytest.param('DOCKER_OPTS="--registry-mirror=o"\n', [], 'DOCKER_OPTS=""\n', id="becomes empty"),
        pytest.param(
            "DOCKER_OPTS=--registry-mirror=o #\n", [], 'DOCKER_OPTS="" #\n', id="becomes empty without quotes"
        ),
        pytest.param(
            "DOCKER_OPTS=--registry-mirror=o\n",
            ["x"],
            'DOCKER_OPTS="--registry-mirror=x"\n',
            id="replaced without quotes",
        ),
        pytest.param(
            'DOCKER_OPTS="--a --registry-mirror=o --registry-mirror p --b"',
            ["x"],
            'DOCKER_OPTS="--a --b --registry-mirror=x"',
            id="both forms",
        ),
        pytest.param(
            'DOCKER_OPTS="-registry-mirror=o -registry-mirror p --b"',
            [],
            'DOCKER_OPTS="--b"',
            id="single dash",
        ),
        pytest.param(
            'DOCKER_OPTS="--a \\\n  --registry-mirror=o \\\n  --b"\n',
            [],
            'DOCKER_OPTS="--a \\\n  --b"\n',
            id="its own line",
        ),
        pytest.param(
            'DOCKER_OPTS="\\\n  --registry-mirror=o \\\n  --b"\n',
            [],
            'DOCKER_OPTS="\\\n  --b"\n',
            id="first line",
        ),
        pytest.param(
            'DOCKER_OPTS="--a \\\n  --registry-mirror=o"\n',
            ["x"],
            'DOCKER_OPTS="--a --registry-mirror=x"\n',
            id="last line",
        ),
        pytest.param('DOCKER_OPTS="--registry-"\'mirror=o\'" --b"', [], 'DOCKER_OPTS=""\'\'"--b"', id="across quotes"),
        pytest.param(
            'DOCKER_OPTS="a\\ --registry-mirror=o"', [], 'DOCKER_OPTS="a\\ "', id="backslash before the space"
        ),
        pytest.param(
            'DOCKER_OPTS="--registry-mirror=o"\nDOCKER_OPTS="$DOCKER_OPTS --b"\n',
            ["x"],
            'DOCKER_OPTS=""\nDOCKER_OPTS="$DOCKER_OPTS --b --registry-mirror=x"\n',
            id="earlier assignment",
        ),
        pytest.param(
            'DOCKER_OPTS="--b --registry-mirror"\nDOCKER_OPTS="$DOCKER_OPTS o -c"\n',
            [],
            'DOCKER_OPTS="--b"\nDOCKER_OPTS="$DOCKER_OPTS -c"\n',
            id="option and value in two assignments",
        ),
        pytest.param(
            'DOCKER_OPTS="$OTHER"\n', ["x"], 'DOCKER_OPTS="$OTHER --registry-mirror=x"\n', id="other variable"
        ),
        pytest.param(
            'DOCKER_OPTS="--a"\n',
            ["http://h/$x`;'\"\\"],
            'DOCKER_OPTS="--a --registry-mirror=http://h/\\$x\\`;\'\\"\\\\"\n',
            id="special characters",
        ),
        pytest.param(
            "DOCKER_OPTS='--a'\n",
            ["http://h/$x'"],
            "DOCKER_OPTS='--a --registry-mirror=http://h/$x'\\'''\n",
            id="special characters, single quotes",
        ),
        pytest.param(
            'DOCKER_OPTS="--registry-mirror=x/ --a --registry-mirror y"\n',
            ["x", "y"],
            'DOCKER_OPTS="--registry-mirror=x/ --a --registry-mirror y"\n',
            id="so already",
        ),
        pytest.param(
            'DOCKER_OPTS="--registry-mirror=x --registry-mirror=y"\n',
            ["y", "x"],
            'DOCKER_OPTS="--registry-mirror=y --registry-mirror=x"\n',
            id="other order",
        ),
        pytest.param(
            "if true; then DOCKER_OPTS=--a; fi\n",
            [],
            "if true; then DOCKER_OPTS=--a; fi\n",
            id="none there, none wanted",
        ),
        pytest.param(
            ". /dev/null\nDOCKER_OPTS=--a\nreturn 0\n",
            ["x"],
            '. /dev/null\nDOCKER_OPTS="--a --registry-mirror=x"\nreturn 0\n',
            id="source before, return after",
        ),
    ],
)
def test_set_flag(before, mirrors, after, sh):
    assert set_flag(before, "registry-mirror", mirrors) == after
    assert set_flag(after, "registry-mirror", mirrors) == after
    assert "$OTHER" in after or sh(after) == [options(after)]


def test_another_flag_is_edited_the_same_way():
    text = 'DOCKER_OPTS="--insecure-registry 10.0.0.0/8 --registry-mirror=x --insecure-registry=[::1]:5000"\n'
    after = set_flag(text, "--insecure-registry", ["a:5000"])
    assert after == 'DOCKER_OPTS="--registry-mirror=x --insecure-registry=a:5000"\n'


@pytest.mark.parametrize("value", ["", "a b", "a\nb"])
def test_a_value_that_the_shell_would_split_is_refused(value):
    with pytest.raises(ValueError, match="split at white space"):
        set_flag("", "registry-mirror", [value])


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        pytest.param('#\nDOCKER_OPTS="--a\n', 2, "never closed", id="open double quote"),
        pytest.param("#\nDOCKER_OPTS='--a\n", 2, "never closed", id="open single quote"),
        pytest.param("if true; then\nDOCKER_OPTS=--a\nfi\n", 2, "inside an if", id="if"),
        pytest.param("f() {\nDOCKER_OPTS=--a\n}\n", 2, "a function", id="function"),
        pytest.param("case x in\nx) DOCKER_OPTS=--a;;\nesac\n", 2, "inside an if", id="case"),
        pytest.param("( case x in a) b;; esac\nDOCKER_OPTS=--a )\n", 2, "a subshell", id="subshell with a case"),
        pytest.param("for DOCKER_OPTS in a; do b; done\n", 1, "may change it", id="loop variable"),
        pytest.param("[ -f /x ] &&\n DOCKER_OPTS=--a\n", 2, "a list", id="and"),
        pytest.param("DOCKER_OPTS=--a &\n", 1, "a list", id="background"),
        pytest.param("DOCKER_OPTS=--a | cat\n", 1, "a list", id="pipeline"),
        pytest.param("DOCKER_OPTS=--a cmd\n", 1, "environment of a command", id="environment"),
        pytest.param("DOCKER_OPTS=--a\nunset DOCKER_OPTS\n", 2, "may change it", id="unset"),
        pytest.param("DOCKER_OPTS=--a\n. /etc/more\n", 2, "what is read here", id="source"),
        pytest.param('eval "$X"\n', 1, "what is read here", id="eval, no assignment"),
        pytest.param("[ -x /y ] || exit 0\nDOCKER_OPTS=--a\n", 1, "can end here", id="exit"),
        pytest.param(
            "#\nDOCKER_OPTS=$(echo --registry-mirror=o)\n",
            2,
            "inside an expansion",
            id="command substitution",
        ),
        pytest.param("#\nDOCKER_OPTS=`echo --registry-mirror=o`\n", 2, "inside an expansion", id="backticks"),
        pytest.param(
            "DOCKER_OPTS=--registry-mirror=$M\n",
            1,
            "an expansion in a --registry-mirror",
            id="mirror from a variable",
        ),
        pytest.param(
            'DOCKER_OPTS="--registry-mirror $M"\n',
            1,
            "an expansion in a --registry-mirror",
            id="value from a variable",
        ),
        pytest.param('M=--registry-mirror=o\nDOCKER_OPTS="$M"\n', 1, "other variable", id="option from a variable"),
        pytest.param('DOCKER_OPTS="${DOCKER_OPTS:-x}"\n', 1, "its own value", id="default of itself"),
        pytest.param(": ${DOCKER_OPTS:=x}\n", 1, "default value", id="assignment in an expansion"),
        pytest.param("DOCKER_OPTS=a\nDOCKER_OPTS+=' --registry-mirror=o'\n", 2, "+=", id="+="),
        pytest.param("IFS=,\nDOCKER_OPTS=a\n", 1, "other variable", id="IFS"),
        pytest.param("DOCKER_OPTS=a\r\n", 1, "carriage return", id="Windows line ends"),
        pytest.param("cat <<E\nDOCKER_OPTS=\nE\n", 1, "here-document", id="here-document"),
        pytest.param("DOCKER_OPTS=$(echo a # )\n)\n", 1, "too involved", id="comment in a substitution"),
        pytest.param('DOCKER_OPTS="$(echo "`a`")"\n', 1, "too involved", id="nested quotes"),
        pytest.param("DOCKER_OPTS=$(echo\n", 1, "too involved", id="open substitution"),
        pytest.param("DOCKER_OPTS=`echo\n", 1, "too involved", id="open backtick"),
        pytest.param("DOCKER_OPTS=$'a'\n", 1, "too involved", id="ANSI-C quotes"),
        pytest.param("if true; then\n", 1, "never closed with fi", id="open if"),
        pytest.param("fi\n", 1, "does not expect fi", id="stray fi"),
        pytest.param(")\n", 1, "does not expect )", id="stray parenthesis"),
        pytest.param("A=b\\", 1, "a backslash at the end", id="backslash at the end"),
    ],
)
def test_what_cannot_be_edited_safely_is_refused_with_its_line(text, line, problem):
    with pytest.raises(DaemonConfigurationError) as caught:
        set_flag(text, "registry-mirror", [NEW], path="/etc/default/docker")
    assert problem in caught.value.message
    assert caught.value.line == line
    assert caught.value.message.startswith(f"/etc/default/docker, line {line}, ")
    assert "/etc/default/docker" in caught.value.hint


# Files as odd as the shell allows. The judge is the real shell, asked once for a list of files.

PLAIN = [
    "--debug",
    "-H",
    "unix:///x",
    "--label=a=b",
    "--log-opt",
    "max-size=1m",
    "-D",
    "--x='q'",
    "a\\b",
    "a\\",
    '"',
    "$y",
    "#c",
    "é",
]
MIRROR = [
    "--registry-mirror=https://o.example",
    "--registry-mirror https://p.example",
    "-registry-mirror=q",
    "--registry-mirror=a'b",
]
OPTION = st.sampled_from(PLAIN) | st.sampled_from(MIRROR) | st.sampled_from(PLAIN)
GAP = st.sampled_from([" ", "  ", "\t", "\n", " \n "])
FILLER = st.sampled_from(
    ['# DOCKER_OPTS="--registry-mirror=no', "#", "", "OTHER='x y'", 'export http_proxy="http://p:1/"', "ulimit -n 10",
     "A=1 B='2' # it's", "if true; then A=2; fi", "f() { A=3; }", 'A="$(echo \'(\')"', "A=1 \\\n  B=2", "# end \\"]
)  # fmt: skip


@st.composite
def quoted(draw, value):
    """Spell `value` for the shell: cut in pieces, each quoted its own way, with continuations where they may be."""
    result = ""
    at = 0
    while at < len(value):
        size = draw(st.integers(1, len(value) - at)) if draw(st.booleans()) else len(value) - at
        piece, at = value[at : at + size], at + size
        kind = draw(st.sampled_from(["single", "double", "double", "escaped"]))
        if kind == "single" and "'" not in piece:
            result += f"'{piece}'"
        elif kind == "escaped" and "\n" not in piece:
            result += "".join(char if char.isalnum() or char in "-=:/." else f"\\{char}" for char in piece)
        else:
            result += '"'
            for index, char in enumerate(piece):
                literal = (
                    char == "\\"
                    and piece[index + 1 : index + 2] not in {"", "\\", '"', "$", "\n"}
                    and draw(st.booleans())
                )
                result += f"\\{char}" if char in '$"`\\' and not literal else char
                if not literal and draw(st.integers(0, 9)) == 0:
                    result += "\\\n"
            result += '"'
    return result or draw(st.sampled_from(["", '""', "''"]))


@st.composite
def files(draw):
    lines = draw(st.lists(FILLER, max_size=3))
    for index in range(draw(st.integers(0, 3))):
        value = draw(st.sampled_from(["", " ", "\n"]))
        for option in draw(st.lists(OPTION, max_size=5)):
            value += option + draw(GAP)
        value = value.rstrip() if draw(st.booleans()) else value
        spelled = draw(quoted(value))
        if index and draw(st.booleans()):
            spelled = draw(st.sampled_from(['"$DOCKER_OPTS "', '"${DOCKER_OPTS} "', '"$DOCKER_OPTS"'])) + spelled
        if draw(st.integers(0, 4)) == 0:
            spelled += draw(st.sampled_from(['" $OTHER"', '" $(echo i j)"', '" `echo k`"']))
        prefix = draw(st.sampled_from(["", "", "export ", "  ", "A=1 "]))
        suffix = draw(st.sampled_from(["", "", " # why 'not", ";", " \\\n"]))
        lines += [f"{prefix}DOCKER_OPTS={spelled}{suffix}", *draw(st.lists(FILLER, max_size=1))]
    return "\n".join(lines) + draw(st.sampled_from(["", "\n"]))


def without(words, flag="registry-mirror"):
    kept, values, words = [], [], list(words)
    while words:
        word = words.pop(0)
        if word in {f"--{flag}", f"-{flag}"}:
            values.append(words.pop(0) if words else "")
        elif word.startswith((f"--{flag}=", f"-{flag}=")):
            values.append(word.partition("=")[2])
        else:
            kept.append(word)
    return kept, values


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(files(), st.lists(st.sampled_from([NEW, "http://[::1]:5000", "http://h/$&'"]), unique=True)),
        min_size=5,
        max_size=25,
    )
)
def test_the_shell_passes_the_new_mirrors_and_all_other_words(sh, cases):
    edited = []
    for text, mirrors in cases:
        try:
            edited.append((text, mirrors, set_flag(text, "registry-mirror", mirrors)))
        except DaemonConfigurationError as error:  # noqa: PERF203
            assert "expansion" in error.message  # noqa: PT017
    before = sh(*[text for text, _, _ in edited])
    after = sh(*[result for _, _, result in edited])
    for (text, mirrors, result), old, new in zip(edited, before, after, strict=True):
        assert without(new) == (without(old)[0], mirrors), (text, result)
        assert set_flag(result, "registry-mirror", mirrors) == result
        if "OTHER" not in text and "echo" not in text:
            assert options(text) == old, text
        if without(old)[1] == mirrors:
            assert result == text
        same = [line for line in text.split("\n") if line.startswith("# ")]
        assert [line for line in result.split("\n") if line.startswith("# ")] == same
