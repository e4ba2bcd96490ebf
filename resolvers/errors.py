"""What a request itself can get wrong, outside of any mutation's own refusals."""


class BadInputError(Exception):
    """An argument breaks a rule; the message names it, what was found and what is allowed."""
