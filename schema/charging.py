"""Charging: the cost of an operation is known, told and paid before it runs."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any

from graphql import ExecutionResult, GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from resolvers.budgets import BudgetState
from schema.context import Context
from schema.limits import DocumentRefusedError
from schema.prepared_documents import Documents, Prepared

COST_LIMIT_EXCEEDED = "COST_LIMIT_EXCEEDED"

_SECOND = timedelta(seconds=1)


class Charging(SchemaExtension):
    """Makes the caller pay for each operation, and gives back what it didn't use.

    A caller without a purse isn't charged; the cost is told all the same.
    """

    def __init__(self, documents: Documents) -> None:
        super().__init__()
        self._documents = documents
        self._requested: int | None = None
        self._actual: int | None = None

    async def on_execute(self) -> AsyncIterator[None]:
        """Take the requested cost, run the operation unless only its price was asked, settle.

        Raises GraphQLError when the budget is too small, or the answer could be too large.
        """
        execution = self.execution_context
        context: Context = execution.context
        prepared = self._documents.prepared(execution.query or "", execution.validation_rules)
        try:
            requested = self._requested = self._documents.requested_cost(
                prepared, execution.operation_name, execution.variables
            )
        except DocumentRefusedError as refused:
            raise refused.errors[0] from None
        if context.is_cost_only:
            if execution.operation_type is OperationType.SUBSCRIPTION:
                raise _only_priced(requested)  # Strawberry would open it, result or not
            execution.result = ExecutionResult(data=None, errors=None)
            yield
            return
        if context.purse is not None:
            taken = await context.purse.pay(requested)
            if not taken.is_allowed:
                raise self._too_expensive(requested, context.purse.state, taken.retry_after)
            if execution.operation_type is OperationType.SUBSCRIPTION:
                plan = prepared.plan(execution.operation_name)
                context.purse.item_points = plan.item_points(execution.variables or {})
        yield
        self._settle(context, prepared, requested)

    def get_results(self) -> dict[str, Any]:
        """Return the cost for the answer's extensions."""
        if self._requested is None:
            return {}
        context: Context = self.execution_context.context
        cost: dict[str, Any] = {"requestedQueryCost": self._requested}
        if self._actual is not None:
            cost["actualQueryCost"] = self._actual
        if context.purse is not None:
            cost["throttleStatus"] = _status(context.purse.state)
        return {"cost": cost}

    def _settle(self, context: Context, prepared: Prepared, requested: int) -> None:
        result = self.execution_context.result
        if not isinstance(result, ExecutionResult):
            return  # a subscription is paid for once, when it begins
        plan = prepared.plan(self.execution_context.operation_name)
        self._actual = plan.actual(
            result.data,
            requested,
            self.execution_context.variables or {},
            rows_passed_over=context.request.rows_passed_over,
            failed=_failed_within(result.errors or ()),
        )
        if context.purse is not None:
            context.purse.settle(self._actual)

    def _too_expensive(
        self, requested: int, state: BudgetState, retry_after: timedelta | None
    ) -> GraphQLError:
        wait_s = None if retry_after is None else max(1, -(-retry_after // _SECOND))
        advice = (
            "It is more than the budget ever holds; ask for less."
            if wait_s is None
            else f"Try again in {wait_s} s."
        )
        return GraphQLError(
            f"The operation costs {requested} points; {state.currently_available} of "
            f"{state.maximum_available} are available. {advice}",
            extensions={
                "code": COST_LIMIT_EXCEEDED,
                "requestedQueryCost": requested,
                "retryAfterSeconds": wait_s,
            },
        )


def _only_priced(requested: int) -> GraphQLError:
    return GraphQLError(
        f"Only the price was asked for, so the subscription isn't opened. It costs {requested} "
        "points.",
        extensions={"code": "BAD_USER_INPUT", "requestedQueryCost": requested},
    )


def _failed_within(errors: Iterable[GraphQLError]) -> set[str]:
    """Return the root fields that began, and then failed somewhere within."""
    return {str(error.path[0]) for error in errors if error.path and len(error.path) > 1}


def _status(state: BudgetState) -> dict[str, int]:
    return {
        "maximumAvailable": state.maximum_available,
        "currentlyAvailable": state.currently_available,
        "restoreRate": state.restore_rate,
    }
