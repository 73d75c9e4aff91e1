"""The services of a stack, each with one optional group: `nim-component up --stack autoscaling`."""

from nim_component.stack import deploy_stack

deploy_stack()
