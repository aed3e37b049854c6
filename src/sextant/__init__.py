"""Publish to six social networks, measure them as one."""

__version__ = "0.1.0"
