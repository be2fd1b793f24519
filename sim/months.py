"""Months as whole numbers: ``year * 12 + (month - 1)``, so that they add, compare and index."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping

_PATTERN = re.compile(r"([0-9]{4})-([0-9]{2})")


def parse_month(text: str) -> int:
    """Month number of "2021-03". Raises ValueError on anything else."""
    match = _PATTERN.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= 12 or not 1900 <= int(match[1]) <= 2200:
        raise ValueError(f"{text!r} is not a month of the form YYYY-MM between 1900-01 and 2200-12")
    return int(match[1]) * 12 + int(match[2]) - 1


def month_name(month: int) -> str:
    """ "2021-03" for a month number."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def year_of(month: int) -> int:
    """Calendar year of a month number."""
    return month // 12


def month_of_year(month: int) -> int:
    """0 for January ... 11 for December."""
    return month % 12


def days_in(month: int) -> int:
    """Days in the month."""
    return calendar.monthrange(month // 12, month % 12 + 1)[1]


def average_day(parameters: Mapping[str, float]) -> float:
    """Traffic of an average day of the year against an average working day [-]."""
    return parameters["working_days"] + (1.0 - parameters["working_days"]) * parameters["weekend_share"]


def traffic_days(month: int, parameters: Mapping[str, float]) -> float:
    """Average working days whose traffic is that of the month [days/month]."""
    return days_in(month) * average_day(parameters)
