"""SOAP documents of eBay's, read without what makes XML dangerous.

Elements are told by their names without namespaces, in lower case: eBay writes both `ReturnId` and `OrderID`,
with its namespace and without. Nothing here takes more than one pass over a document.
"""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

_SOAP: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"
_BOM: Final = b"\xef\xbb\xbf"
_LARGEST: Final = 1024 * 1024  # bytes worth looking into; notifications have some ten thousand


def is_soap(body: bytes) -> bool:
    """Tell XML from JSON, which cannot begin with a `<`."""
    return body.removeprefix(_BOM).lstrip().startswith(b"<")


def document(body: bytes) -> Element | None:
    """Return the root of an XML document, None if it is none that is safe to read."""
    if len(body) > _LARGEST:
        return None
    try:
        root: Element = fromstring(body.removeprefix(_BOM).lstrip(), forbid_dtd=True)
    except (ParseError, ValueError, LookupError):  # the latter two for what is forbidden, and odd encodings
        return None
    return root


def header_of(root: Element) -> Element:
    """Return the SOAP header; an empty element where there is none."""
    header = root.find(f"{_SOAP}Header")
    return Element("header") if header is None else header


def content_of(root: Element) -> dict[str, str]:
    """Return the texts right below what the SOAP body holds, by their names; the first of a name counts.

    Of an id that is wrapped together with its type, it is the id.
    """
    content = root.find(f"{_SOAP}Body/*")
    texts: dict[str, str] = {}
    for element in () if content is None else content:
        wrapped = next((child for child in element if _name(child) == "id"), element)
        texts.setdefault(_name(element), "".join(wrapped.itertext()).strip())
    return texts


def elements_in(root: Element, name: str) -> Iterator[Element]:
    """Yield the elements of a name, at any depth."""
    return (element for element in root.iter() if _name(element) == name)


def texts_in(root: Element, name: str) -> Iterator[str]:
    """Yield the texts, where there are any, that stand right in the elements of a name, at any depth."""
    return filter(None, ((element.text or "").strip() for element in elements_in(root, name)))


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()
