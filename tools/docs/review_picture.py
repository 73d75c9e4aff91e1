"""Draw a comment on a pull request as a picture. Requires `chromium` on PATH and a font with emoji.

The picture in docs/guides/review.md shows a run on this repository. On a branch,
stacks/Pulumi.dev.yaml has the image at 1.0.3, one adapter less and `cache: {size: 20Gi}`:

    nim-component diff --base main --format markdown > comment.md
    python tools/docs/review_picture.py comment.md docs/guides/review.png
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

STYLE = """
body { margin: 0; padding: 24px; width: 860px; box-sizing: border-box; background: #fff; color: #1f2328 }
body { font: 14px/1.5 "DejaVu Sans", sans-serif }
h3 { font-size: 20px; margin: 0 0 12px; padding-bottom: 6px; border-bottom: 1px solid #d1d9e0 } h4 { font-size: 16px; margin: 18px 0 8px }
code { background: #eff1f3; border-radius: 6px; padding: 2px 5px; font: 85% "DejaVu Sans Mono", monospace } ul { padding-left: 22px }
li { margin: 6px 0 } sub { color: #59636e; font-size: 11px }
pre { background: #f6f8fa; padding: 12px; border-radius: 6px; overflow: hidden }
pre code { background: none; padding: 0; font-size: 11px; white-space: pre-wrap; overflow-wrap: anywhere }
summary { cursor: pointer; margin: 8px 0 }
"""


def draw(comment: Path, picture: Path) -> None:
    """Render the Markdown of a comment as a page, and save a picture of the whole page."""
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(comment.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        measure = "<script>document.title = Math.ceil(document.body.getBoundingClientRect().height)</script>"
        page.write_text(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><body>{html}{measure}", encoding="utf-8")
        chromium = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
        shown = subprocess.run([*chromium, "--dump-dom", page.as_uri()], check=True, capture_output=True, text=True).stdout
        height = shown.partition("<title>")[2].partition("<")[0]
        size = f"--window-size=860,{height}"
        subprocess.run([*chromium, size, f"--screenshot={picture.absolute()}", page.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
