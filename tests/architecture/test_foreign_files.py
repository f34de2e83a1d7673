"""Files of others are read in known places alone: small ones whole by one module, conversations by their readers.

`FileKind` lists the kinds of small files with their limits; `engine.worker.readers` lists the readers of conversations,
whose limits `sandboxed`, `archives` and `table` hold.
"""

import re

import pytest

from tests.helpers.repository import sources

MODULE = "engine/system/foreign_files.py"
# What is opened in another way, since nobody else can have written it.
OTHER_WAYS = {
    # The system's own files.
    "engine/system/processes.py", "engine/system/graphics/graphics_cards.py",
    "engine/worker/runtime/devices.py", "engine/system/graphics/torch_build.py", "engine/maintenance/licences.py",
    "engine/system/sandbox.py", "gui/desktop/system_load.py",
    # Tunesmith's own resources.
    "engine/config/support_matrix.py", "engine/scoring/claims.py", "gui/look/icons.py", "gui/look/stylesheet.py",
    "gui/graphics/drawing.py", "gui/pages/help/topics.py", "gui/pages/playground/sources.py",
    "engine/system/desktop_entry.py",
    # Written by this process just before.
    "engine/worker/adapters/attach.py", "engine/worker/exports/merged_model.py",
    "engine/worker/exports/gguf_model.py", "engine/worker/hub/download.py",
    "engine/system/files.py", "engine/worker/dataset/token_cache.py",
}  # fmt: skip
# Readers of conversations and summaries have limits of their own.
READERS = ("engine/worker/readers/", "engine/chats/", "engine/data/", "engine/worker/ingestion/")
READS = re.compile(
    r"(?<!foreign_files)\.read_(?:text|bytes)\(|\.open\(\"r|\.open\(encoding|path\.open\(\)|tomllib\.loads?\(|json\.load\("
)


def test_files_of_others_are_read_in_no_other_way():
    found = {name for name, text in sources("engine", "gui").items() if READS.search(text)}
    others = {name for name in found if not name.startswith(READERS) and name != MODULE}
    assert others == OTHER_WAYS


# What parses a whole file, each with the readers that may call it: those run in the sandbox, or bound what
# they unpack before.
PARSERS = {
    r"zipfile\.ZipFile\(": {
        "engine/worker/readers/archives.py", "engine/worker/readers/content.py",
        "engine/worker/readers/documents.py",
        "engine/worker/readers/workbook.py",
    },
    r"sqlite3\.connect\(": {"engine/worker/readers/databases.py"},
    r"CalamineWorkbook\.from_path\(": {"engine/worker/readers/workbook.py"},
    r"PdfReader\(|docx\.Document\(": {"engine/worker/readers/documents.py"},
    r"ParquetFile\(|pa\.OSFile\(": {"engine/worker/readers/columnar.py"},
    # The rows of a source lie in a file of its own making.
    r"mmap\.mmap\(\w+\.fileno": {
        "engine/worker/readers/mail_files.py", "engine/worker/ingestion/row_store.py",
    },
}  # fmt: skip


@pytest.mark.parametrize("parser", PARSERS)
def test_readers_of_conversations_parse_whole_files_in_known_places(parser):
    found = {
        name
        for name, text in sources("engine", "gui").items()
        if name.startswith(READERS) and re.search(parser, text)
    }
    assert found == PARSERS[parser]
