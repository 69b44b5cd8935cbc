"""The tables, and the blocks of SQL that make them: `schema.sql` and `queries.sql`, read once."""

import re
from functools import cache
from importlib.resources import files
from typing import Final, Protocol

_BLOCK: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


class Database(Protocol):
    """What a migration needs of a client."""

    def run(self, sql: str, parameters: dict[str, object]) -> None: ...

    def rows(self, sql: str, parameters: dict[str, object]) -> list[tuple[int]]: ...


@cache
def blocks(file: str) -> dict[str, str]:
    """The named blocks of an SQL file of this package."""
    _, *parts = _BLOCK.split((files(__package__) / file).read_text())
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def migrate(database: Database) -> None:
    """Run the blocks that this database has not seen, in order. Each may run twice: a crash can come before its row."""
    migrations = {int(name.split("_")[0]): (name, sql) for name, sql in blocks("schema.sql").items()}
    database.run(migrations[1][1], {})
    [(current,)] = database.rows("SELECT max(version) FROM migrations", {})
    for version in sorted(version for version in migrations if version > current):
        name, sql = migrations[version]
        database.run(sql, {})
        database.run(
            "INSERT INTO migrations (version, name) SELECT {version:UInt32}, {name:String}",
            {"version": version, "name": name},
        )
