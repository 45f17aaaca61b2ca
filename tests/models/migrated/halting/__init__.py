"""A step that ends as MIGRATION_ENDS says: by an error, or by not ending."""
