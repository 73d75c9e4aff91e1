"""Sphinx configuration of the documentation site: `make docs`."""

import shlex
import sys
from importlib.metadata import version as installed
from pathlib import Path

project = "nim-component"
author = "nim-component contributors"
project_copyright = "nim-component contributors"
release = version = installed("nim-component")

extensions = ["myst_parser", "sphinx_copybutton", "sphinxcontrib.mermaid"]
root_doc = "index"
exclude_patterns = ["_build"]
nitpicky = True

# Anchors are the heading slugs of git hosts, so a link works there and on the site.
myst_heading_anchors = 4
myst_enable_extensions = ["alert", "strikethrough"]
# Mermaid fences as git hosts have them, without braces.
myst_fence_as_directive = ["mermaid"]

# Diagrams become SVG files at build time. No page loads a script from another host.
mermaid_output_format = "svg"
mermaid_cmd = shlex.join([str(Path(sys.executable).with_name("mermaidx")), "--quiet", "--theme", "neutral"])

html_theme = "furo"
html_title = f"nim-component {release}"
html_theme_options = {"source_directory": "docs/"}
html_show_sphinx = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
copybutton_exclude = ".linenos, .gp, .go"
