"""Ten made-up payers, each with one plan, its offices and how a request reaches it."""

from __future__ import annotations

from typing import NamedTuple


class Payer(NamedTuple):
    """A payer; telephone and fax from the range reserved for fiction, web under a reserved domain."""

    name: str
    plan: str
    prefix: str
    """Of member ids."""
    city: str
    """City, state and ZIP of the appeals office."""
    methods: tuple[str, ...]
    """Ways to submit a request, the preferred one first."""
    area_code: str


PAYERS: tuple[Payer, ...] = (
    Payer("Aldergrove Health", "Aldergrove Choice PPO", "ALD",
          "Portland, OR 97209", ("portal", "fax", "phone"), "503"),
    Payer("Bluemesa Insurance", "Bluemesa Advantage HMO", "BLM",
          "Phoenix, AZ 85003", ("fax", "phone", "mail"), "602"),
    Payer("Cedarline Mutual", "Cedarline Select PPO", "CED",
          "Minneapolis, MN 55401", ("portal", "phone"), "612"),
    Payer("Dunmore Care", "Dunmore Essential EPO", "DUN",
          "Pittsburgh, PA 15219", ("fax", "mail"), "412"),
    Payer("Eastharbor Health", "Eastharbor Gold HMO", "EAS",
          "Baltimore, MD 21201", ("portal", "fax", "mail"), "410"),
    Payer("Fairmont Benefit", "Fairmont Premier PPO", "FAI",
          "Nashville, TN 37210", ("phone", "fax"), "615"),
    Payer("Granite State Assurance", "Granite Balance HMO", "GRA",
          "Manchester, NH 03101", ("portal", "fax"), "603"),
    Payer("Harborpoint Health", "Harborpoint Complete PPO", "HAR",
          "Seattle, WA 98101", ("portal", "phone", "mail"), "206"),
    Payer("Ironwood Medical Plan", "Ironwood Secure POS", "IRO",
          "Detroit, MI 48226", ("fax", "portal"), "313"),
    Payer("Juniper Valley Health", "Juniper Silver EPO", "JUN",
          "Denver, CO 80202", ("portal", "fax", "phone", "mail"), "303"),
)  # fmt: skip


def slug(text: str) -> str:
    """A name as part of a file name or an address."""
    return text.lower().replace(" ", "_")
