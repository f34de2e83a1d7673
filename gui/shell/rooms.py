"""The rooms of the window and their views: the table from which rail, tabs, palette and shortcuts derive."""

from __future__ import annotations

from dataclasses import dataclass

from gui.look.language import mark


@dataclass(frozen=True)
class View:
    """A page of a room: the title on its tab, its icon, its class as "module:name", and other words to find it by."""

    title: str
    icon: str
    page: str
    keywords: str = ""


@dataclass(frozen=True)
class Room:
    """Views by key, reached by tabs. A room that is not in the rail is reached from its foot."""

    title: str
    icon: str
    views: dict[str, View]
    in_rail: bool = True


ROOMS = {
    "home": Room(mark("Home"), "home", {"home": View(mark("Home"), "home", "gui.pages.home.page:HomePage")}),
    "conversations": Room(
        mark("Conversations"),
        "data",
        {
            "data": View(mark("Data sets"), "data", "gui.pages.data.page:DataPage", mark("Data")),
            "labelling": View(mark("Write summaries"), "edit", "gui.pages.labelling.page:LabellingPage"),
        },
    ),
    "train": Room(
        mark("Train"),
        "train",
        {
            "train": View(
                mark("Runs"), "train", "gui.pages.train.page:TrainPage", mark("New run, all runs, history")
            ),
            "arena": View(mark("Compare methods"), "arena", "gui.pages.arena.page:ArenaPage", mark("Arena")),
        },
    ),
    "library": Room(
        mark("Library"),
        "library",
        {
            "library": View(
                mark("Adapters"), "library", "gui.pages.library.page:LibraryPage", mark("Library")
            ),
            "compare": View(
                mark("Compare"),
                "equals",
                "gui.pages.compare.page:ComparePage",
                mark("Side by side, by conversation, blind comparison, blind votes"),
            ),
        },
    ),
    "playground": Room(
        mark("Playground"),
        "playground",
        {"playground": View(mark("Playground"), "playground", "gui.pages.playground.page:PlaygroundPage")},
    ),
    "device": Room(
        mark("Computers"),
        "device",
        {
            "doctor": View(mark("This computer"), "device", "gui.pages.doctor.page:DoctorPage"),
            "computers": View(mark("Other computers"), "device", "gui.pages.computers.page:ComputersPage"),
        },
        in_rail=False,
    ),
    "help": Room(
        mark("Help"),
        "help",
        {"help": View(mark("Help"), "help", "gui.pages.help.page:HelpPage")},
        in_rail=False,
    ),
    "welcome": Room(
        mark("First-run guide"),
        "mark",
        {"welcome": View(mark("First-run guide"), "mark", "gui.pages.welcome.page:WelcomePage")},
        in_rail=False,
    ),
}
# Views that went into another one.
MOVED = {"examples": "compare", "blind": "compare", "history": "train"}
VIEWS = {key: view for room in ROOMS.values() for key, view in room.views.items()}


def room_of(key: str) -> str:
    return next(room_key for room_key, room in ROOMS.items() if key in room.views)


def is_in_rail(key: str) -> bool:
    """Return whether there is a view of this key in a room of the rail."""
    return key in VIEWS and ROOMS[room_of(key)].in_rail
