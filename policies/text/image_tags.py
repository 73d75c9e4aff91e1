"""Tags of images that a registry may replace, by their form.

`policies/text/` contains a copy of this file.
"""

from __future__ import annotations

import re

_DIGEST = re.compile(r"@[a-z0-9+._-]+:[0-9a-fA-F]{32,}\Z")
_RELEASE = re.compile(r"v?\d+(?:\.\d+){2,5}(?:[a-z][a-z0-9]*)?(?:[-_+.].*)?", re.IGNORECASE | re.DOTALL)
"""Version of three parts or more, such as `1.8.3`, `1.8.3-rtx` and `0.11.0rc2`."""
_BUILD = re.compile(r"\d{6,}|(?=[a-z]*\d)(?=\d*[a-f])[0-9a-f]{7,64}", re.IGNORECASE)
"""A date, a number of a build, or the beginning of a commit's hash."""
_CHANNEL = re.compile(
    r"latest|stable|unstable|nightly|daily|weekly|edge|rolling|current|lts|canary|snapshot|dev|devel|testing|tip|head|next", re.IGNORECASE
)
"""Word with which a tag moves, whatever else it contains."""


def is_fixed_image(image: str) -> bool:
    """Return whether an image has a digest, or a tag that by convention does not move.

    Such a tag begins with a full version, or contains a date, a number of a build or a commit. All
    others may move: words, and versions of one or two parts, such as `3.12`, `22.04` and `1.2-rc1`.
    """
    if _DIGEST.search(image):
        return True
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    words = [each for each in re.split(r"[-_+.]", tag) if each]
    if any(map(_CHANNEL.fullmatch, words)):
        return False
    return _RELEASE.fullmatch(tag) is not None or any(map(_BUILD.fullmatch, words))
