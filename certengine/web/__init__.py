"""What every package's views stand on: access declarations, layout, errors, forms, translations. No domain word."""
