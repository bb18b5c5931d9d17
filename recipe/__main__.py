"""`python -m recipe` is `recipe`."""

from recipe.ui.cli import main

if __name__ == "__main__":
    main()
