"""Secrets, ConfigMaps and other configuration of containers."""

from nim_component.cluster.secret_facts import SecretFacts
from nim_component.names import PULL_SECRET_TYPE

from ..kubernetes_objects import event, running, snapshot, waiting
from ..snapshots import PULL_FACTS, Case, NearMiss, failed_mount

HUB_FACTS = SecretFacts(PULL_SECRET_TYPE, (), ("docker.io",))
TWO_PULL_SECRETS = {"imagePullSecrets": [{"name": "pull"}, {"name": "hub"}]}
FROM_MIRROR = {
    "imagePullSecrets": [{"name": "hub"}],
    "containers": [{"name": "nim", "image": "1.dkr.ecr.eu-central-1.amazonaws.com/nim/meta/llama3-8b-instruct:1.0.0"}],
}

CASES: dict[str, list[Case]] = {
    "config-map-missing": [
        (
            failed_mount('MountVolume.SetUp failed for volume "lora-loader" : configmap "llama-lora-1" not found'),
            "The ConfigMap llama-lora-1 that the pod mounts",
        ),
        (snapshot(waiting("CreateContainerConfigError", 'configmap "settings" not found')), "The ConfigMap settings does not exist"),
    ],
    "config-map-key-missing": [
        (snapshot(waiting("CreateContainerConfigError", "couldn't find key A in ConfigMap ml/settings")), "has no key A")
    ],
    "secret-missing": [
        (snapshot(waiting("CreateContainerConfigError", 'secret "ngc" not found')), "The Secret ngc does not exist"),
        (failed_mount('MountVolume.SetUp failed for volume "tls" : secret "tls" not found'), "that the pod mounts"),
    ],
    "secret-key-missing": [
        (
            snapshot(
                waiting("CreateContainerConfigError", "couldn't find key NGC_API_KEY in Secret ml/ngc"),
                secrets={"ngc": SecretFacts("Opaque", ("api-key", "other"))},
            ),
            "The Secret ngc has no key NGC_API_KEY. | Set secrets.ngc_secret_key or secrets.hf_token_key to one of its keys (it has: api-key, other)",
        ),
        (
            snapshot(waiting("CreateContainerConfigError", "couldn't find key NGC_API_KEY in Secret ml/ngc")),
            "secrets.hf_token_key to one of its keys, or add the key",
        ),
    ],
    "image-runs-as-root": [
        (
            snapshot(waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root (pod: x)")),
            "Set run_as_user",
        ),
        (
            snapshot(
                waiting("CreateContainerConfigError", "container has runAsNonRoot and image has non-numeric user (nim), cannot verify")
            ),
            "The image's user is root or has no number",
        ),
    ],
    "sub-path": [(snapshot(waiting("CreateContainerConfigError", 'failed to prepare subPath for volumeMount "lora"')), "fs_group")],
    "container-config": [(snapshot(waiting("CreateContainerConfigError", "odd")), "odd")],
    "pull-secret-missing": [
        (
            snapshot(
                running(),
                events=[
                    event(
                        "FailedToRetrieveImagePullSecret",
                        "Unable to retrieve some image pull secrets (pull); attempting to pull the image may not succeed.",
                    )
                ],
            ),
            "create secret generic pull --type=kubernetes.io/dockerconfigjson",
        ),
        (snapshot(running(), secrets={"pull": None}), "The pull Secret pull does not exist"),
    ],
    "pull-secret-type": [(snapshot(running(), secrets={"pull": SecretFacts("Opaque", ("a",))}), "is not used for pulls")],
    "pull-secret-registry": [
        (
            snapshot(running(), secrets={"pull": SecretFacts(PULL_SECRET_TYPE, (), ("ghcr.io",))}),
            "has credentials for ghcr.io, not for nvcr.io",
        ),
        (snapshot(running(lora=True), secrets={"pull": HUB_FACTS}), "has credentials for docker.io, not for nvcr.io"),
    ],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "config-map-missing": snapshot(waiting("CreateContainerConfigError", 'secret "a" not found')),
    "config-map-key-missing": snapshot(waiting("CreateContainerConfigError", "couldn't find key A in Secret ml/settings")),
    "secret-missing": snapshot(waiting("CreateContainerConfigError", 'configmap "a" not found')),
    "secret-key-missing": snapshot(waiting("CreateContainerConfigError", "couldn't find key A in ConfigMap ml/settings")),
    "image-runs-as-root": snapshot(waiting("CreateContainerConfigError", 'secret "a" not found')),
    "sub-path": snapshot(waiting("CreateContainerConfigError", 'secret "a" not found')),
    "container-config": snapshot(waiting("CreateContainerError", "x")),
    "pull-secret-missing": snapshot(running(), secrets=PULL_FACTS),
    "pull-secret-type": snapshot(running(), secrets=PULL_FACTS),
    "pull-secret-registry": [
        snapshot(running(), secrets=PULL_FACTS),
        # Another pull Secret has the credentials.
        snapshot(running(spec=TWO_PULL_SECRETS), secrets={"pull": SecretFacts(PULL_SECRET_TYPE, (), ("nvcr.io",)), "hub": HUB_FACTS}),
        # The nodes pull the server's image, and the Secret is for the loader's.
        snapshot(running(lora=True, spec=FROM_MIRROR), secrets={"hub": HUB_FACTS}),
    ],
}
