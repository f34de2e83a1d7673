"""The environment that a launcher gives a rank."""

from engine.system import ranks


def rank_variables(rank: int, size: int, port: int) -> dict[str, str]:
    """Return the environment of a rank on this computer."""
    numbers = {
        ranks.RANK: rank, ranks.SIZE: size, ranks.LOCAL_RANK: rank, ranks.LOCAL_SIZE: size, ranks.PORT: port,
    }  # fmt: skip
    return {name: str(number) for name, number in numbers.items()}
