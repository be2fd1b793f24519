"""What differs by branch: value added and wages by job, how much is sold outside, how much demand moves jobs."""

from __future__ import annotations

import numpy as np

#: Value added by job [€/year], order of codes.Sector. INSEE national accounts by branch 2019, rounded; assumption for the city.
VALUE_ADDED = np.array([45e3, 110e3, 85e3, 62e3, 60e3, 68e3, 42e3, 115e3, 95e3, 58e3, 45e3])
#: Net wage [€/month], full-time equivalent, private sector by branch (INSEE 2020, rounded); assumption for the city.
WAGE = np.array([1700.0, 3300.0, 2500.0, 2150.0, 2200.0, 2300.0, 1750.0, 3150.0, 2650.0, 2250.0, 1900.0])
#: Share of sales to the outside world: aeronautics almost all, services to residents almost none (assumption).
OUTSIDE_SALES = np.array([0.7, 0.97, 0.8, 0.15, 0.2, 0.5, 0.3, 0.7, 0.5, 0.1, 0.15])
#: Turnover over value added (assumption).
TURNOVER = 2.2
#: Which branch receives what the metropole spends on works and operations (rows: purpose name; assumption).
SPENDING = {
    "WORKS": {"CONSTRUCTION": 0.75, "BUSINESS": 0.25},
    "OPERATIONS": {"BUSINESS": 0.5, "TRANSPORT": 0.3, "OTHER": 0.2},
}
