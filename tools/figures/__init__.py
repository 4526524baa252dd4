"""The figures of docs/systems/, one file for each; tools/draw_systems.py draws them."""
