"""Remembers what moto 5.2.5 works out anew for each call and for each member of each answer, although it never changes.

That is half of an emulator's processor time. Answers stay the same, byte for byte; `requirements.txt` pins moto.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, Iterator, List, Tuple
from xml.sax.saxutils import escape, quoteattr

from botocore.model import Shape
from moto.core import errors, responses, serialize, utils
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

KEYS = "keys_by_type"
"""Attribute of a shape: (type of the object, member name) -> names under which moto may hold the member's value."""
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def install() -> None:
    responses.method_names_from_class = lru_cache(maxsize=None)(utils.method_names_from_class)
    # Made anew it has an empty cache of each service's errors.
    errors.ErrorLookupFactory = lru_cache(maxsize=None)(errors.ErrorLookupFactory)
    TaggedEC2Resource.get_tags = tags_of
    serialize.ResponseSerializer.get_value = value_of
    for serializer in (serialize.EC2Serializer, serialize.S3Serializer):
        serializer._serialize_body = lambda _self, body: document(body, short_empty=True)
    serialize.RestXMLSerializer._serialize_body = lambda _self, body: document(body, short_empty=False)
    serialize.BaseXMLSerializer._serialize_body = lambda _self, body: "".join(_root(body, short_empty=True))


def tags_of(thing: TaggedEC2Resource) -> List[Dict[str, str]]:
    """TaggedEC2Resource.get_tags, which looks through the tags of all things for those of one."""
    tags = thing.ec2_backend.tags.get(thing.id) or {}
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(thing.id), "") if tags else ""
    return [
        {"resource_id": thing.id, "key": key, "value": value, "resource_type": kind} for key, value in tags.items()
    ]


def value_of(serializer: serialize.ResponseSerializer, holder: Any, key: str, shape: Shape) -> Any:
    """The member `key` of `holder`, a dict or an object of moto's, or None: ResponseSerializer.get_value."""
    picker = serializer._value_picker
    plain = type(holder) is dict
    for name in _keys(picker, type(holder), holder, key, shape):
        value = holder.get(name, utils.MISSING) if plain else utils.get_value(holder, name, utils.MISSING)
        if value is not utils.MISSING:
            break
    else:
        value = None
    if picker.response_transformers:
        path = ".".join((*serializer.path, key))
        for ending, transform in picker.response_transformers.items():
            if path.endswith(ending):
                return transform(value)
    return value


def _keys(picker: serialize.AttributePicker, holder_type: type, holder: Any, key: str, shape: Shape) -> Tuple[str, ...]:
    known: Dict[Tuple[type, str], Tuple[str, ...]] = shape.__dict__.setdefault(KEYS, {})
    names = known.get((holder_type, key))
    if names is None:
        context = serialize.AttributePickerContext(obj=holder, key=key, shape=shape)
        names = known[(holder_type, key)] = tuple(dict.fromkeys(picker.get_possible_keys(context)))
    return names


def document(root: Dict[str, Any], short_empty: bool) -> str:
    """The XML of one root element as xmltodict.unparse writes it: "@name" is an attribute, "#text" the text."""
    return DECLARATION + "".join(_root(root, short_empty))


def _root(root: Dict[str, Any], short_empty: bool) -> Iterator[str]:
    for name, value in root.items():
        yield from _element(name, value, short_empty)


def _element(name: str, value: Any, short_empty: bool) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _element(name, item, short_empty)
        return
    if isinstance(value, dict):
        attributes = "".join(f" {key[1:]}={quoteattr(_text(one))}" for key, one in value.items() if key[0] == "@")
        children = [part for key, one in value.items() if key[0] not in "@#" for part in _element(key, one, short_empty)]
        content = "".join(children) + escape(_text(value.get("#text")))
    else:
        attributes, content = "", escape(_text(value))
    yield f"<{name}{attributes}/>" if short_empty and not content else f"<{name}{attributes}>{content}</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)
