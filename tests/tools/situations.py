"""Writes docs/situations.md, the page of what people train.

python tests/tools/situations.py --write
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "situations"))

if __name__ == "__main__":
    from table import page

    if "--write" in sys.argv:
        (ROOT / "docs" / "situations.md").write_text(page(), "utf-8")
    else:
        sys.stdout.write(page())
