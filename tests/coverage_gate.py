"""Whether enough of the code was run: all of the rules, and 95 % of everything.

Where a real part is missing, its tests were skipped, and so its adapters are left out, which is
said. With CI=true nothing may be missing, and nothing is left out.
"""

import sys
from collections.abc import Callable

import pytest
from coverage import Coverage

from tests.parts import java, npm_packages, redis_server

RULES = ["domain/*", "resolvers/*"]
RULES_PERCENT_MIN = 100.0
ALL_PERCENT_MIN = 95.0

NEEDS: dict[str, tuple[Callable[[], object], ...]] = {
    "adapters/dynamodb_*": (java, npm_packages),
    "adapters/redis_*": (redis_server,),
    "web/sharing.py": (redis_server,),
    "web/worker*": (java, npm_packages, redis_server),
}
"""What can be measured only with which parts."""


def is_there(part: Callable[[], object]) -> bool:
    """Tell whether tests could use a part."""
    try:
        part()
    except (pytest.skip.Exception, pytest.fail.Exception):
        return False
    return True


def main() -> int:
    """Print both reports; return 1 when either is below its bound."""
    left_out = [files for files, parts in NEEDS.items() if not all(map(is_there, parts))]
    if left_out:
        print(f"left out, since what they need is missing: {', '.join(left_out)}")
    measured = Coverage()
    measured.load()
    print(f"coverage of the rules: {RULES_PERCENT_MIN:.0f} % is needed")
    rules = measured.report(include=RULES)
    print(f"coverage of everything: {ALL_PERCENT_MIN:.0f} % is needed")
    everything = measured.report(omit=left_out)
    return int(rules < RULES_PERCENT_MIN or everything < ALL_PERCENT_MIN)


if __name__ == "__main__":
    sys.exit(main())
