"""The audit trail as a log of its own: `cnop.audit`."""

import logging

from domain.ports.audit_trail import AuditEvent

LOGGER = "cnop.audit"

_LOG = logging.getLogger(LOGGER)


class AuditLog:
    """The AuditTrail that logs each event at INFO, whatever the level of other logs.

    The event's fields are attributes of the record, and `audit` is true.
    """

    def record(self, event: AuditEvent) -> None:
        """See AuditTrail."""
        fields = {
            "action": event.action.value,
            "user": event.user_id or None,
            "session": event.session_id,
            "account": event.account_id,
            "version": event.version,
            "kind": event.kind,
            "reason": event.reason and event.reason.value,
        }
        known = {name: value for name, value in fields.items() if value is not None}
        _LOG.info("Audit: %s", event.action.value, extra={"audit": True, **known})
