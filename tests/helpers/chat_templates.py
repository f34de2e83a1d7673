"""Chat templates in the shapes of well-known families, and tiny models that have them."""

import shutil
from pathlib import Path

from tests.helpers.tiny_models import Kind, tiny_model

CHATML = (
    "{% for m in messages %}{{ '<s>' + m['role'] + '\n' + m['content'] + '</s>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<s>assistant\n' }}{% endif %}"
)
# It strips turns, begins an answer with a space, and has nothing that asks for one.
INSTRUCTION = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content | trim + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content | trim + ' ' + eos_token }}{% endif %}{% endfor %}"
)
NO_SYSTEM_TURN = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}" + CHATML
)
THINKING = CHATML.replace(
    "assistant\n' }}",
    "assistant\n' }}{% if enable_thinking is not defined or enable_thinking %}<think>{% endif %}",
)
# Its answers always begin with thoughts, which it doesn't say where it asks for one.
THOUGHTS = CHATML.replace(
    "'\n' + m['content']", "'\n' + ('<think></think>' if m.role == 'assistant' else '') + m['content']"
)
DATED = "Today is {{ strftime_now('%d %B %Y') }}.\n" + CHATML
NO_END = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
WORKING = {
    "chatml": CHATML, "instruction": INSTRUCTION, "no system turn": NO_SYSTEM_TURN, "thinking": THINKING,
    "thoughts": THOUGHTS, "dated": DATED, "no end": NO_END,
}  # fmt: skip
ENDLESS = "{% for i in range(99999) %}" * 3 + "{% endfor %}" * 3


def chat_model(kind: Kind, folder: Path, template: str = CHATML) -> Path:
    """Return a copy of a small model in a new folder, with a chat template."""
    shutil.copytree(tiny_model(kind), folder)
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder
