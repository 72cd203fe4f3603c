"""Persons, organisations, accounts, roles and permissions, sign-in."""
