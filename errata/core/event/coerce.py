"""Odd shapes → the typed structs: what old SDKs, other languages and broken clients send.

One walk over a struct's own type hints: what fits is taken as the fast decoder takes it, what can be read as the wanted
type is converted, and what can't is dropped with a note. So the two ways agree wherever both can go.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect

S = TypeVar("S", bound=msgspec.Struct)

NOTES_MAX = 100  # A payload that is odd everywhere needn't say so everywhere.

Adapt = Callable[[Any], Any]
_Read = Callable[[Any, str, list[str]], Any]

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


_DROPPED = object()


class _Unreadable(Exception):
    """The value can't be read as the wanted type."""


class Coercion(Generic[S]):
    """Reads parsed JSON as one kind of struct. `adapt` says, per struct, how its odd forms become its normal one."""

    def __init__(self, kind: type[S], adapt: Mapping[type, Adapt]) -> None:
        self._kind = kind
        self._adapt = adapt
        self._read = self._reader(inspect.type_info(kind))

    def __call__(self, tree: Any, notes: list[str]) -> S:
        """Read the tree, adding a note for each value that had to be dropped."""
        try:
            made: S = self._read(tree, "", notes)
        except _Unreadable:
            return self._kind()
        return made

    def _reader(self, kind: inspect.Type) -> _Read:
        match kind:
            case inspect.StructType():
                return self._struct(kind)
            case inspect.UnionType():
                return self._union(kind)
            case inspect.ListType(item_type=inspect.AnyType()):
                return _array
            case inspect.ListType():
                return _list_of(self._reader(kind.item_type))
            case inspect.DictType() | inspect.AnyType() | inspect.StrType() | inspect.BoolType():
                return _SIMPLE[type(kind)]
            case inspect.IntType() | inspect.FloatType():
                return _SIMPLE[type(kind)]
        msg = f"No rule reads {kind} from JSON."
        raise TypeError(msg)

    def _struct(self, kind: inspect.StructType) -> _Read:
        make = kind.cls
        adapt = self._adapt.get(make)
        fields = [(field.encode_name, field.name, self._reader(field.type)) for field in kind.fields]

        def read(value: Any, path: str, notes: list[str]) -> Any:
            if adapt is not None:
                value = adapt(value)
            if not isinstance(value, dict):
                raise _Unreadable
            found: dict[str, Any] = {}
            for key, name, read_field in fields:
                if (raw := value.get(key)) is not None:
                    made = _attempt(read_field, raw, f"{path}{key}", notes)
                    if made is not _DROPPED:
                        found[name] = made
            return make(**found)

        return read

    def _union(self, kind: inspect.UnionType) -> _Read:
        members = [(_NATIVE[type(member)], self._reader(member)) for member in kind.types if type(member) in _NATIVE]
        if len(members) == 1:
            return members[0][1]

        def read(value: Any, path: str, notes: list[str]) -> Any:
            fitting = [reader for native, reader in members if type(value) in native]
            for reader in fitting or [reader for _, reader in members]:
                try:
                    return reader(value, path, notes)
                except _Unreadable:
                    continue
            raise _Unreadable

        return read


def _attempt(read: _Read, raw: Any, path: str, notes: list[str]) -> Any:
    try:
        return read(raw, f"{path}.", notes)
    except _Unreadable:
        if len(notes) < NOTES_MAX:
            notes.append(f"{path}: {_name(raw)} can't be read here; it was left out.")
        return _DROPPED


def _list_of(read: _Read) -> _Read:
    def read_list(value: Any, path: str, notes: list[str]) -> Any:
        if not isinstance(value, list | dict):
            raise _Unreadable
        made: list[Any] = []
        # An object: one where several were expected.
        for number, element in enumerate([value] if isinstance(value, dict) else value):
            if element is not None and (read_it := _attempt(read, element, f"{path}{number}", notes)) is not _DROPPED:
                made.append(read_it)
        return made

    return read_list


def clean(text: str) -> str:
    """Replace lone surrogates, which no encoding can carry."""
    return text if text.isascii() else _LONE_SURROGATES.sub("\ufffd", text)


def _text(value: Any, _path: str, _notes: list[str]) -> str:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _integer(value: Any, _path: str, _notes: list[str]) -> int:
    if isinstance(value, bool):
        raise _Unreadable
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,18}\s*", value):
        return int(value)
    raise _Unreadable


def _number(value: Any, _path: str, _notes: list[str]) -> float:
    if isinstance(value, bool):
        raise _Unreadable
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise _Unreadable from None


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def _boolean(value: Any, _path: str, _notes: list[str]) -> bool:
    if isinstance(value, bool):
        return value
    found = _BOOLEANS.get(str(value).strip().lower())
    if found is None:
        raise _Unreadable
    return found


def _object(value: Any, path: str, notes: list[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Unreadable
    read: dict[str, Any] = _anything(value, path, notes)
    return read


def _array(value: Any, path: str, notes: list[str]) -> list[Any]:
    if not isinstance(value, list):
        raise _Unreadable
    read: list[Any] = _anything(value, path, notes)
    return read


def _anything(value: Any, path: str, notes: list[str]) -> Any:
    match value:
        case str():
            return clean(value)
        case list():
            return [_anything(element, path, notes) for element in value]
        case dict():
            return {clean(key): _anything(element, path, notes) for key, element in value.items()}
    return value


_SIMPLE: dict[type, _Read] = {
    inspect.StrType: _text,
    inspect.IntType: _integer,
    inspect.FloatType: _number,
    inspect.BoolType: _boolean,
    inspect.DictType: _object,
    inspect.AnyType: _anything,
}

# What a strict decoder takes for each. The order within a union is the struct's own.
_NATIVE: dict[type, tuple[type, ...]] = {
    inspect.StrType: (str,),
    inspect.IntType: (int,),
    inspect.FloatType: (float,),
    inspect.BoolType: (bool,),
    inspect.DictType: (dict,),
    inspect.StructType: (dict,),
    inspect.ListType: (list,),
    inspect.AnyType: (),
}

_NAMES = {str: "a text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}


def _name(value: Any) -> str:
    return _NAMES.get(type(value), "this value")
