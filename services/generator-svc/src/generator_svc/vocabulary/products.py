"""Products: department, name, price range. All fields of one product agree with each other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from generator_svc.rows.texts import joined, take
from generator_svc.vocabulary.field_slice import FieldSlice

ENTITY = "product"

DEPARTMENTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("Electronics", ("Wireless", "Portable", "Smart", "Compact", "Noise-Cancelling", "Rechargeable"),
     ("Headphones", "Speaker", "Keyboard", "Webcam", "Monitor", "Power Bank", "Router", "Tablet Stand")),
    ("Home & Kitchen", ("Stainless Steel", "Ceramic", "Non-Stick", "Bamboo", "Insulated", "Cast Iron"),
     ("Frying Pan", "Kettle", "Travel Mug", "Cutting Board", "Saucepan", "Storage Jar", "Mixing Bowl", "Teapot")),
    ("Clothing", ("Cotton", "Slim-Fit", "Linen", "Merino", "Organic", "Relaxed"),
     ("Shirt", "Jacket", "Jeans", "Sweater", "Dress", "Hoodie", "Socks", "Scarf")),
    ("Sports & Outdoors", ("Lightweight", "Waterproof", "All-Terrain", "Padded", "Folding", "Reflective"),
     ("Backpack", "Yoga Mat", "Tent", "Water Bottle", "Bike Helmet", "Sleeping Bag", "Hiking Poles", "Headlamp")),
    ("Beauty", ("Unscented", "Hydrating", "Organic", "Gentle", "Vitamin", "Travel-Size"),
     ("Hand Cream", "Shampoo", "Face Serum", "Sunscreen", "Lip Balm", "Body Lotion", "Cleanser", "Hair Mask")),
    ("Toys & Games", ("Wooden", "Magnetic", "Classic", "Educational", "Plush", "Giant"),
     ("Building Blocks", "Puzzle", "Train Set", "Board Game", "Teddy Bear", "Kite", "Marble Run", "Card Game")),
    ("Garden", ("Weatherproof", "Galvanised", "Cordless", "Solar", "Heavy-Duty", "Self-Watering"),
     ("Planter", "Garden Hose", "Path Light", "Pruning Shears", "Rain Barrel", "Leaf Rake", "Trellis", "Bird Bath")),
    ("Tools", ("Professional", "Precision", "Hardened", "Adjustable", "Insulated", "Magnetic"),
     ("Drill", "Tape Measure", "Socket Set", "Spirit Level", "Hammer", "Tool Box", "Work Gloves", "Screwdriver Set")),
    ("Office", ("Recycled", "Hardcover", "Refillable", "Adjustable", "Quick-Dry", "A4"),
     ("Notebook", "Gel Pens", "Desk Lamp", "Ring Binder", "Stapler", "Whiteboard", "Document Tray", "Planner")),
    ("Grocery", ("Organic", "Whole Grain", "Roasted", "Fair Trade", "Low-Sugar", "Smoked"),
     ("Coffee Beans", "Granola", "Olive Oil", "Pasta", "Green Tea", "Almonds", "Honey", "Dark Chocolate")),
)  # fmt: skip
MATERIALS = ("Cotton", "Steel", "Wood", "Plastic", "Leather", "Glass", "Bamboo", "Aluminium", "Ceramic", "Rubber")
WAREHOUSES = (
    "Dallas TX", "Reno NV", "Columbus OH", "Allentown PA", "Atlanta GA", "Memphis TN", "Kansas City MO", "Ontario CA",
    "Tacoma WA", "Chicago IL", "Savannah GA", "Phoenix AZ",
)  # fmt: skip

_ADJECTIVES, _NOUNS = len(DEPARTMENTS[0][1]), len(DEPARTMENTS[0][2])
_DEPARTMENT = pa.array([name for name, _, _ in DEPARTMENTS])
_ADJECTIVE = pa.array([word for _, words, _ in DEPARTMENTS for word in words])
_NOUN = pa.array([word for _, _, words in DEPARTMENTS for word in words])


def department(field: FieldSlice) -> pa.Array:
    """The department that the product belongs to."""
    return take(_DEPARTMENT, _department(field.of_entity(ENTITY)))


def adjective(field: FieldSlice) -> pa.Array:
    """A property of products of the department."""
    product = field.of_entity(ENTITY)
    return take(_ADJECTIVE, _department(product) * _ADJECTIVES + product.below("adjective", _ADJECTIVES))


def noun(field: FieldSlice) -> pa.Array:
    """What it is."""
    product = field.of_entity(ENTITY)
    return take(_NOUN, _department(product) * _NOUNS + product.below("noun", _NOUNS))


def product_name(field: FieldSlice) -> pa.Array:
    """Property and thing."""
    return joined([adjective(field), noun(field)])


def description(field: FieldSlice) -> pa.Array:
    """A sentence about the product."""
    openings = pa.array(["A favourite of our customers", "Made to last", "New this season", "Tested in daily use"])
    opening = take(openings, field.below("opening", len(openings)))
    return joined([opening, ": the ", product_name(field), " from ", department(field), "."], "")


def warehouse(field: FieldSlice) -> pa.Array:
    """Site, aisle and bay."""
    site = take(pa.array(WAREHOUSES), field.below("site", len(WAREHOUSES)))
    bays = pa.array([f"{aisle}-{bay:02}" for aisle in "ABCDEFGHJKLM" for bay in range(1, 41)])
    return joined([site, take(bays, field.below("bay", len(bays)))])


def _department(product: FieldSlice) -> NDArray[np.int64]:
    return product.below("department", len(DEPARTMENTS))
