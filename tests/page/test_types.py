"""The page's types are those of the service as it is now."""

import importlib.util
import subprocess
import sys
from pathlib import Path

UI = Path(__file__).parents[2] / "ui"
TYPES = UI / "src" / "segments" / "shared" / "services" / "api.gen.ts"


def test_the_types_are_those_of_the_service() -> None:
    assert importlib.util.find_spec("segml.service.openapi")
    committed = TYPES.read_text()
    try:
        subprocess.run([sys.executable, UI / "build.py", "types"], check=True, capture_output=True)
        assert TYPES.read_text() == committed, "python ui/build.py types, and commit them"
    finally:
        TYPES.write_text(committed)
