"""What a policy scanner says of the rendered default: nothing but what was decided otherwise, each with its reason."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from nim_component import NIM, NIMSecrets

from .checkov import NoCheckovError, failed_checks, provide_checkov
from .client import Object
from .fixtures import skip_outside_ci
from .objects import pick, render
from .services import with_everything

DECIDED = {
    "CKV_K8S_15": "the pull policy is IfNotPresent: a NIM's image is 10 to 20 GB, and a fixed tag or digest does not move",
    "CKV_K8S_22": "NIM writes to nine places outside its volumes; the loader's root file system is read-only",
    "CKV_K8S_35": "NIM and huggingface_hub take their keys from the environment, and from nowhere else",
    "CKV_K8S_40": "1000 is the user of the NIM images; `run_as_user` takes a higher one where the image allows it",
    "CKV_K8S_43": "the default image is the origin's, by tag; `image` takes a digest",
    "CKV2_K8S_6": "who may talk to a model is the platform's decision, not every service's default",
}


@pytest.fixture(scope="module")
def checkov() -> None:
    """Skips where there is no package index."""
    try:
        provide_checkov()
    except NoCheckovError as error:
        pytest.skip(str(error))


@pytest.fixture
def scan(checkov: None, tmp_path: Path) -> Callable[[list[Object]], dict[str, set[str]]]:
    def scan(objects: list[Object]) -> dict[str, set[str]]:
        for each in objects:
            (tmp_path / f"{each['kind'].lower()}-{each['metadata']['name']}.yaml").write_text(yaml.safe_dump(each))
        assert len(list(tmp_path.iterdir())) == len(objects)
        return failed_checks(tmp_path)

    return scan


def default() -> NIM:
    return NIM(secrets=NIMSecrets(ngc_image_secret="ngc-pull", ngc_secret_key="NGC_API_KEY"))


def test_checkov_is_there_in_ci():
    # Everywhere else what follows is skipped with the same words.
    try:
        provide_checkov()
    except NoCheckovError as error:
        skip_outside_ci(error)


@pytest.mark.parametrize("nim", [default, with_everything], ids=["default", "with everything"])
def test_only_what_was_decided_fails(scan, nim: Callable[[], NIM]):
    assert set(scan(render(nim, "models"))) == DECIDED.keys()


def test_a_root_container_would_be_found(scan):
    objects = render(default, "models")
    pod = pick(objects, "Deployment")["spec"]["template"]["spec"]
    pod["securityContext"] |= {"runAsNonRoot": False, "runAsUser": 0}
    assert "CKV_K8S_23" in scan(objects)
