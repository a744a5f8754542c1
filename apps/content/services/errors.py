"""What can be asked of the content that is not there; all of it is answered by showing where the person is."""


class NotThere(LookupError):
    """There is no such thing, or it is not this person's, or they are past it: show them where they are."""
