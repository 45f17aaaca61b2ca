"""How long a script of feature length takes onto the board."""
