"""The pools the conversations draw from: names, days, times, prices, places and things.

Owns how a value of a kind is drawn and how two values compare ("later than", "dearer than").
Knows nothing of scenes, sentences or models.
"""

import random
import tomllib
from dataclasses import dataclass
from pathlib import Path

SCENES = Path(__file__).parent / "scenes"
NUMBER_WORDS = (
    "twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
)  # fmt: skip
CLOCKS = {
    "morning": (7, 12), "afternoon": (13, 18), "evening": (17, 22), "night": (22, 24), "workday": (8, 17),
}  # fmt: skip
PRICES = {"low": range(5, 31), "mid": range(22, 91), "high": range(95, 460, 5)}
PLACE_POOLS = ("restaurant", "cafe", "cinema", "city", "street", "room", "hall", "spot", "found", "shop")


@dataclass(frozen=True)
class Value:
    """One drawn value: its text, its slot kind ("" for things that are no slot) and what it is ordered by."""

    text: str
    kind: str = ""
    order: tuple[str, int] = ("", 0)
    third_person: str = ""


def _clock(hour: int, minute: int, style: int) -> str:
    """Return a time of day as people write it, such as "6:15", "quarter past six" or "7 pm"."""
    shown, word = (hour - 1) % 12 + 1, NUMBER_WORDS[hour % 12]
    following = NUMBER_WORDS[(hour + 1) % 12]
    if (hour, minute) == (12, 0):
        return "noon"
    if minute == 0:
        return f"{shown} {'am' if hour < 12 else 'pm'}"
    if style == 0:
        return f"{shown}:{minute:02d}"
    return {15: f"quarter past {word}", 30: f"half past {word}", 45: f"quarter to {following}"}[minute]


class World:
    """Draw values by pool name; the same random generator gives the same values."""

    def __init__(self, path: Path = SCENES / "world.toml") -> None:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        self.names: list[str] = data["names"].split()
        self.weekdays: list[str] = data["weekdays"]
        self.months: list[str] = data["months"]
        self.texts: dict[str, list[str]] = data["places"] | data["things"]

    def draw(self, pool: str, rng: random.Random) -> Value:
        """Draw one value from a pool."""
        if pool == "name":
            return Value(rng.choice(self.names), "name")
        if pool == "day":
            return self._day(rng)
        if pool in CLOCKS:
            return self._time(CLOCKS[pool], rng)
        if pool in PRICES:
            return price(rng.choice(PRICES[pool]))
        first, _, third = rng.choice(self.texts[pool]).partition(" ~ ")
        return Value(first, "place" if pool in PLACE_POOLS else "", third_person=third)

    def _day(self, rng: random.Random) -> Value:
        if rng.random() < 0.6:
            number = rng.randrange(7)
            return Value(self.weekdays[number], "day", ("weekday", number))
        month, number = rng.randrange(12), rng.randint(1, 28)
        return Value(f"{number} {self.months[month]}", "day", ("date", month * 31 + number))

    def _time(self, hours: tuple[int, int], rng: random.Random) -> Value:
        hour, minute = rng.randrange(*hours), rng.choice((0, 15, 30, 45))
        return Value(_clock(hour, minute, rng.randrange(2)), "time", ("time", hour * 60 + minute))


def price(amount: int) -> Value:
    """Return an amount in dollars as a value."""
    return Value(f"${amount}", "price", ("price", amount))


def follows(later: Value, earlier: Value) -> bool:
    """Say whether one value can stand for something after (or above) another of its kind."""
    if later.order[0] != earlier.order[0]:
        return False
    distance = later.order[1] - earlier.order[1]
    if later.order[0] == "weekday":  # "from Friday to Tuesday" is as good as "from Monday to Friday"
        return distance != 0
    return distance > 0 and (later.order[0] != "date" or distance < 25)
