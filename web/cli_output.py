"""What commands say to whoever runs them, beside their output."""

import os
import sys

DONE = 0
FOUND = 1
NOT_DONE = 2
INTERRUPTED = 130


def complain(*sentences: str) -> int:
    """Say why something could not be done, and return the exit code for it."""
    for sentence in sentences:
        tell(f"cnop: {sentence.rstrip('.')}.")
    return NOT_DONE


def tell(line: str) -> None:
    """Write a line to stderr."""
    print(line, file=sys.stderr, flush=True)


def end_quietly() -> int:
    """End after whoever read the output has gone; Python would complain once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return NOT_DONE
