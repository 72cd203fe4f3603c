"""Backups: one archive of a moment of database and files, keys apart, and the restore that checks what it brings."""
