"""The index as rows. Everything here can be deleted and made anew from the libraries.

Apart from ``Collection`` and ``Delta`` a row is never changed, and its key is a random number that is never used
again: whoever holds a copy under that key holds the truth, in whatever process or transaction.
"""

import secrets

from django.db import models

SEGMENT_BITS, PAGE_BITS = 38, 24


def segment_name() -> int:
    """Return a new random key of a segment; shifted by the bits of a page number it still fits 63 bits."""
    return secrets.randbits(SEGMENT_BITS)


def token() -> int:
    """Return a random mark of one change; thousands of them add up to less than 2**63."""
    return secrets.randbits(45)


class Collection(models.Model):
    """One library's index: the keys of the segments it consists of, the oldest first.

    What a later segment says of an owner replaces what earlier ones say, and deltas replace all segments.
    The first is the base: the frequencies all weights rest on were counted over it.
    """

    name = models.CharField(max_length=32, unique=True)
    segments = models.JSONField(default=list)
    merged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "kit_search_collection"

    def __str__(self) -> str:
        return self.name


class Segment(models.Model):
    """A set of items with their postings in pages; of no effect until a collection lists it.

    owners int64, weights and scales float32 : one per item, see ``zhiqiao_match.segment.Docs``.
    gone      : int64, ascending; people who have no items any more but may have some in earlier segments.
    firsts    : int64, the first gram of each page.     sizes : uint32, the bytes of each page.
    grams int64, frequencies int32, typical_length : of a base only, see ``zhiqiao_match.segment.Statistics``.
    touched_at: still being written then, or no longer needed since.
    """

    id = models.BigIntegerField(primary_key=True, default=segment_name)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    owners = models.BinaryField(default=bytes)
    weights = models.BinaryField(default=bytes)
    scales = models.BinaryField(default=bytes)
    gone = models.BinaryField(default=bytes)
    firsts = models.BinaryField(default=bytes)
    sizes = models.BinaryField(default=bytes)
    grams = models.BinaryField(default=bytes)
    frequencies = models.BinaryField(default=bytes)
    typical_length = models.FloatField(default=1.0)
    touched_at = models.DateTimeField()

    class Meta:
        db_table = "kit_search_segment"


class Page(models.Model):
    """A page of postings (``zhiqiao_match.blocks``); id = segment << 24 | number of the page."""

    id = models.BigIntegerField(primary_key=True)
    block = models.BinaryField()

    class Meta:
        db_table = "kit_search_page"


class Delta(models.Model):
    """What has become of one owner since the last merge: all her items, or none if ``packed`` is empty.

    token : new and random with every change, so that count and sum of all tokens tell whether anything has
    changed. Written in the transaction of the change.
    """

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+", db_index=False)
    owner = models.BigIntegerField()
    token = models.BigIntegerField()
    packed = models.BinaryField(default=bytes)

    class Meta:
        db_table = "kit_search_delta"
        constraints = (models.UniqueConstraint(fields=("collection", "owner"), name="search_delta_once"),)
        indexes = (models.Index(fields=("collection", "token"), name="search_delta_token"),)
