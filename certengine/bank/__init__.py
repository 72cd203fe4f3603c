"""Items, versions, review, releases (frozen, hashed sets of items), import and export formats."""
