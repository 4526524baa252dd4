"""Recipes as modules: they are scripts outside the package."""

from vidfer.commands.recipes import load_recipe, recipe_folder

__all__ = ["RECIPES", "load_recipe"]

RECIPES = recipe_folder()
