"""Catalog's own documents, and how they could have been changed."""

from services.catalog.app import read_documents
from services.catalog.domain.publishing import Document
from shared.contracts.policies import RegionPolicy

DOCUMENTS = read_documents()


def next_version(documents: list[Document]) -> list[Document]:
    """The documents with Panzhihua's policy in version 2 and another hotline."""
    return [with_hotline(d, version=2) if is_panzhihua(d) else d for d in documents]


def is_panzhihua(document: Document) -> bool:
    return isinstance(document, RegionPolicy) and document.region == "panzhihua"


def with_hotline(document: Document, version: int) -> Document:
    assert isinstance(document, RegionPolicy)
    hotline = document.hotline.model_copy(update={"v": "0812-0000000"})
    return document.model_copy(update={"version": version, "hotline": hotline})
