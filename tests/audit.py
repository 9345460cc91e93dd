"""`python -m tests.audit`: pip-audit over what is installed, where a service of advisories can be reached.

Exit code 1 for a package with a known hole, or for one that pip-audit could not look up; 0 where all is well and where
there is no service, which is said: offline nothing can be known, and that is no reason to stop the work.
"""

import subprocess
import sys
import urllib.request
from importlib.util import find_spec
from urllib.error import HTTPError

SERVICE = "osv"
"""pip-audit's name of the service."""
ADDRESS = "https://api.osv.dev/v1/vulns/PYSEC-2018-28"
"""One that it answers."""
_PATIENCE = 3
_LONGEST = 300


def reachable(address: str) -> bool:
    """Whether somebody answers there as an advisory service would."""
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:
            return b'"affected"' in answer.read(10_000_000)
    except HTTPError as error:
        error.close()
        return False
    except (OSError, ValueError):
        return False


def main() -> int:
    """Runs the audit, or says why not, and gives the exit code."""
    if find_spec("pip_audit") is None:
        print("pip-audit skipped: it is not installed")
        return 0
    if not reachable(ADDRESS):
        print(f"pip-audit skipped: no service of advisories can be reached ({ADDRESS})")
        return 0
    # Ours is not on the index, and an editable install has no version there.
    command = (sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner", "off", "-s", SERVICE)
    try:
        return subprocess.run(command, timeout=_LONGEST).returncode
    except subprocess.TimeoutExpired:
        print(f"pip-audit skipped: {SERVICE} did not answer within {_LONGEST} s")
        return 0


if __name__ == "__main__":
    sys.exit(main())
