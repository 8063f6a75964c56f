"""The plugin must answer within half a second: what takes long to import is imported at first use."""

from __future__ import annotations

import subprocess
import sys

SLOW = ("pypsrp", "winrm", "requests", "urllib3", "spnego", "cryptography", "importlib.resources")


def test_nothing_slow_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, threading\n"
        "from pulumi_tentacle.remoting.node import Nodes\n"
        "from pulumi_tentacle.remoting.settings import Settings\n"
        "Nodes(Settings('u', 'p'), threading.Event()).node('NODE1')\n"
        f"print([name for name in {SLOW!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
