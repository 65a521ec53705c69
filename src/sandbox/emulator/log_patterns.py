"""Filter patterns of CloudWatch Logs: terms of plain text, and selectors of JSON.

CloudWatch Logs user guide, "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live
Tail". moto knows some of the terms, and lets everything else match. Patterns of space-delimited events ([a, b]) and
regular expressions (%a%) are not here.
"""

from __future__ import annotations

import fnmatch
import json
import operator
import re
from typing import Any, Callable, Dict, List, Tuple

Matches = Callable[[str], bool]
Test = Callable[[Any], bool]
MISSING = object()
"""Value of a selector that an event does not have."""

TERM = re.compile(r'\s*(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)+)"|(?P<word>\w+))(?=\s|$)', re.ASCII)
TOKEN = re.compile(
    r'\s*(?:(?P<selector>\$(?:\.[\w-]+|\[\d+\])+)|"(?P<text>(?:[^"\\]|\\.)*)"'
    r"|(?P<sign>&&|\|\||!=|<=|>=|[=<>()])|(?P<word>[\w*.+-]+))"
)
ORDER: Dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class InvalidPattern(ValueError):
    """The pattern is not of this syntax."""


def parse(pattern: str) -> Matches:
    """What the pattern lets pass. Raises InvalidPattern."""
    text = pattern.strip()
    if text.startswith(("[", "%")):
        raise NotImplementedError("This emulator has no space-delimited patterns and no regular expressions.")
    if text.startswith("{"):
        return _of_json(_Parser(text).parse())
    return _terms(text)


def _terms(text: str) -> Matches:
    """All plain terms, none with a minus; those with a question mark count only among themselves: one of them."""
    terms: Dict[str, List[str]] = {"": [], "-": [], "?": []}
    position = 0
    while position < len(text):
        found = TERM.match(text, position)
        if found is None:
            raise InvalidPattern(f"Invalid character(s) in term '{text[position:].split()[0]}'")
        phrase = re.sub(r"\\(.)", r"\1", found["phrase"]) if found["phrase"] else found["word"]
        terms[found["sign"]].append(phrase)
        position = found.end()
    if terms["?"] and not terms[""] and not terms["-"]:
        return lambda message: any(term in message for term in terms["?"])
    return lambda message: all(term in message for term in terms[""]) and not any(term in message for term in terms["-"])


def _of_json(test: Test) -> Matches:
    def matches(message: str) -> bool:
        try:
            return test(json.loads(message))
        except ValueError:
            return False

    return matches


class _Parser:
    """{ $.level = "error" && ($.code >= 500 || $.user NOT EXISTS) }"""

    def __init__(self, text: str) -> None:
        if not text.endswith("}"):
            raise InvalidPattern("If a filter pattern starts with '{' it must end with '}'")
        self._tokens: List[Tuple[str, str]] = []
        inner, position = text[1:-1].rstrip(), 0
        while position < len(inner):
            found = TOKEN.match(inner, position)
            if found is None or found.lastgroup is None:
                raise InvalidPattern("Invalid filter pattern")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()

    def parse(self) -> Test:
        test = self._any()
        if self._tokens:
            raise InvalidPattern("Invalid filter pattern")
        return test

    def _next(self) -> Tuple[str, str]:
        if not self._tokens:
            raise InvalidPattern("Invalid filter pattern")
        return self._tokens.pop(0)

    def _take(self, *words: str) -> bool:
        if self._tokens[: 1] and self._tokens[0][1] in words:
            self._tokens.pop(0)
            return True
        return False

    def _any(self) -> Test:
        tests = [self._all()]
        while self._take("||"):
            tests.append(self._all())
        return lambda event: any(test(event) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._take("&&"):
            tests.append(self._one())
        return lambda event: all(test(event) for test in tests)

    def _one(self) -> Test:
        if self._take("("):
            test = self._any()
            if not self._take(")"):
                raise InvalidPattern("Invalid filter pattern")
            return test
        kind, selector = self._next()
        if kind != "selector":
            raise InvalidPattern("Invalid filter pattern")
        if self._take("NOT"):
            if not self._take("EXISTS"):
                raise InvalidPattern("Invalid filter pattern")
            return lambda event: _select(event, selector) is MISSING
        if self._take("IS"):
            constants = {"TRUE": True, "FALSE": False, "NULL": None}
            _, word = self._next()
            if word not in constants:
                raise InvalidPattern("Invalid filter pattern")
            return lambda event: _select(event, selector) is constants[word]
        _, sign = self._next()
        kind, wanted = self._next()
        if kind not in ("text", "word"):
            raise InvalidPattern("Invalid filter pattern")
        return _comparison(selector, sign, wanted)


def _comparison(selector: str, sign: str, wanted: str) -> Test:
    if sign in ORDER:
        try:
            limit = float(wanted)
        except ValueError:
            raise InvalidPattern("Invalid filter pattern") from None
        return lambda event: _is_number(_select(event, selector)) and ORDER[sign](_select(event, selector), limit)
    if sign == "=":
        return lambda event: _equal(_select(event, selector), wanted)
    if sign == "!=":
        return lambda event: _select(event, selector) is not MISSING and not _equal(_select(event, selector), wanted)
    raise InvalidPattern("Invalid filter pattern")


def _equal(value: Any, wanted: str) -> bool:
    """A star in what is wanted stands for any text."""
    if _is_number(value):
        try:
            return bool(value == float(wanted))
        except ValueError:
            return False
    return isinstance(value, str) and fnmatch.fnmatchcase(value, wanted.replace("[", "[[]"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _select(event: Any, selector: str) -> Any:
    for name, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", selector):
        if name and isinstance(event, dict) and name in event:
            event = event[name]
        elif index and isinstance(event, list) and int(index) < len(event):
            event = event[int(index)]
        else:
            return MISSING
    return event
