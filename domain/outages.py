"""What went wrong outside, or between processes: nothing that a user can mend, and no refusal."""


class OutageError(Exception):
    """A dependency can't answer now; nothing happened, and trying again later is safe."""


class OutcomeUnknownError(Exception):
    """Whether the change was made could not be found out in time: ask again with the same key."""


class OvertakenError(Exception):
    """Nothing was written: somebody else was quicker."""


class DamagedStoreError(Exception):
    """What is stored contradicts itself: no try can succeed before it is mended."""
