"""The program: all of `__main__.py`.

It reads these keys of the stack's configuration:

- `nim:services`: the name of each service, with the fields of `NIM`
- `nim:defaults`: fields that every service starts from
- `nim:<any name>`: a key, set with `pulumi config set --secret`, to which a service refers as
  `secrets: {ngc_api_key: {config: <any name>}}`
"""

from typing import Any

import pulumi

from ..args import NIM
from ..args.fixes import written_in
from ..component.service import NIMService
from .services import read_services


@written_in("yaml")
def deploy_stack() -> dict[str, NIMService]:
    """Create the services of the current stack, and export the output `services`.

    The output contains URL, host, port and models of each service, and `external_url` of exposed
    services. All services are validated before the first is created.

    Raises:
        RunError: With all problems of all services.
    """
    nims = read_services(pulumi.Config())
    services = {name: NIMService(name, nim) for name, nim in nims.items()}
    pulumi.export("services", {name: _describe(service, nims[name]) for name, service in services.items()})
    return services


def _describe(service: NIMService, nim: NIM) -> dict[str, Any]:
    addresses = {"url": service.url, "host": service.host, "port": service.port, "models": service.model_names}
    return {**addresses, "external_url": service.external_url} if nim.is_exposed else addresses
