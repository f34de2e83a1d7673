import pytest
from transformers import Trainer, TrainingArguments

from engine.worker.adapters import attach
from engine.worker.training.optimizer import make_optimizer, make_schedule
from tests.helpers.worker_setup import load_tiny, make_recipe

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:fan_in_fan_out")]

NAMES = {
    "adamw": "adamw_torch_fused",
    "adamw_8bit": "adamw_bnb_8bit",
    "paged_adamw_8bit": "paged_adamw_8bit",
    "adafactor": "adafactor",
}
SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
STEPS = 12


def trainer_of(model, folder, **arguments):
    return Trainer(model, TrainingArguments(str(folder), use_cpu=True, report_to=[], **arguments))


def described(optimizer, model):
    """Return an optimizer's class, and each group's settings with the names of its parameters."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = [
        group | {"params": [names[id(parameter)] for parameter in group["params"]]}
        for group in optimizer.param_groups
    ]
    return type(optimizer), groups


@pytest.mark.parametrize(
    ("kind", "method", "optimizer"),
    [
        ("t5", "lora", "adamw"), ("gpt2", "full", "adamw"), ("gpt2", "full", "adafactor"),
        ("gpt2", "full", "adamw_8bit"), ("bart", "layernorm", "paged_adamw_8bit"),
    ],
)  # fmt: skip
def test_an_optimizer_is_the_one_that_the_stock_trainer_makes(tmp_path, kind, method, optimizer):
    recipe = make_recipe(
        kind, method={"id": method}, training={"optimizer": optimizer, "weight_decay": 0.1, "device": "cpu"}
    )
    model = attach.attach(load_tiny(kind), recipe)
    stock = trainer_of(model, tmp_path, optim=NAMES[optimizer], learning_rate=0.02, weight_decay=0.1)
    made = described(make_optimizer(model, recipe.training, 0.02), model)
    assert made == described(stock.create_optimizer(), model)
    assert {group["weight_decay"] for group in made[1] if group["params"]} <= {0.0, 0.1}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("warmup", [0.0, 0.3])
def test_a_schedule_is_the_one_that_the_stock_trainer_makes(tmp_path, schedule, warmup):
    recipe = make_recipe("llama", training={"schedule": schedule, "warmup": warmup, "device": "cpu"})
    model = attach.attach(load_tiny("llama"), recipe)
    stock = trainer_of(
        model, tmp_path, learning_rate=0.02, lr_scheduler_type=SCHEDULES[schedule], warmup_steps=warmup
    )
    stock.create_optimizer_and_scheduler(STEPS)
    optimizer = make_optimizer(model, recipe.training, 0.02)

    def rates(optimizer, schedule):
        found = []
        for _ in range(STEPS):
            found.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        return found

    expected = rates(stock.optimizer, stock.lr_scheduler)
    assert rates(optimizer, make_schedule(optimizer, recipe.training, STEPS)) == expected
    assert len(set(expected)) > 1 or (schedule, warmup) == ("constant", 0.0)
