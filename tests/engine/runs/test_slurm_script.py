import os
import signal
import subprocess
import time

import pytest

from engine.config import recipe as recipes
from engine.jobs.job import create_job
from engine.runs import slurm_script
from engine.runs.slurm_script import SlurmResources
from tests.helpers.systems import shell_scripts

pytestmark = shell_scripts
# Writes down what it was called with; the run that it stands for ends when it is stopped.
STAND_INS = {
    "srun": 'env > "$CALLS/environment"\n'
    'printf "%s\\n" "$@" > "$CALLS/srun.partial"; mv "$CALLS/srun.partial" "$CALLS/srun"\n'
    'trap "exit 130" TERM\n[ -n "$TRAINED" ] || for _ in {1..500}; do sleep 0.02; done',
    "scontrol": 'printf "%s\\n" "$@" >> "$CALLS/scontrol"; [ "$1" = requeue ] || printf "node7\\nnode8\\n"',
}


@pytest.fixture
def start(tmp_path):
    """Starts the script of a run with resources as SLURM does, in a folder that needs quotes."""
    (tmp_path / "bin").mkdir()
    for name, does in STAND_INS.items():
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/bash\n{does}\n")
        path.chmod(0o755)

    def start(resources, *, trained):
        job = create_job(tmp_path / "my runs", "train", {}, name="chats")
        script = slurm_script.write(
            job, resources, {"TUNESMITH_HOME": "/shared/it's here", "GLOO_SOCKET_IFNAME": "ib0"}
        )
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        more = {"PATH": path, "CALLS": str(tmp_path), "TRAINED": "yes" if trained else ""}
        slurm = {"SLURM_JOB_ID": "42", "SLURM_JOB_NODELIST": "node[7-8]"}
        process = subprocess.Popen(["bash", str(script)], env=os.environ | more | slurm)
        return job, process

    (tmp_path / "my runs").mkdir()
    return start


def calls(tmp_path, program):
    return (tmp_path / program).read_text().splitlines() if (tmp_path / program).exists() else []


def variables(tmp_path):
    found = dict(line.split("=", 1) for line in calls(tmp_path, "environment") if "=" in line)
    names = ("WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "GLOO_SOCKET_IFNAME")
    return {name: found[name] for name in names if name in found}


def test_one_card_takes_one_process(start, tmp_path):
    job, process = start(SlurmResources(), trained=True)
    assert process.wait() == 0
    program, verb, folder = calls(tmp_path, "srun")[-3:]
    assert (program.endswith("main.py"), verb, folder) == (True, "resume", str(job.folder))
    assert "bash" not in calls(tmp_path, "srun")
    assert "WORLD_SIZE" not in variables(tmp_path)
    assert calls(tmp_path, "scontrol") == []


def test_each_card_of_a_node_takes_a_process_that_slurm_numbers(start, tmp_path):
    job, process = start(SlurmResources(cards=4), trained=True)
    assert process.wait() == 0
    told = variables(tmp_path)
    assert {"WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "4", "MASTER_PORT": "20042"}.items() <= told.items()
    assert "MASTER_ADDR" not in told
    *shell, _, _, verb, folder = calls(tmp_path, "srun")
    assert (verb, folder) == ("resume", str(job.folder))
    numbered = {"SLURM_PROCID": "3", "SLURM_LOCALID": "2"}
    seen = subprocess.run(
        [*shell, "env"], env=os.environ | numbered, capture_output=True, text=True, check=True
    )
    assert {"RANK=3", "LOCAL_RANK=2"} < set(seen.stdout.splitlines())


def test_cards_of_several_nodes_meet_at_the_first_in_the_network_that_is_named(start, tmp_path):
    _, process = start(SlurmResources(nodes=2, cards=4), trained=True)
    assert process.wait() == 0
    assert variables(tmp_path) == {
        "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "node7", "MASTER_PORT": "20042",
        "GLOO_SOCKET_IFNAME": "ib0",
    }  # fmt: skip


def test_a_run_whose_time_is_up_waits_for_its_next_turn(start, tmp_path):
    _, process = start(SlurmResources(), trained=False)
    while not calls(tmp_path, "srun"):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait() != 0
    assert calls(tmp_path, "scontrol") == ["requeue", "42"]


def recipe_on(device):
    tables = {
        "base_model": {"id": "starter"},
        "data": {"source": "sample"},
        "method": {"id": "lora"},
        "training": {"device": device},
    }
    return recipes.from_tables(tables)


@pytest.mark.parametrize(
    ("device", "cards", "refused"), [("cpu", 1, True), ("cpu", 0, False), ("auto", 4, False)]
)
def test_a_run_on_the_processor_takes_no_card(device, cards, refused):
    found = slurm_script.problems(recipe_on(device), SlurmResources(cards=cards), {})
    assert [problem.field for problem in found] == (["--cards"] if refused else [])


@pytest.mark.parametrize(
    ("nodes", "environment", "refused"),
    [(2, {}, True), (2, {"GLOO_SOCKET_IFNAME": "ib0"}, False), (1, {}, False)],
)
def test_several_nodes_take_a_network_that_is_named(nodes, environment, refused):
    found = slurm_script.problems(recipe_on("auto"), SlurmResources(nodes=nodes), environment)
    assert [problem.field for problem in found] == (["--nodes"] if refused else [])
