"""`python -m nim_component`."""

from .cli import main

main()
