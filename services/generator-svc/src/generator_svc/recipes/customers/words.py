"""Vocabulary of the customers recipe. A change of any entry or its order changes rows: raise the recipe's version."""

from __future__ import annotations

FIRST_NAMES: tuple[str, ...] = (
    "James", "Mary", "Robert", "Patricia", "John", "Jennifer", "Michael", "Linda", "David", "Elizabeth", "William",
    "Barbara", "Richard", "Susan", "Joseph", "Jessica", "Thomas", "Sarah", "Carlos", "Karen", "Daniel", "Lisa",
    "Matthew", "Nancy", "Anthony", "Sandra", "Omar", "Ashley", "Steven", "Emily", "Andrew", "Priya", "Paul", "Michelle",
    "Joshua", "Amanda", "Kenneth", "Melissa", "Kevin", "Deborah", "Brian", "Stephanie", "Wei", "Rebecca", "Timothy",
    "Sofia", "Ronald", "Laura", "Jason", "Helen", "Edward", "Amara", "Jeffrey", "Cynthia", "Ryan", "Kathleen", "Hiro",
    "Amy", "Gary", "Angela", "Luis", "Anna", "Nicholas", "Fatima",
)  # fmt: skip

LAST_NAMES: tuple[str, ...] = (
    "Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez", "Hernandez",
    "Lopez", "Gonzalez", "Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin", "Lee", "Perez",
    "Thompson", "White", "Harris", "Sanchez", "Clark", "Ramirez", "Lewis", "Robinson", "Walker", "Young", "Allen",
    "King", "Wright", "Scott", "Torres", "Nguyen", "Hill", "Flores", "Green", "Adams", "Nelson", "Baker", "Hall",
    "Rivera", "Campbell", "Mitchell", "Carter", "Roberts", "Patel", "Kim", "Chen", "Khan", "Singh", "Cohen", "Murphy",
    "Meyer", "Rossi", "Silva", "Novak", "Haddad", "Okafor", "Tanaka",
)  # fmt: skip

CITIES: tuple[tuple[str, str], ...] = (
    ("New York", "NY"), ("Los Angeles", "CA"), ("Chicago", "IL"), ("Houston", "TX"), ("Phoenix", "AZ"),
    ("Philadelphia", "PA"), ("San Antonio", "TX"), ("San Diego", "CA"), ("Dallas", "TX"), ("Austin", "TX"),
    ("Jacksonville", "FL"), ("Columbus", "OH"), ("Charlotte", "NC"), ("Indianapolis", "IN"), ("Seattle", "WA"),
    ("Denver", "CO"), ("Boston", "MA"), ("Nashville", "TN"), ("Portland", "OR"), ("Las Vegas", "NV"),
    ("Baltimore", "MD"), ("Milwaukee", "WI"), ("Albuquerque", "NM"), ("Tucson", "AZ"), ("Sacramento", "CA"),
    ("Kansas City", "MO"), ("Atlanta", "GA"), ("Omaha", "NE"), ("Raleigh", "NC"), ("Miami", "FL"),
    ("Minneapolis", "MN"), ("New Orleans", "LA"),
)  # fmt: skip

FAVOURITES: tuple[str, ...] = (
    "Electronics", "Home & Kitchen", "Garden", "Toys & Games", "Fashion", "Sports & Outdoors", "Health & Beauty",
    "Books",
)  # fmt: skip

DOMAINS: tuple[str, ...] = ("example.com", "example.org", "example.net")
"""Reserved by RFC 2606: no mail to them reaches anybody (S2-83)."""

KEYWORDS: dict[str, float] = {
    "customer": 3, "client": 2, "shopper": 2, "buyer": 2, "purchas": 2, "order": 2, "commerce": 1.5, "email": 1,
    "name": 0.5, "spend": 1, "spent": 1, "history": 0.5, "loyal": 1, "user": 1, "amount": 0.5,
}  # fmt: skip
