"""The one exception that people are meant to read."""


class VidferError(Exception):
    """A mistake that the user can mend.

    The message gives the value, the file and the remedy. Commands and recipes print it alone, without a
    traceback, and end with exit status 2 (see :func:`exit_on_user_error`).
    """
