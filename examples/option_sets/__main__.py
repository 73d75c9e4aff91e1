"""The services of a stack. Each stack shows option sets: `nim-component up --stack autoscaling`."""

from nim_component.stack import deploy_stack

deploy_stack()
