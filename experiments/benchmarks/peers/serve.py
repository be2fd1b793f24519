"""The peer's end of the line: hello once, then one line of JSON for each line asked."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def serve(tool: str, package: str, answer: Answer) -> None:
    """Answer until standard input ends. What the tool itself prints goes to standard error."""
    line = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    print(json.dumps({"tool": f"{tool} {version(package)}"}), file=line, flush=True)
    for asked in sys.stdin:
        print(json.dumps(answer(json.loads(asked))), file=line, flush=True)
