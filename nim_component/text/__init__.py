"""Text for people: field paths, suggestions, redaction and console output."""
