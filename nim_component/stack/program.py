"""The program: all of `__main__.py`.

It reads these keys of the stack's configuration:

- `nim:services`: the name of each service, with the fields of `NIM`, and `aliases` with former
  names of the service
- `nim:defaults`: fields that every service starts from
- `nim:namespaces`: the name of each namespace to create, with the fields of `NamespaceArgs`
- `nim:<any name>`: a key, set with `pulumi config set --secret`, to which a service refers as
  `secrets: {ngc_api_key: {config: <any name>}}`
"""

from typing import Any

import pulumi

from ..args import NIM
from ..args.error import ArgumentError
from ..args.fixes import written_in
from ..args.namespace import NamespaceArgs
from ..component.service import NIMService
from .aliases import read_options
from .configuration import read_mapping
from .fields import SERVICES
from .namespaces import provide_namespaces, read_namespaces, use_namespaces, warn_of_unused
from .services import read_services


@written_in("yaml")
def deploy_stack() -> dict[str, NIMService]:
    """Create the namespaces and services of the stack, and export the output `services`.

    The output contains URL, host, port and models of each service, and `external_url` of exposed
    services. `models` is absent if the base model's name is unknown. Everything is validated before
    the first resource is created.

    Raises:
        RunError: With all problems of all namespaces and services.
    """
    namespaces, nims = _read(pulumi.Config())
    warn_of_unused(nims, namespaces)
    provided = provide_namespaces(namespaces)
    given = read_mapping(pulumi.Config(), SERVICES) or {}
    services = {name: NIMService(name, use_namespaces(name, nim, provided), read_options(name, given)) for name, nim in nims.items()}
    pulumi.export("services", {name: _describe(service, nims[name]) for name, service in services.items()})
    return services


def _read(config: pulumi.Config) -> tuple[dict[str, NamespaceArgs], dict[str, NIM]]:
    errors: list[str] = []
    namespaces: dict[str, NamespaceArgs] = {}
    nims: dict[str, NIM] = {}
    try:
        namespaces = read_namespaces(config)
    except (ArgumentError, pulumi.RunError) as error:
        errors.append(str(error))
    try:
        nims = read_services(config, namespaces)
    except pulumi.RunError as error:
        errors.append(str(error))
    if errors:
        raise pulumi.RunError("\n".join(errors))
    return namespaces, nims


def _describe(service: NIMService, nim: NIM) -> dict[str, Any]:
    described: dict[str, Any] = {"url": service.url, "host": service.host, "port": service.port}
    if nim.may_have_model_names:
        described["models"] = service.model_names
    return {**described, "external_url": service.external_url} if nim.is_exposed else described
