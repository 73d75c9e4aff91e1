"""Programs for maintainers. Nothing here is part of the published package."""
