"""How many of the faulty files get a patch that `git apply` takes and `recipe check` passes.

python tests/patches/board.py seen|held
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from faulty_files import HELD, SEEN

from recipe.core.exit_codes import exit_code
from recipe.core.settings import Settings
from recipe.engine.patching import load_text, make_patch
from recipe.engine.run_execution import execute


def outcome(text: str, folder: Path) -> str:
    """What became of one file."""
    file = folder / "experiment.py"
    file.write_text(text)
    settings = Settings(out=folder / "out", fix=True, until="overfit_sample", verify_budget="off",
                        device="cpu")  # fmt: skip
    result = execute(load_text(file, "experiment", text), settings)
    patch = make_patch(file, "experiment", result, settings, lambda _: None)
    if not patch.diff:
        return f"no patch ({', '.join(result.diagnosis)})"
    (folder / "fix.patch").write_text(patch.diff)
    subprocess.run(["git", "apply", "fix.patch"], cwd=folder, check=True)
    checked = execute(
        load_text(file, "experiment", file.read_text()),
        Settings(out=folder / "after", until="lr_range", verify_budget="off", device="cpu"),
    )
    code = exit_code(checked)
    return f"{'ok' if code == 0 else 'fails'} mended {patch.mended}, left {checked.diagnosis}"


for name, (rule, text) in (SEEN if sys.argv[1] == "seen" else HELD).items():
    with tempfile.TemporaryDirectory() as place:
        try:
            said = outcome(text, Path(place))
        except Exception as error:  # noqa: BLE001
            said = f"{type(error).__name__}: {error}"
    print(f"{name} ({rule}): {said}", flush=True)
