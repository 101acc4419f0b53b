"""Rules of the resources, each stated once: as CEL for the API server and as Python for the operator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

VALIDATIONS = "x-kubernetes-validations"


@dataclass(frozen=True, slots=True)
class Check:
    """One rule on a field (as `Annotated` metadata) or on a model (in its `checks`).

    The CEL in `rule` and the Python in `holds` decide the same; the second one guards what reached the
    operator past the API server, such as a manifest that the command line reads or an older stored object.
    """

    rule: str
    """CEL over `self`, with camelCase fields."""
    message: str
    """What the user has to write, in the imperative."""
    holds: Callable[[Any], bool] | None = None
    """The same over the Python value; None for a transition rule: only the API server knows the old value."""
    field: str = ""
    """For a rule on a model: the camelCase field at fault."""
    message_expression: str = ""
    """CEL that makes a more exact message; `message` stands where it fails."""

    def to_validation(self) -> dict[str, str]:
        """This rule as an entry of `x-kubernetes-validations`."""
        entry = {"rule": self.rule, "message": self.message}
        if self.message_expression:
            entry["messageExpression"] = self.message_expression
        if self.field:
            entry["fieldPath"] = f".{self.field}"
        return entry

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if self.holds is None:
            return schema
        return core_schema.no_info_after_validator_function(self._checked, schema)

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core)
        schema[VALIDATIONS] = [*schema.get(VALIDATIONS, ()), self.to_validation()]
        return schema

    def _checked(self, value: Any) -> Any:
        require((self,), value)
        return value


def require(checks: Iterable[Check], value: Any) -> None:
    """Raise one pydantic error that lists every check that `value` fails, as `faults` in its context."""
    faults = [(check.field, check.message) for check in checks if check.holds and not check.holds(value)]
    if faults:
        text = "; ".join(message for _, message in faults)
        raise PydanticCustomError("check", "{text}", {"text": text, "faults": faults})


def matching(pattern: str, message: str) -> Check:
    """A check that a string matches all of `pattern`, in the syntax that RE2 and Python share.

    Not the schema's own `pattern`: the API server would answer with the regular expression only.
    """
    compiled = re.compile(pattern)
    return Check(
        rule=f"self.matches({whole(pattern)})",
        message=message,
        holds=lambda text: compiled.fullmatch(text) is not None,
    )


def whole(pattern: str) -> str:
    """The CEL literal of a regular expression that matches all of a text as `pattern`."""
    quote = '"' if "'" in pattern else "'"
    return f"r{quote}^(?:{pattern})${quote}"
