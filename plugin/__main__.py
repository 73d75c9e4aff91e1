"""Entry point of the Pulumi plugin. The engine starts it."""

from nim_component.provider.server import main

main()
