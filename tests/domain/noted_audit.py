"""An audit trail that tests can read."""

from domain.ports.audit_trail import AuditEvent


class NotedAudit:
    """An AuditTrail in memory."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)
