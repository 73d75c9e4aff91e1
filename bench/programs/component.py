"""`count` services through the component."""

import pulumi

from nim_component import NIM, NIMSecrets, NIMService

for number in range(pulumi.Config().require_int("count")):
    NIMService(f"nim-{number}", NIM(secrets=NIMSecrets(ngc_image_secret="pull", ngc_secret_key="NGC_API_KEY", verify=False)))
