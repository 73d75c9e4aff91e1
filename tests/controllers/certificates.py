"""Certificates of servers on loopback, from an authority that lives as long as the tests."""

import base64
from pathlib import Path

import trustme


class Authority:
    """Certificate authority."""

    def __init__(self) -> None:
        self._authority = trustme.CA()

    @property
    def bundle(self) -> str:
        """Its certificate, as in `caBundle` of webhooks: PEM in base64."""
        return base64.b64encode(self._authority.cert_pem.bytes()).decode()

    def write(self, folder: Path, *names: str) -> Path:
        """Write `tls.crt`, `tls.key` and `ca.crt` for hosts into a new folder."""
        folder.mkdir()
        issued = self._authority.issue_cert(*names)
        issued.private_key_pem.write_to_path(str(folder / "tls.key"))
        issued.cert_chain_pems[0].write_to_path(str(folder / "tls.crt"))
        self._authority.cert_pem.write_to_path(str(folder / "ca.crt"))
        return folder
