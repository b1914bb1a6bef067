"""Sentences for people that can be said in another language later: English, with their parts remembered."""

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any


class Term(str):
    """A name of the program's own, such as an action. To a program it is the name, to a person its label."""


Value = str | int | Sequence[str]
"""What stands in a sentence: a number, a text, a member of an enum, a `Term`, or several of them."""


class Sentence(str):
    """The English sentence. `template` and `values` are what it was made of, for whoever says it in another language.

    A sentence is never shown to others than its reader: its values may be what she sent.
    """

    template: str
    values: Mapping[str, Value]


class Template(str):
    """A sentence with places left open, for libraries that fill them in with `format`."""

    def format(self, *_args: object, **values: Any) -> "Sentence | Template":
        """The sentence; or this again, where a value is not known yet."""
        return sentence(self, **values) if fields(self) <= values.keys() else self


def sentence(template: str, **values: Value) -> Sentence:
    """The sentence, in English. Raises KeyError for a value that the template names and that is not given."""
    used = {name: values[name] for name in fields(template)}
    made = Sentence(str.format(template, **{name: plain(value) for name, value in used.items()}))
    made.template = str(template)
    made.values = used
    return made


def fields(template: str) -> set[str]:
    """The names of the places that the template leaves open."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def plain(value: Value) -> str:
    """The value as a program knows it."""
    return str(value) if isinstance(value, str | int) else ", ".join(map(str, value))
