"""SECURITY.md names every module that opens a socket, writes code, unpacks or starts a process, each with its tests."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.helpers.repository import ROOT, sources

DOCUMENT = ROOT / "SECURITY.md"
FILES = ("main.py", "packaging/launcher.py")
# The calls that each table lists, by their full names, as the imports of a module resolve them.
CALLS = {
    "Sockets": (
        r"socket\.(socket|create_\w+|socketpair|fromfd)",
        r"(http\.server|socketserver|xmlrpc|wsgiref|http\.client|urllib\.request|ftplib|smtplib|imaplib)\..+",
        r"(httpx2?|requests|aiohttp|uvicorn|hypercorn|websockets|grpc|zmq)\..+",
        r"huggingface_hub\..*(get_session|HfApi)",
        r"PySide6\.(QtNetwork|QtWebSockets)\..+",
        r"multiprocessing\.(connection\.)?(Listener|Client)",
        r"asyncio\.(start_server|start_unix_server|open_connection)",
        r"ray\.init",
        r"torch\.distributed\.(init_process_group|rendezvous|\w*Store)",
        r".*\.(listen|serve_forever|create_server|start_server)",
    ),
    "Code and markup": (
        r"jinja2\..*(Environment|Template)",
        r"engine\.system\.script_templates\.\w+_template",
        r"html\.escape",
        r"(compile|exec|eval)",
    ),
    "Unpacking": (
        r"(zipfile\.ZipFile|tarfile\.(open|TarFile)|shutil\.unpack_archive)",
        r"(gzip|bz2|lzma)\.(open|decompress|\w+File|\w+Decompressor)",
        r"zlib\.decompress\w*",
        r"sqlite3\.connect",
        r"(pickle|cloudpickle|dill|marshal|shelve|joblib)\.(loads?|Unpickler|open)",
        r"(torch|numpy|accelerate\.utils|safetensors(\.\w+)?)\.(load|loads|load_file|load_model|safe_open)",
        r"safetensors\.safe_open",
        r"pyarrow\.(parquet\.ParquetFile|OSFile|memory_map|CompressedInputStream|input_stream|ipc\..+)",
        r"(python_calamine\..*from_path|pypdf\.PdfReader|docx\.Document)",
        r"(email|mailbox)\..+",
        r"(xml|lxml|yaml)\..+",
        r"html\.parser\.HTMLParser|mmap\.mmap",
        # Of a connection between processes: it unpickles.
        r".*\.recv",
        r".*\.from_pretrained",
    ),
    "Processes": (
        r"subprocess\.(Popen|run|call|check_\w+|get\w*output)",
        r"os\.(fork\w*|exec\w+|spawn\w+|posix_spawn\w*|system|popen|startfile)",
        r"pty\.\w+",
        r"(torch\.)?multiprocessing\.(Process|Pool|Manager|get_context|spawn)",
        r"concurrent\.futures\.ProcessPoolExecutor",
        r"asyncio\.create_subprocess_\w+",
        r"PySide6\.QtCore\.QProcess.*",
        r"PySide6\.QtGui\.QDesktopServices\..+|webbrowser\.\w+",
        r"ray\.remote",
    ),
}
PATH = re.compile(r"`([\w./-]+\.(?:py|jinja|sbatch))`")


@cache
def modules() -> dict[str, set[str]]:
    """What every module uses, by the module's path."""
    texts = sources("engine", "gui") | {name: (ROOT / name).read_text(encoding="utf-8") for name in FILES}
    return {name: set(used(ast.parse(text))) for name, text in texts.items()}


def names_of(tree: ast.Module) -> dict[str, str]:
    """Return what the names that a module imports stand for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            tops = {each.name.partition(".")[0] for each in node.names}
            found |= dict(zip(tops, tops, strict=True))
            found |= {each.asname: each.name for each in node.names if each.asname}
        elif isinstance(node, ast.ImportFrom):
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return found


def full_name(node: ast.expr, names: dict[str, str]) -> str:
    """Return what is called by its full name; of what is no name, "?"."""
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, names)}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def used(tree: ast.Module) -> Iterator[str]:
    """Yield what a module calls or hands to a call, and what its classes derive from, by full names."""
    names = names_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            handed = (*node.args, *(each.value for each in node.keywords))
            yield from (full_name(each, names) for each in (node.func, *handed))
        elif isinstance(node, ast.ClassDef):
            yield from (full_name(each, names) for each in node.bases)


def found_in(table: str) -> dict[str, set[str]]:
    """Return the modules that a table has to name, each with the calls that are the reason."""
    wanted = re.compile("|".join(f"(?:{call})" for call in CALLS[table]))
    found = {name: set(filter(wanted.fullmatch, calls)) for name, calls in modules().items()}
    return {name: calls for name, calls in found.items() if calls}


def rows_of(table: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head."""
    _, _, text = DOCUMENT.read_text(encoding="utf-8").partition(f"\n### {table}\n")
    lines = [line for line in text.partition("\n#")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("table", CALLS)
def test_a_table_names_every_module_that_it_is_about(table):
    found, named = found_in(table), set(PATH.findall(" ".join(row[0] for row in rows_of(table))))
    assert len(found) > 5
    assert {name: calls for name, calls in found.items() if name not in named} == {}


@pytest.mark.parametrize("table", CALLS)
def test_every_row_names_what_there_is_and_its_tests(table):
    rows = rows_of(table)
    for row in rows:
        tests = PATH.findall(row[-1])
        assert PATH.findall(row[0]), row
        assert tests, row
        assert all(test.startswith("tests/") for test in tests), row
    named = PATH.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_calls_are_found_however_they_are_imported():
    text = (
        "import subprocess as sp\nfrom os import fork as split\nimport multiprocessing.connection\n"
        "def late():\n    from zipfile import ZipFile\n    ZipFile('x')\n    sp.Popen([])\n    split()\n"
        "    multiprocessing.connection.Listener()\n    thing.part().recv()\n    start(work=sp.run)\n"
    )
    assert set(used(ast.parse(text))) >= {
        "zipfile.ZipFile", "subprocess.Popen", "os.fork", "multiprocessing.connection.Listener", "?.recv",
        "subprocess.run",
    }  # fmt: skip
