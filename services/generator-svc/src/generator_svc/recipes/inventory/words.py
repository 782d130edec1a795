"""Vocabulary of the inventory recipe. A change of any entry or its order changes rows: raise the recipe's version."""

from __future__ import annotations

from typing import NamedTuple


class Category(NamedTuple):
    """A product category; nouns with their price range in whole dollars."""

    name: str
    code: str
    adjectives: tuple[str, ...]
    nouns: tuple[tuple[str, int, int], ...]


CATEGORIES: tuple[Category, ...] = (
    Category(
        "Electronics",
        "ELC",
        ("Wireless", "Compact", "Noise-Cancelling", "Portable", "Smart", "Ultra-Slim", "Rechargeable", "Bluetooth"),
        (("Headphones", 29, 349), ("Speaker", 19, 299), ("Keyboard", 24, 179), ("Mouse", 12, 99), ("Webcam", 25, 149),
         ("Power Bank", 15, 89), ("Monitor", 119, 699), ("Router", 39, 249)),
    ),
    Category(
        "Home & Kitchen",
        "HOM",
        ("Stainless Steel", "Ceramic", "Non-Stick", "Insulated", "Bamboo", "Cast Iron", "Glass", "Stackable"),
        (("Frying Pan", 18, 119), ("Mixing Bowl", 9, 49), ("Storage Jar", 6, 29), ("Kettle", 22, 129),
         ("Cutting Board", 11, 59), ("Travel Mug", 12, 39), ("Saucepan", 19, 109), ("Baking Dish", 14, 69)),
    ),
    Category(
        "Garden",
        "GRD",
        ("Weatherproof", "Galvanised", "Long-Handled", "Solar", "Folding", "Heavy-Duty", "Self-Watering", "Cordless"),
        (("Pruning Shears", 13, 59), ("Planter", 8, 79), ("Garden Hose", 19, 89), ("Path Light", 9, 49),
         ("Wheelbarrow", 59, 189), ("Hedge Trimmer", 45, 229), ("Rain Barrel", 69, 179), ("Leaf Rake", 12, 39)),
    ),
    Category(
        "Toys & Games",
        "TOY",
        ("Wooden", "Magnetic", "Glow-in-the-Dark", "Classic", "Plush", "Educational", "Miniature", "Giant"),
        (("Building Blocks", 14, 89), ("Puzzle", 9, 39), ("Train Set", 29, 159), ("Board Game", 17, 69),
         ("Teddy Bear", 12, 59), ("Kite", 10, 45), ("Dollhouse", 49, 199), ("Marble Run", 19, 79)),
    ),
    Category(
        "Office Supplies",
        "OFF",
        ("Recycled", "Refillable", "A4", "Hardcover", "Magnetic", "Adjustable", "Quick-Dry", "Colour-Coded"),
        (("Notebook", 4, 24), ("Gel Pens", 3, 19), ("Desk Organiser", 11, 49), ("Sticky Notes", 2, 12),
         ("Ring Binder", 4, 18), ("Whiteboard", 22, 149), ("Stapler", 7, 34), ("Document Tray", 8, 39)),
    ),
    Category(
        "Sports & Outdoors",
        "SPO",
        ("Lightweight", "Waterproof", "Breathable", "Compact", "All-Terrain", "Quick-Release", "Padded", "Reflective"),
        (("Backpack", 29, 189), ("Yoga Mat", 15, 79), ("Camping Tent", 79, 449), ("Water Bottle", 9, 39),
         ("Bike Helmet", 25, 149), ("Hiking Poles", 24, 119), ("Sleeping Bag", 39, 219), ("Resistance Bands", 8, 35)),
    ),
    Category(
        "Health & Beauty",
        "HBY",
        ("Unscented", "Hydrating", "Organic", "Travel-Size", "Gentle", "Vitamin-Enriched", "Daily", "Hypoallergenic"),
        (("Hand Cream", 4, 24), ("Shampoo", 5, 29), ("Face Serum", 12, 69), ("Sunscreen", 7, 34), ("Lip Balm", 2, 12),
         ("Bath Towel", 9, 39), ("Body Lotion", 6, 32), ("Hair Brush", 6, 28)),
    ),
    Category(
        "Tools & Hardware",
        "TLS",
        ("Professional", "Magnetic", "Insulated", "Cordless", "Precision", "Hardened", "Compact", "Adjustable"),
        (("Screwdriver Set", 14, 79), ("Drill", 49, 249), ("Tape Measure", 6, 29), ("Socket Set", 24, 149),
         ("Spirit Level", 9, 49), ("Claw Hammer", 12, 45), ("Work Gloves", 5, 25), ("Tool Box", 19, 119)),
    ),
)  # fmt: skip

VARIANTS: tuple[str, ...] = (
    "Black", "White", "Navy", "Forest Green", "Slate Grey", "Red", "Sand", "Teal", "Series 2", "Series 3", "Plus",
    "Pro", "Lite", "Classic", "XL", "Set of 2",
)  # fmt: skip

WAREHOUSES: tuple[str, ...] = (
    "Dallas TX", "Reno NV", "Columbus OH", "Allentown PA", "Atlanta GA", "Memphis TN", "Kansas City MO", "Ontario CA",
    "Tacoma WA", "Chicago IL", "Savannah GA", "Phoenix AZ",
)  # fmt: skip

KEYWORDS: dict[str, float] = {
    "inventor": 3, "stock": 3, "sku": 3, "warehouse": 3, "product": 2, "catalog": 2, "item": 1, "goods": 1,
    "price": 0.5, "retail": 1, "store": 0.5, "supply": 1, "merchandise": 2,
}  # fmt: skip
