"""The Pulumi program of this repository: the services of the stack's `nim:services`."""

from nim_component.stack import deploy_stack

deploy_stack()
