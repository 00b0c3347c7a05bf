"""Utpost, the outgoing-mail gateway of Örkelljunga municipality."""

__version__ = "0.1.0"
