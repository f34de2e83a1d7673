"""What the stages of jobs are called, in the window and on the command line."""

from __future__ import annotations

TEXTS = {
    "": "Starting the worker",
    "send": "Sending what the run needs",
    "download": "Downloading",
    "load_base": "Loading the base model",
    "read_data": "Reading the conversations",
    "check_rows": "Checking the conversations",
    "sum_up": "Preparing the report",
    "attach_adapter": "Attaching the adapter",
    "evaluate": "Scoring",
    "train": "Training",
    "save": "Saving",
    "convert": "Converting for CTranslate2",
    "write": "Summarising",
    "upload": "Sending to the hub",
}


def stage_title(stage: str) -> str:
    """Return what a stage is called, that of a later version by its name."""
    return TEXTS.get(stage, stage.replace("_", " ").capitalize())
