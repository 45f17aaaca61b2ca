"""How the local renderer draws: words become a brief, a brief is staged, the stage is inked."""
