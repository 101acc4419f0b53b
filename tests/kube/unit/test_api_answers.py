"""What the API server's answers mean: that an object is gone is believed only where one is named."""

from __future__ import annotations

import pytest

from mailseal.kube.api import ApiError, Conflict, NotFound, _failure

GONE = '{"kind": "Status", "reason": "NotFound", "details": {"name": "zorg"}, "code": 404}'
NOT_SERVED = '{"kind": "Status", "reason": "NotFound", "details": {}, "code": 404}'


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (404, GONE, NotFound),
        (404, GONE.encode(), NotFound),
        (404, NOT_SERVED, ApiError),
        (404, "404 page not found\n", ApiError),
        (404, "", ApiError),
        (404, None, ApiError),
        (404, "[]", ApiError),
        (409, "", Conflict),
        (503, GONE, ApiError),
    ],
)
def test_only_an_answer_that_names_an_object_says_that_it_is_gone(
    status: int, content: str | bytes | None, kind: type[ApiError]
) -> None:
    assert type(_failure("/path", status, "reason", content)) is kind
