"""Types of arrays, named once."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

Floats = npt.NDArray[Any]
Ints = npt.NDArray[Any]
