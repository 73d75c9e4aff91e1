"""Wrong arguments are errors at their lines."""

import pulumi
import pulumi_kubernetes as k8s

from nim_component import NIM, CacheArgs, NIMSecrets, Toleration

secrets = NIMSecrets.keyless()
count = pulumi.Output.from_input(2)
numbers: dict[str, int] = {"A": 1}

NIM(secrets=secrets, replicas=count)  # expect: reportArgumentType
NIM(secrets=secrets, replicas="2")  # expect: reportArgumentType
NIM(secrets=secrets, env=numbers)  # expect: reportArgumentType
NIM(secrets=secrets, args=[1])  # expect: reportArgumentType
NIM(secrets=secrets, node_selector={"a": 1})  # expect: reportArgumentType
NIM(secrets=secrets, rollout="blue-green")  # expect: reportArgumentType
NIM(secrets=secrets, prot=8000)  # expect: reportCallIssue
NIM()  # expect: reportCallIssue
NIM(secrets=secrets, affinity=k8s.core.v1.TolerationArgs(key="a"))  # expect: reportArgumentType
NIM(secrets=secrets, extra_volumes=[k8s.core.v1.VolumeMountArgs(name="a", mount_path="/a")])  # expect: reportArgumentType
CacheArgs(size=50)  # expect: reportArgumentType
Toleration(operator="exists")  # expect: reportArgumentType
