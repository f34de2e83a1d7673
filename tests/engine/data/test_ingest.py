import stat

import pytest

from engine.data import ingest

WHATSAPP = "12/31/23, 10:00 - Ann: hi\n12/31/23, 10:01 - Bo: hello\n12/31/23, 10:02 - Ann: bye, all\n"


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ('{"dialogue": "Ann: hi", "summary": "x"}\n{"dialogue": "Bo: hi", "summary": "y"}\n', ".jsonl"),
        ('{"dialogue": "Ann: hi", "summary": "x"}', ".jsonl"),
        ('[{"dialogue": "Ann: hi", "summary": "x"}]', ".json"),
        ('[\n  {"dialogue": "Ann: hi",\n "summary": "x"}\n]', ".json"),
        ('[{"dialogue": "Ann', ".json"),
        ('dialogue,summary\n"Ann: hi\nBo: yo",They greet\n', ".csv"),
        ("dialogue;summary\nAnn: hi, Bo;They greet\n", ".csv"),
        ("dialogue\tsummary\nAnn: hi, Bo\tThey greet\n", ".tsv"),
        (WHATSAPP, ".txt"),
        ('{"messages": [{"type": "message", "user": "U1", "ts": "1.0", "text": "Hi"}]}', ".json"),
        ("Ann: hi, Bo, and hello\nBo: yes, I am, here\n", ".txt"),
        ("One line, that is all.", ".txt"),
    ],
)
def test_pasted_text_becomes_a_file_with_the_ending_of_what_it_holds(home, text, suffix):
    path = ingest.save_text(text)
    assert path.name == f"Pasted text{suffix}"
    assert path.read_text(encoding="utf-8") == text


def test_the_folder_is_private_and_the_same_text_the_same_file(home):
    first, again, other = (ingest.save_text(text) for text in ("Ann: hi", "Ann: hi", "Bo: hi"))
    assert first == again != other
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700


def test_one_file_is_a_source_as_it_is_and_several_are_a_folder_of_links(home, tmp_path):
    files = [tmp_path / "train.csv", tmp_path / "test.csv"]
    for path in files:
        path.write_text(path.name, encoding="utf-8")
    assert ingest.save_files(files[:1]) == files[0]
    folder = ingest.save_files(files)
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {
        "train.csv": "train.csv",
        "test.csv": "test.csv",
    }
    assert ingest.save_files(files[::-1]) == folder
    assert folder.name == "test.csv and 1 more"


def test_files_of_one_name_are_told_apart_by_their_folders(home, tmp_path):
    files = [tmp_path / split / "data.csv" for split in ("train", "test")]
    for path in files:
        path.parent.mkdir()
        path.write_text("x", encoding="utf-8")
    assert {path.name for path in ingest.save_files(files).iterdir()} == {"train-data.csv", "test-data.csv"}
