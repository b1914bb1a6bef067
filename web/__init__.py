"""Thin pages over the services."""

from flask import Flask


def register(app: Flask) -> None:
    """Add the pages."""
