"""Puts the recipes, scripts beside the package, into what is installed. The rest is in pyproject.toml."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

RECIPES = Path("recipes")
KINDS = (".py", ".yaml")
CONFIG = Path("accelerate_config.yaml")


class BuildWithRecipes(build_py):
    """Copies the recipes to ``vidfer/recipes``. An editable install reads them where they are."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        package = Path(self.build_lib) / "vidfer"
        for source in (*sorted(RECIPES.rglob("*")), CONFIG):
            if source.suffix in KINDS:
                target = package / (RECIPES / source if source == CONFIG else source)
                target.parent.mkdir(parents=True, exist_ok=True)
                self.copy_file(str(source), str(target))


setup(cmdclass={"build_py": BuildWithRecipes})
