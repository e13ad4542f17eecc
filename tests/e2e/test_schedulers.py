"""README's matrix of GitHub Actions and its Kubernetes Job: read, held against their schemas, and their commands run.

What a Job may have is written down here, from the API reference of batch/v1; where there is a kubectl, its own types are
asked as well, which needs no cluster.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.fake_host import OLD
from tests.until import until

pytestmark = pytest.mark.e2e
README = Path(__file__).parents[2] / "README.md"
MATRIX, JOB = re.findall(r"(?ms)^```yaml\n(.*?)^```", README.read_text(encoding="utf-8"))
NAMES = [f"web{index}" for index in range(12)]

POD = {
    "restartPolicy": str,
    "containers": [
        {
            "name": str, "image": str, "command": [str], "args": [str], "env": [{"name": str, "value": str}],
            "volumeMounts": [{"name": str, "mountPath": str, "readOnly": bool}],
        }
    ],
    "volumes": [{"name": str, "secret": {"secretName": str}, "persistentVolumeClaim": {"claimName": str}}],
}  # fmt: skip
SCHEMA = {
    "apiVersion": str, "kind": str, "metadata": {"name": str},
    "spec": {
        "completionMode": str, "completions": int, "parallelism": int, "backoffLimitPerIndex": int,
        "template": {"spec": POD},
    },
}  # fmt: skip


def fits(value, schema, place=""):
    if isinstance(schema, dict):
        assert isinstance(value, dict), place
        for key, item in value.items():
            assert key in schema, f"{place}.{key} is no field"
            fits(item, schema[key], f"{place}.{key}")
    elif isinstance(schema, list):
        assert isinstance(value, list), place
        for index, item in enumerate(value):
            fits(item, schema[0], f"{place}[{index}]")
    else:
        assert isinstance(value, schema), f"{place}: {value!r} is no {schema.__name__}"


@pytest.fixture
def machine(tmp_path):
    """A directory with fleet.yaml, the program on PATH, and hosts that answer; returns how a command is run there."""
    server = subprocess.Popen([sys.executable, "-m", "tests.fleet_server", str(tmp_path)])
    until((tmp_path / "port").exists)
    rows = "".join(f"    {name}: {{ansible_user: {name}}}\n" for name in NAMES)
    (tmp_path / "fleet.yaml").write_text(
        f"all:\n  vars:\n    ansible_host: 127.0.0.1\n    ansible_port: {(tmp_path / 'port').read_text()}\n"
        f"    ansible_ssh_private_key_file: {tmp_path}/key\n    docker: {{registry_mirrors: [{OLD}]}}\n  hosts:\n{rows}"
    )
    (tmp_path / ".ssh").mkdir()
    (tmp_path / "known_hosts").rename(tmp_path / ".ssh" / "known_hosts")
    (tmp_path / "provisioner").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m provisioner "$@"\n')
    (tmp_path / "provisioner").chmod(0o755)

    def command(text, state, **environment):
        known = {
            **os.environ, "HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(tmp_path / state), "PYTHONPATH": str(README.parent),
        }  # fmt: skip
        done = subprocess.run(
            *(["sh", "-c", text],),
            env={**known, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    yield command
    server.kill()
    server.wait()


def test_the_matrix_of_github_actions(machine, tmp_path):
    workflow = yaml.safe_load(MATRIX)
    assert set(workflow) == {True, "jobs"}  # YAML 1.1 reads the key `on` so; GitHub does not
    shard, merge = workflow["jobs"]["shard"], workflow["jobs"]["merge"]
    assert merge["needs"] == "shard"
    numbers = shard["strategy"]["matrix"]["shard"]
    for number in numbers:
        known = {"github.run_id": "77", "github.run_attempt": "1", "matrix.shard": str(number)}

        def filled(text, known=known):
            return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: known[found[1]], text)

        environment = {name: filled(value) for name, value in shard["env"].items()}
        for step in shard["steps"]:
            if "run" in step:
                code, _, said = machine(filled(step["run"]), f"runner{number}", **environment)
                assert code == 0, said
            elif "upload-artifact" in step["uses"]:
                artifact, file = filled(step["with"]["name"]), filled(step["with"]["path"])
                (tmp_path / "shards" / artifact).mkdir(parents=True)
                (tmp_path / file).rename(tmp_path / "shards" / artifact / file)
    assert {step["with"]["path"] for step in merge["steps"] if "with" in step} == {"shards"}
    code, out, said = machine(merge["steps"][-1]["run"], "merger")
    assert code == 0, said
    assert "12 hosts: 12 nothing to do" in out
    assert (tmp_path / "run.html").exists()
    assert f"/{len(numbers)}" in shard["steps"][1]["run"]


def test_the_kubernetes_job_fits_its_schema(tmp_path):
    job = yaml.safe_load(JOB)
    fits(job, SCHEMA)
    assert (job["apiVersion"], job["kind"], job["spec"]["completionMode"]) == ("batch/v1", "Job", "Indexed")
    pod = job["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"  # what backoffLimitPerIndex goes with
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == volumes
    if shutil.which("kubectl"):
        (tmp_path / "job.yaml").write_text(JOB)
        words = ["kubectl", "set", "env", "--local", "-f", str(tmp_path / "job.yaml"), "KNOWN=1", "-o", "json"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        typed = json.loads(done.stdout)
        typed["spec"]["template"]["spec"]["containers"][0]["env"].pop()
        assert lost(job, typed) == []


def lost(before, after, place=""):
    """What is not there any more, or is another value, once it went through kubectl's own types."""
    if isinstance(before, dict):
        return [
            problem for key, item in before.items() for problem in lost(item, (after or {}).get(key), f"{place}.{key}")
        ]
    if isinstance(before, list):
        return [
            problem for index, item in enumerate(before) for problem in lost(item, after[index], f"{place}[{index}]")
        ]
    return [] if before == after else [f"{place}: {before!r} became {after!r}"]


def test_the_pods_of_the_kubernetes_job(machine, tmp_path):
    job = yaml.safe_load(JOB)["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert container["command"] == ["sh", "-c"]
    (script,) = container["args"]
    (tmp_path / "runs").mkdir()
    script = script.replace("/fleet/", f"{tmp_path}/").replace("/runs/", f"{tmp_path}/runs/")
    environment = {row["name"]: row["value"] for row in container["env"]}
    for index in range(job["completions"]):
        pod = {"JOB_COMPLETION_INDEX": str(index), "HOSTNAME": f"spring-{index}-x"}
        code, _, said = machine(script, f"pod{index}", **environment, **pod)
        assert code == 0, said
    merge = re.search(r"`(provisioner history merge /runs/\S+)`", README.read_text(encoding="utf-8"))[1]
    code, out, said = machine(merge.replace("/runs/", f"{tmp_path}/runs/"), "merger")
    assert code == 0, said
    assert "12 hosts: 12 nothing to do" in out
