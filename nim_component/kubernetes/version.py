"""Versions of Kubernetes for which this package is made."""

from typing import Final

KUBERNETES_VERSION: Final = "1.36"
"""Minor version of the schemas that stacks use by default, of the Go types behind
`local/kubernetes_types.txt`, and of the API server in the tests.

`make kubernetes-version V=1.37` changes it here and in every file that cannot import it.
"""

OLDEST_VERSION: Final = "1.27"
"""Oldest minor version without a warning of `nim-component check`."""
