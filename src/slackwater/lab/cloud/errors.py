"""What the lab's cloud refuses, with AWS's own codes."""

from __future__ import annotations


class AwsError(Exception):
    """One refusal; the front writes it in the service's own protocol."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def invalid(message: str) -> AwsError:
    """Auto Scaling's and ELBv2's word for whatever is wrong with a request."""
    return AwsError("ValidationError", message)
