"""Record ids of Salesforce: 15 characters that mind their case, and 3 that repeat the case for those who do not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from shared.errors import Rejected

from generator_svc.rows.texts import fixed_width, symbols

KEY_PREFIXES: Mapping[str, str] = {
    "Account": "001", "Contact": "003", "User": "005", "Opportunity": "006", "Organization": "00D", "Lead": "00Q",
    "Group": "00G", "Queue": "00G", "UserRole": "00E", "Profile": "00e", "Task": "00T", "Event": "00U", "Case": "500",
    "Solution": "501", "Campaign": "701", "CampaignMember": "00v", "Contract": "800", "Order": "801",
    "OrderItem": "802", "Product2": "01t", "Pricebook2": "01s", "PricebookEntry": "01u", "OpportunityLineItem": "00k",
    "Quote": "0Q0", "QuoteLineItem": "0QL", "Asset": "02i", "Attachment": "00P", "Document": "015", "Note": "002",
    "ContentVersion": "068", "ContentDocument": "069", "ContentDocumentLink": "06A", "ContentFolder": "07H",
    "ContentWorkspace": "058", "RecordType": "012", "EmailTemplate": "00X", "EmailMessage": "02s", "Report": "00O",
    "Dashboard": "01Z", "Folder": "00l", "BusinessHours": "01m", "Entitlement": "550", "ServiceContract": "810",
    "ContractLineItem": "811", "WorkOrder": "0WO", "WorkOrderLineItem": "1WL", "ServiceAppointment": "08p",
    "CallCenter": "04v", "Individual": "0PK", "Partner": "00I", "OpportunityContactRole": "00K",
    "AccountContactRelation": "07k", "AccountContactRole": "02Z", "CaseComment": "00a", "FeedItem": "0D5",
    "CollaborationGroup": "0F9", "Network": "0DB", "Location": "131", "Knowledge__kav": "ka0", "Topic": "0TO",
    "ApexClass": "01p", "Territory2": "0MI", "DandBCompany": "06E", "MessagingSession": "0Mw",
    "LiveChatTranscript": "570",
    "OperatingHours": "0OH", "ServiceTerritory": "0Hh", "ServiceResource": "0Hn",
}  # fmt: skip
"""Key prefixes of standard objects, as Salesforce publishes them. A custom object's differs from org to org."""

_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
_CHECKS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)
_NUMBER = 9
SPACE = 62**_NUMBER
_POD = b"Kg0"


def ids_of(prefix: str, numbers: NDArray[np.uint64]) -> pa.Array:
    """18-character ids of an object with this key prefix."""
    out = np.empty((len(numbers), 18), dtype=np.uint8)
    out[:, :3] = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    out[:, 3:6] = np.frombuffer(_POD, dtype=np.uint8)
    out[:, 6:15] = symbols(numbers, _NUMBER, _ALPHABET)
    upper = (out[:, :15] >= ord("A")) & (out[:, :15] <= ord("Z"))
    for chunk in range(3):
        bits = upper[:, chunk * 5 : chunk * 5 + 5] @ np.array([1, 2, 4, 8, 16])
        out[:, 15 + chunk] = _CHECKS[bits]
    return fixed_width(out)


def with_checksum(record_id: str) -> str | None:
    """The 18-character form of a 15- or 18-character id; None where it is no id, or its checksum is wrong."""
    if len(record_id) not in (15, 18) or not record_id.isascii() or not record_id.isalnum():
        return None
    ending = ""
    for chunk in range(3):
        part = record_id[chunk * 5 : chunk * 5 + 5]
        ending += chr(_CHECKS[sum(1 << place for place, letter in enumerate(part) if letter.isupper())])
    whole = record_id[:15] + ending
    return whole if len(record_id) == 15 or record_id == whole else None


def read_ids(path: Path) -> tuple[str, ...]:
    """The ids of a file: one a line, or the `Id` column of a CSV, the first column else. Raises `Rejected`."""
    import csv

    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"{path} cannot be read as ids: {type(error).__name__}", category="validation") from None
    header = [name.strip().casefold() for name in rows[0]] if rows else []
    place = header.index("id") if "id" in header else 0
    given = [
        row[place].strip() for row in rows[1 if "id" in header else 0 :] if len(row) > place and row[place].strip()
    ]
    found = [with_checksum(one) for one in given]
    if not given or None in found:
        wrong = given[found.index(None)][:20] if given else "nothing"
        raise Rejected(f"{path} holds {wrong!r}, which is no record id", category="validation")
    return tuple(dict.fromkeys(one for one in found if one))
