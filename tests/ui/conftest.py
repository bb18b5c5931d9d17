import pytest

from recipe.ui.cli import main


@pytest.fixture
def recipe(capsys):
    """Run a command line; returns exit code, standard output, standard error."""

    def call(*args):
        with pytest.raises(SystemExit) as stop:
            main([str(arg) for arg in args])
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return call
