import pytest

from engine.computers import computer as checks
from engine.computers import store
from engine.computers.computer import Computer
from engine.errors import StorageError
from engine.system.paths import config_folder

LAB = Computer("lab", "ray", "lab.example:8265", token_file="~/lab.token", storage="/shared/tunesmith")
DESK = Computer("desk", "ssh", "127.0.0.1:8265", ssh="ann@desk.example")


def test_computers_are_kept_in_the_order_in_which_they_were_added():
    assert store.list_computers() == []
    store.add(LAB)
    store.add(DESK)
    assert store.list_computers() == [LAB, DESK]
    assert store.find("desk") == DESK
    store.remove("lab")
    assert store.list_computers() == [DESK]


def test_agreeing_to_one_computer_is_not_agreeing_to_another():
    store.add(LAB)
    store.add(DESK)
    assert store.agree("desk").agreed
    assert not store.find("lab").agreed


@pytest.mark.parametrize(
    ("computer", "field"),
    [
        (Computer("a b", "ray", "lab:8265"), "name"),
        (Computer("", "ray", "lab:8265"), "name"),
        (Computer("lab", "ray", "lab"), "address"),
        (Computer("lab", "ray", "lab:ten"), "address"),
        (Computer("lab", "ray", "lab:70000"), "address"),
        (Computer("lab", "ray", "-lab:8265"), "address"),
        (Computer("lab", "ssh", "127.0.0.1:8265", ssh="-oProxyCommand=touch"), "ssh"),
        (Computer("lab", "ssh", "127.0.0.1:8265", ssh="ann@-oProxyCommand=touch"), "ssh"),
        (Computer("lab", "ssh", "127.0.0.1:8265", ssh="ann@lab; touch"), "ssh"),
        (Computer("lab", "ssh", "127.0.0.1:8265"), "ssh"),
    ],
)
def test_what_can_be_no_computer_is_refused_beside_its_field(computer, field):
    assert [each.field for each in checks.problems(computer)] == [field]


def test_an_address_gets_the_usual_port():
    assert checks.with_port("lab.example") == "lab.example:8265"
    assert checks.with_port("lab.example:20002") == "lab.example:20002"
    assert checks.with_port("[::1]") == "[::1]:8265"
    assert not list(checks.problems(Computer("lab", "ray", "[::1]:8265")))


def test_a_damaged_list_is_told():
    (config_folder() / store.FILE_NAME).write_text("[[computer]]\nname = 3\n")
    with pytest.raises(StorageError, match=r"computers\.toml"):
        store.list_computers()
