"""uvicorn as it is run here: its protocols, what is counted around the application, its end."""
