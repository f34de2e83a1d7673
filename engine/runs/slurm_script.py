"""The script that trains a run on a SLURM cluster, for `sbatch`.

The run is resumed repeatedly: when its time is up it saves a checkpoint, and SLURM queues the script again. The run's
folder has to be on a file system that the nodes share with this computer. SLURM itself starts the ranks: torchrun would
open a port at which anyone in the cluster could run code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.config.recipe import Recipe
from engine.errors import Problem, disk_errors
from engine.jobs.job import Job
from engine.messages import say
from engine.system import ranks
from engine.system.files import write_atomically
from engine.system.paths import HOME, program, runs_folder
from engine.system.script_templates import Code, shell_template

FILE_NAME = "train.sbatch"
# Variables that a worker reads, in addition to those that srun passes on; paths on the shared file system.
HANDED_ON = (HOME, "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TUNESMITH_PATCHES", ranks.INTERFACE)
HOURS = 24
SECONDS_TO_STOP = 300
CORES_BESIDE_A_CARD = 4
_PLAIN = re.compile(r"[\w./:@%+-]+")


@dataclass(frozen=True)
class SlurmResources:
    """What a run asks of a cluster: nodes, and GPUs on each; with 0 it computes on CPUs."""

    nodes: int = 1
    cards: int = 1

    @property
    def processes_per_node(self) -> int:
        """The number of ranks on each node: one for each GPU, or one."""
        return max(1, self.cards)

    @property
    def processes(self) -> int:
        """The world size."""
        return self.nodes * self.processes_per_node


def write(job: Job, resources: SlurmResources, environment: Mapping[str, str] = os.environ) -> Path:
    """Write the script into a run's folder and return its path. Raises StorageError."""
    path = job.folder / FILE_NAME
    with disk_errors("{} can't be written: {}.", path):
        write_atomically(path, text(job, resources, environment))
    return path


def problems(
    recipe: Recipe, resources: SlurmResources, environment: Mapping[str, str] = os.environ
) -> list[Problem]:
    """Return why a run of the recipe can't be trained with these resources."""
    found = []
    if len(str(runs_folder()).splitlines()) > 1:
        message = say("SLURM can't use the folder {}: it contains a line break.", repr(str(runs_folder())))
        found.append(Problem("--slurm", message, say("Set {} to another folder.", HOME)))
    if recipe.training.device == "cpu" and resources.cards:
        message = "The recipe computes on the CPU and needs no GPU."
        found.append(Problem("--cards", message, "Ask for 0, or change training.device."))
    if resources.nodes > 1 and not environment.get(ranks.INTERFACE):
        hint = say("Set {} to the interface of a trusted network, or use one node.", ranks.INTERFACE)
        found.append(Problem("--nodes", ranks.IN_CLEAR, hint))
    return found


def text(job: Job, resources: SlurmResources, environment: Mapping[str, str]) -> str:
    return shell_template(f"slurm/{FILE_NAME}.jinja").render(
        asked={Code(name): _option(value) for name, value in _asked(job, resources).items()},
        environment={Code(name): environment[name] for name in HANDED_ON if name in environment},
        resources=resources,
        resume=[*program(), "resume", str(job.folder)],
    )


def _asked(job: Job, resources: SlurmResources) -> dict[str, str]:
    """Return the options of sbatch."""
    return {
        "job-name": job.id,
        "nodes": str(resources.nodes),
        "ntasks-per-node": str(resources.processes_per_node),
        **({"gpus-per-node": str(resources.cards)} if resources.cards else {}),
        "cpus-per-task": str(CORES_BESIDE_A_CARD),
        "time": f"{HOURS}:00:00",
        # SLURM expands what follows a percent sign.
        "output": str(job.folder).replace("%", "%%") + "/slurm-%j.log",
        "open-mode": "append",
        # Signals only the script, early enough before its time is up to save a checkpoint.
        "signal": f"B:TERM@{SECONDS_TO_STOP}",
    }


def _option(value: str) -> Code:
    """Return a one-line value as SLURM reads it: in double quotes unless all its characters are plain."""
    if _PLAIN.fullmatch(value):
        return Code(value)
    return Code('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"')
