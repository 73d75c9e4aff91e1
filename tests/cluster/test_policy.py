"""checkov on the rendered default: only checks that are accepted with a reason may fail."""

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

ACCEPTED = {
    "CKV_K8S_15": "the pull policy is IfNotPresent: a NIM's image is 10 to 20 GB, and a fixed tag or digest does not move",
    "CKV_K8S_22": "NIM writes to nine places outside its volumes; the loader's root file system is read-only",
    "CKV_K8S_35": "NIM and huggingface_hub read their keys from the environment only",
    "CKV_K8S_40": "1000 is the user of the NIM images; `run_as_user` sets a higher one if the image allows it",
    "CKV_K8S_43": "the default image has a tag; `image` accepts a digest",
    "CKV2_K8S_6": "access to a model is a decision of the platform, not a default of every service",
}


@pytest.fixture(scope="module")
def checkov() -> None:
    """Skip the test if the package index is not reachable."""
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


def test_checkov_exists_in_ci():
    """Outside CI, the tests below are skipped with the same text."""
    try:
        provide_checkov()
    except NoCheckovError as error:
        skip_outside_ci(error)


@pytest.mark.parametrize("nim", [default, with_everything], ids=["default", "with everything"])
def test_only_accepted_checks_fail(scan, nim: Callable[[], NIM]):
    assert set(scan(render(nim, "models"))) == ACCEPTED.keys()


def test_root_container_is_found(scan):
    objects = render(default, "models")
    pod = pick(objects, "Deployment")["spec"]["template"]["spec"]
    pod["securityContext"] |= {"runAsNonRoot": False, "runAsUser": 0}
    assert "CKV_K8S_23" in scan(objects)
