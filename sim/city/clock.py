"""The year of the weather on the legal clock: 365 days from 1 January, summer time in the whole of April to October, days off.

Summer time runs from the last Sunday of March to that of October; whole months are at most six days off and keep each month on one
clock. The hour that 1 April skips stands for the one before it, and the one that 31 October repeats is left out.
"""

from __future__ import annotations

import numpy as np

from sim.columns import Bools, Ints

HOURS = 8760
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
#: Days of an average month: what the days that stand for a month sum to.
DAYS_IN_MONTH = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
#: (365,) month, 0 January, of each day of the year.
MONTH_OF_DAY: Ints = np.repeat(np.arange(12), MONTH_DAYS)
#: First day of the year (0..364) of each month.
FIRST_DAY: Ints = np.concatenate([[0], np.cumsum(MONTH_DAYS)[:-1]])
_SUMMER_TIME = range(3, 10)  # April to October
#: Public holidays of France on a fixed date: month (0 January) and day of the month.
_FIXED = ((0, 1), (4, 1), (4, 8), (6, 14), (7, 15), (10, 1), (10, 11), (11, 25))
_MIDDLE_EASTER = 97  # day of the year (0..364) of 8 April, the middle of the dates of Easter in the Gregorian calendar
_AFTER_EASTER = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday


def standard_hours(months: Ints = MONTH_OF_DAY) -> Ints:
    """(days * 24,) hour of the year on the standard clock (-1..8759) that each hour of the legal clock is."""
    ahead = np.isin(np.repeat(months, 24), _SUMMER_TIME).astype(np.int64)
    return np.arange(len(months) * 24) - ahead


def working_days(first_weekday: int) -> Bools:
    """(365,) Monday to Friday and no public holiday of France; Easter is the Sunday nearest to the middle of its dates."""
    weekday = (np.arange(365) + first_weekday) % 7
    working = weekday < 5
    for month, day in _FIXED:
        working[FIRST_DAY[month] + day - 1] = False
    near = _MIDDLE_EASTER + np.arange(-3, 4)
    easter = int(near[weekday[near] == 6][0])
    working[[easter + after for after in _AFTER_EASTER]] = False
    return working
