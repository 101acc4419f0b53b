"""How lists merge and what may not occur twice in them, for the API server and for the operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_snake
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True, slots=True)
class ListType:
    """`Annotated` metadata of a list: its `x-kubernetes-list-type`, and for `map` the camelCase key field.

    Server-side apply merges the members of a set and a map, and takes an atomic list as a whole.
    """

    name: str
    key: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if self.name == "atomic":
            return schema
        return core_schema.no_info_after_validator_function(self._without_duplicates, schema)

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        keywords: dict[str, Any] = {"x-kubernetes-list-type": self.name}
        if self.key:
            keywords["x-kubernetes-list-map-keys"] = [self.key]
        return handler(core) | keywords

    def _without_duplicates(self, members: tuple[Any, ...]) -> tuple[Any, ...]:
        seen = set()
        for member in members:
            identity = getattr(member, to_snake(self.key)) if self.key else member
            if identity in seen:
                raise PydanticCustomError(
                    "duplicate", "{member} stands twice: remove one", {"member": str(identity)}
                )
            seen.add(identity)
        return members


ATOMIC = ListType("atomic")
"""One writer owns the whole list, or its order counts."""
SET = ListType("set")
"""No member twice; the order means nothing."""


def map_by(key: str) -> ListType:
    """A list of objects in which no two have the same `key`, a camelCase field."""
    return ListType("map", key)
