"""The package schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

Schema = Mapping[str, Any]


@cache
def read_schema() -> Schema:
    """Return the package schema, without a version."""
    return cast("Schema", json.loads((files(__package__ or "") / "schema.json").read_text("utf-8")))
