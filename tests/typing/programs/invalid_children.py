"""A child that may not exist must be compared with None."""

from nim_component import NIM, NIMSecrets, NIMService

service = NIMService("llama", NIM(secrets=NIMSecrets.keyless()))

print(service.ingress.status)  # expect: reportOptionalMemberAccess
print(service.deployment.metadata)  # expect: reportOptionalMemberAccess
print(service.ingres)  # expect: reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType
