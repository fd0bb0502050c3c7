"""What can go wrong between a pipeline and a Flink cluster, one class for each reason."""

from __future__ import annotations

__all__ = ["FlinkError", "GatewayRefusedError", "GatewayTimeoutError", "GatewayUnreachableError", "NotOnFlinkError"]


class FlinkError(Exception):
    """Base of all that goes wrong here."""


class NotOnFlinkError(FlinkError):
    """The pipeline says something that has no counterpart in Flink SQL."""


class GatewayUnreachableError(FlinkError):
    """Nobody answers at the gateway's address, or something that is not a SQL gateway."""


class GatewayTimeoutError(FlinkError):
    """The gateway did not finish in time; whether the statement had an effect is unknown."""


class GatewayRefusedError(FlinkError):
    """The gateway, or the cluster behind it, said no to a statement."""

    def __init__(self, statement: str, reason: str) -> None:
        """Keep the statement that was refused, and the reason in Flink's words."""
        super().__init__(reason)
        self.statement = statement
        self.reason = reason
