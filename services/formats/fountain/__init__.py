"""Fountain files, read and written without loss."""
