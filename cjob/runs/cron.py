"""The fields of cron expressions: of EventBridge's six, and of the five in a crontab. Pure."""

from typing import NamedTuple

FIRST_YEAR, LAST_YEAR = 1970, 2199
"""The years that an expression can name."""


class CronField(NamedTuple):
    """A field: its range, the longest step in it, and the names of its first numbers."""

    name: str
    low: int
    high: int
    longest_step: int
    names: tuple[str, ...] = ()

    def number(self, name: str) -> int | None:
        """Return the number that a name such as `MON` stands for, in any case; else None."""
        name = name.upper()
        return self.names.index(name) + self.low if name in self.names else None

    def described(self) -> str:
        """Return the name with its article."""
        return f"{'an' if self.name == 'hour' else 'a'} {self.name}"


MINUTE = CronField("minute", 0, 59, 59)
HOUR = CronField("hour", 0, 23, 23)
MONTH_DAY = CronField("day of the month", 1, 31, 31)
MONTH = CronField(
    "month",
    1,
    12,
    12,
    ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
WEEK_DAY = CronField("day of the week", 1, 7, 7, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))
YEAR = CronField("year", FIRST_YEAR, LAST_YEAR, LAST_YEAR - FIRST_YEAR)

CRONTAB = (MINUTE, HOUR, MONTH_DAY, MONTH, WEEK_DAY._replace(low=0, high=6))
"""The fields of a crontab, which counts days of the week from 0."""
