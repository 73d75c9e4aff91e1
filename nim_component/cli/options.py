"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StackOption = Annotated[
    str | None, typer.Option("--stack", "-s", help="Stack. Default: PULUMI_STACK, else the only stack, else dev.", show_default=False)
]
FolderOption = Annotated[Path, typer.Option("--cwd", "-C", help="Folder of the project.", metavar="DIR")]
