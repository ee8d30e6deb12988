"""Offices on both databases, or on one where SQL is not what is tested."""

from tests.crm.conftest import both, office

__all__ = ["both", "office"]
