"""Training: teach every model anew by what is known now; the gate decides who scores.

::

    python pipelines/train.py WORKSPACE [MODEL ...] [--as-of 2026-07-01]

Run it monthly. The same facts and day give the same model, so running it twice changes nothing.
"""

import argparse
from datetime import date
from pathlib import Path

from segml import SegmlError, Workspace


def main() -> None:
    """Train models and print each verdict."""
    arguments = _arguments()
    workspace = Workspace(arguments.workspace)
    for name in arguments.models or workspace.models.declared():
        try:
            training = workspace.models.train(name, as_of=arguments.as_of)
        except SegmlError as refused:
            print(f"{name}: {refused}")
            continue
        verdict = training.report.verdict
        promoted = "promoted" if verdict.promoted else "not promoted"
        print(f"{name}: version {training.version}, {promoted}. {' '.join(verdict.reasons)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the models of a segml workspace.")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("models", nargs="*", help="every declared one unless named")
    parser.add_argument(
        "--as-of", type=date.fromisoformat, help="the end of the facts unless given"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
