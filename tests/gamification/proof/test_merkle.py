"""Merkle trees: the values of RFC 6962, and that no two ledgers share a root."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from apps.gamification.proof import merkle
from apps.gamification.proof.checkpoints import Checkpoint, NotACheckpoint, as_line, from_line


def split_root(leaves: list[bytes]) -> bytes:
    """Return the root as RFC 6962 defines it, split at the largest power of two below the number of leaves."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + split_root(leaves[:half]) + split_root(leaves[half:])).digest()


def test_of_nothing_it_is_the_hash_of_nothing() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_leaf_is_hashed_under_its_own_prefix() -> None:
    assert merkle.leaf("").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@given(st.integers(1, 200))
def test_it_is_the_tree_of_the_rfc(size: int) -> None:
    leaves = [merkle.leaf(str(number)) for number in range(size)]
    assert merkle.root(leaves) == split_root(leaves)


@given(st.lists(st.text(), max_size=20), st.lists(st.text(), max_size=20))
def test_other_leaves_have_another_root(one: list[str], other: list[str]) -> None:
    same = merkle.root([merkle.leaf(t) for t in one]) == merkle.root([merkle.leaf(t) for t in other])
    assert same == (one == other)


digests = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, (1 << 63) - 1)
checkpoints = st.builds(
    Checkpoint,
    number=numbers,
    previous=digests,
    after_id=numbers,
    last_id=numbers,
    entries=numbers,
    total=numbers,
    accounts=numbers,
    entries_root=digests,
    heads_root=digests,
    sealed_at=numbers,
    resumes=st.none() | numbers,
    key_id=st.text("abcXYZ09_-", min_size=1),
    signature=st.binary(min_size=64, max_size=64),
)


@given(checkpoints)
def test_a_line_is_read_as_it_was_written(checkpoint: Checkpoint) -> None:
    assert from_line(as_line(checkpoint)) == checkpoint


@given(checkpoints, checkpoints)
def test_other_checkpoints_have_another_hash(one: Checkpoint, other: Checkpoint) -> None:
    assert (one.hash == other.hash) == (one.text == other.text)


@given(st.binary(max_size=200))
def test_what_is_no_line_is_refused(line: bytes) -> None:
    try:
        from_line(line)
    except NotACheckpoint:
        return
    raise AssertionError(line)
