"""Who may come in, from where, and how much of the server they may take up."""
