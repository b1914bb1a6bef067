"""Entry bytes, against the published vectors and an independent implementation of RFC 8785."""

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from evidence_api.ledger import disclosure
from evidence_api.ledger.entry import (
    MAX_BYTES,
    MAX_INTEGER,
    BadEntry,
    Entry,
    decode,
    encode,
    entry_hash,
    genesis,
    leaf_hash,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ledger-v1.json").read_text())
LOG = VECTORS["log"]


def fields_of(vector: dict[str, Any]) -> Entry:
    return Entry(**vector["fields"])


@pytest.mark.parametrize("vector", LOG, ids=lambda v: v["fields"]["action"])
def test_every_published_entry_has_the_published_bytes_and_hashes(vector: dict[str, Any]) -> None:
    body = encode(fields_of(vector))
    assert body == vector["bytes"].encode()
    assert entry_hash(body) == vector["entry_hash"]
    assert leaf_hash(body).hex() == vector["leaf_hash"]


@pytest.mark.parametrize("vector", LOG, ids=lambda v: v["fields"]["action"])
def test_every_published_entry_reads_back_as_its_fields(vector: dict[str, Any]) -> None:
    assert decode(vector["bytes"].encode()) == fields_of(vector)


def test_every_published_chain_begins_at_its_genesis_and_follows_on() -> None:
    last: dict[str, tuple[int, str]] = {}
    for vector in LOG:
        entry = fields_of(vector)
        seq, prev = last.get(entry.subject, (-1, genesis(VECTORS["origin"], entry.subject)))
        assert (entry.seq, entry.prev) == (seq + 1, prev)
        last[entry.subject] = (entry.seq, vector["entry_hash"])


def test_every_published_disclosure_opens_its_commitment() -> None:
    opened = 0
    for vector in LOG:
        for name, text in vector["disclosures"].items():
            assert disclosure.commit(text) == vector["fields"]["commitments"][name]
            disclosure.open_disclosure(text, name, vector["fields"]["commitments"][name])
            opened += 1
    assert opened > 0


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
KEY = st.text(st.characters(min_codepoint=1, max_codepoint=127), min_size=1, max_size=12)
FACT = st.none() | st.booleans() | TEXT | st.integers(-MAX_INTEGER, MAX_INTEGER)


def entry(**changes: Any) -> Entry:
    plain = fields_of(LOG[0])
    return Entry(**{**{name: getattr(plain, name) for name in plain.__slots__}, **changes})


@given(st.dictionaries(KEY, FACT, max_size=8))
def test_any_facts_give_the_same_bytes_as_another_implementation_of_the_canonical_form(data: dict[str, Any]) -> None:
    body = encode(entry(data=data))
    assert rfc8785.dumps(json.loads(body)) == body
    assert json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == body
    assert decode(body).data == json.loads(body)["data"]


def test_text_is_normalised_before_it_is_written() -> None:
    assert encode(entry(data={"a": "e\u0301"})) == encode(entry(data={"a": "\u00e9"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"a": 1.5}},
        {"data": {"a": MAX_INTEGER + 1}},
        {"data": {"a": {"b": 1}}},
        {"data": {"a": [1]}},
        {"data": {"é": 1}},
        {"seq": -1},
        {"seq": True},
        {"prev": "A" * 64},
        {"subject": "evidence:not-a-uuid"},
        {"action": "ingest"},
        {"auth": "guess"},
        {"recorded_at": "2026-03-01T00:03:07Z"},
        {"occurred_at": "2026-02-30T00:03:07.000000Z"},
        {"actor": "me"},
        {"commitments": {"a": "short"}},
        {"v": "entry/2"},
    ],
    ids=str,
)
def test_what_is_not_of_its_form_is_refused_when_written_and_when_read(changes: dict[str, Any]) -> None:
    with pytest.raises(BadEntry):
        encode(entry(**changes))
    fields = {**LOG[0]["fields"], **changes}
    with pytest.raises(BadEntry):
        decode(json.dumps(fields).encode())


def test_a_missing_or_an_added_member_is_refused() -> None:
    fields = dict(LOG[0]["fields"])
    with pytest.raises(BadEntry):
        decode(json.dumps({**fields, "more": 1}).encode())
    del fields["role"]
    with pytest.raises(BadEntry):
        decode(json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("canonical", "other"),
    [
        (b',"seq":0,', b', "seq":0,'),
        (b',"v":"entry/1"}', b',"v":"entry/1","v":"entry/1"}'),
        (b'"data":{"a":"x","b":1}', b'"data":{"a":"x","a":"x","b":1}'),
        (b'"data":{"a":"x","b":1}', b'"data":{"b":1,"a":"x"}'),
        (b'"data":{"a":"x"', b'"data":{"a":"\\u0078"'),
        (b'"data":{"a":"x"', '"data":{"a":"e\u0301"'.encode()),
        (b'"data":{"a":"x","b":1}', b'"data":{"a":"x","b":-0}'),
        (b'{"action":"test:note","actor":null', b'{"actor":null,"action":"test:note"'),
    ],
    ids=str,
)
def test_bytes_in_another_form_than_the_canonical_one_are_refused(canonical: bytes, other: bytes) -> None:
    body = encode(entry(action="test:note", actor=None, seq=0, data={"a": "x", "b": 1}))
    decode(body)
    assert canonical in body
    with pytest.raises(BadEntry):
        decode(body.replace(canonical, other))


def test_an_entry_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadEntry):
        encode(entry(data={"a": "x" * MAX_BYTES}))


@given(TEXT | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_a_disclosed_fact_comes_back_exactly_and_only_for_its_own_commitment(value: Any) -> None:
    text = disclosure.disclose("fact", value)
    assert disclosure.open_disclosure(text, "fact", disclosure.commit(text)) == value
    with pytest.raises(BadEntry):
        disclosure.open_disclosure(text, "other", disclosure.commit(text))
    again = disclosure.disclose("fact", value)
    assert again != text, "the salt makes two disclosures of one fact differ"
    with pytest.raises(BadEntry):
        disclosure.open_disclosure(again, "fact", disclosure.commit(text))
