"""Final Draft files, read and written without loss."""
