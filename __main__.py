"""The Pulumi program: one `NIMService` per entry of the stack's `nim:services`."""

from nim_component.stack import deploy_stack

deploy_stack()
