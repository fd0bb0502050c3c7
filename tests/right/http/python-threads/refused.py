"""A request that is not served."""


class Refused(Exception):
    """What has come is answered with an error, and then the connection is closed."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status
        self.why = why
