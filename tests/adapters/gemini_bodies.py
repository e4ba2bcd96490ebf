"""Bodies as Gemini sends them."""

from typing import Any

GOOD = "Bitcoin is worth $5,000.00 of the total of $10,234.56."


def written(*texts: str, finish: str | None = "STOP", **more: Any) -> dict[str, Any]:
    """Return a whole response with one candidate."""
    candidate: dict[str, Any] = {
        "content": {"parts": [{"text": text} for text in texts], "role": "model"},
        "index": 0,
    }
    if finish is not None:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": 312,
            "candidatesTokenCount": 58,
            "totalTokenCount": 1021,
            "thoughtsTokenCount": 651,
        },
        "modelVersion": "gemini-test",
        "responseId": "q1-uaIzXLf6xkdUPx5G0gQQ",
    } | more


def stopped(finish: str) -> dict[str, Any]:
    """Return a response whose candidate has no content."""
    return {
        "candidates": [{"finishReason": finish, "index": 0}],
        "usageMetadata": {"promptTokenCount": 312, "totalTokenCount": 312},
        "modelVersion": "gemini-test",
    }


def blocked(reason: str = "PROHIBITED_CONTENT") -> dict[str, Any]:
    """Return a response without candidates."""
    return {
        "promptFeedback": {"blockReason": reason},
        "usageMetadata": {"promptTokenCount": 312, "totalTokenCount": 312},
        "modelVersion": "gemini-test",
    }


def error(code: int, status: str, message: str = "", *details: Any) -> dict[str, Any]:
    """Return an error as all of Google's APIs write it."""
    told: dict[str, Any] = {"code": code, "message": message, "status": status}
    return {"error": told | ({"details": list(details)} if details else {})}


def quota(delay: Any = "34.074824224s") -> dict[str, Any]:
    """Return the refusal of a call beyond a limit."""
    return error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.",
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [
                {
                    "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                    "quotaValue": "10",
                }
            ],
        },
        {"@type": "type.googleapis.com/google.rpc.Help", "links": []},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
    )


def names_the_key(key: str) -> dict[str, Any]:
    """Return a refusal whose message repeats the key, as Google's do for a disabled service."""
    return error(403, "PERMISSION_DENIED", f"Requests from consumer 'api_key:{key}' are blocked.")
