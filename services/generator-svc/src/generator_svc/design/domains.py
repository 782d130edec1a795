"""Domains that the built-in designer knows: their words, and the fields of a good table of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Entry = str | list[Any] | Mapping[str, Any]


@dataclass(frozen=True)
class Domain:
    """A kind of table."""

    name: str
    words: tuple[str, ...]
    """Beginnings of words that speak for it; the first ones weigh most."""
    fields: Mapping[str, Entry]


def _int(low: int, high: int) -> dict[str, Any]:
    return {"type": "random_int", "params": {"min": low, "max": high}}


def _float(low: float, high: float, digits: int = 1) -> dict[str, Any]:
    return {"type": "random_float", "params": {"min": low, "max": high, "fraction_digits": digits}}


def _id(prefix: str, width: int = 6) -> dict[str, Any]:
    return {"type": "sequence", "params": {"prefix": prefix, "width": width}}


def _price(low: float, high: float) -> dict[str, Any]:
    return {"type": "price", "params": {"min": low, "max": high}}


def _days(start: str, end: str = "today") -> dict[str, Any]:
    return {"type": "date_between", "params": {"start_date": start, "end_date": end}}


def _moment(start: str, end: str = "today") -> dict[str, Any]:
    return {"type": "date_time_between", "params": {"start_date": start, "end_date": end}}


def _bell(mean: float, sd: float, low: float, high: float, digits: int = 0) -> dict[str, Any]:
    params = {"mean": mean, "sd": sd, "min": low, "max": high, "fraction_digits": digits}
    return {"type": "normal", "params": params}


def _of(words: str, weights: list[int] | None = None) -> Entry:
    elements = words.split("|")
    return {"type": "random_element", "params": {"elements": elements, "weights": weights}} if weights else elements


DOMAINS: tuple[Domain, ...] = (
    Domain("inventory", ("inventor", "stock", "sku", "warehouse", "product", "catalog", "merchandis", "goods"), {
        "product_id": _id("P"), "sku": "sku", "product_name": "product_name", "category": "product_category",
        "stock_level": _int(0, 500), "price": _price(2, 800), "warehouse_location": "warehouse_location",
    }),
    Domain("e-commerce customers", ("ecommerce", "shopper", "customer", "purchas", "buyer", "online shop", "loyal"), {
        "customer_id": _id("C"), "name": "name", "email": "email", "phone": "phone_number", "city": "city",
        "state": "state_abbr", "signup_date": _days("-5y", "-1y"), "total_orders": _int(1, 40),
        "total_spent": _price(15, 6_000), "average_order_value": _price(10, 300),
        "favorite_category": "product_category", "last_purchase_date": _days("-1y"),
        "last_purchase_amount": _price(5, 400),
    }),
    Domain("customers", ("customer", "client", "contact", "subscriber", "member", "user", "people", "person"), {
        "customer_id": _id("C"), "first_name": "first_name", "last_name": "last_name", "email": "email",
        "phone": "phone_number", "street_address": "street_address", "city": "city", "state": "state_abbr",
        "postal_code": "postcode", "signup_date": _days("-5y"), "status": _of("active|inactive|prospect", [70, 15, 15]),
    }),
    Domain("orders", ("order", "sale", "purchase order", "checkout", "cart"), {
        "order_id": _id("O", 8), "customer_name": "name", "customer_email": "email", "product_name": "product_name",
        "category": "product_category", "quantity": _int(1, 8), "unit_price": _price(3, 400),
        "order_date": _moment("-2y"), "status": _of("pending|shipped|delivered|returned", [10, 20, 64, 6]),
        "payment_method": "payment_method", "shipping_city": "city", "shipping_state": "state_abbr",
    }),
    Domain("employees", ("employee", "staff", "worker", "hr", "personnel", "payroll", "workforce", "salar"), {
        "employee_id": _id("E", 5), "first_name": "first_name", "last_name": "last_name", "email": "email",
        "department": "company_department", "job_title": "job_title",
        "salary": {"type": "lognormal", "params": {"median": 62_000, "sigma": 0.4, "min": 24_000, "max": 400_000,
                                                   "fraction_digits": 0}},
        "hire_date": _days("-15y"), "manager_name": "name", "performance_rating": _int(1, 5), "office_city": "city",
    }),
    Domain("students", ("student", "school", "universit", "college", "pupil", "enrol", "grade", "course"), {
        "student_id": _id("S"), "first_name": "first_name", "last_name": "last_name", "email": "email",
        "date_of_birth": {"type": "date_of_birth", "params": {"minimum_age": 17, "maximum_age": 30}},
        "major": _of("Mathematics|Biology|History|Computer Science|Economics|Literature|Physics|Psychology"),
        "enrollment_year": {"type": "year", "params": {"min": 2019, "max": 2025}}, "gpa": _bell(3.1, 0.5, 1, 4, 2),
        "credits_completed": _int(0, 128), "graduation_status": _of("enrolled|graduated|on leave", [75, 20, 5]),
    }),
    Domain("patients", ("patient", "hospital", "clinic", "medical", "health", "diagnos", "doctor", "treatment"), {
        "patient_id": _id("PT"), "first_name": "first_name", "last_name": "last_name", "sex": "sex",
        "date_of_birth": {"type": "date_of_birth", "params": {"minimum_age": 1, "maximum_age": 95}},
        "phone": "phone_number", "city": "city", "state": "state_abbr",
        "blood_type": "blood_type",
        "diagnosis": _of("Hypertension|Type 2 Diabetes|Asthma|Migraine|Arthritis|Anxiety Disorder|GERD|Hypothyroidism"),
        "medication": _of("Lisinopril|Metformin|Albuterol|Atorvastatin|Omeprazole|Sertraline|Ibuprofen|Levothyroxine"),
        "systolic_bp": _bell(124, 14, 85, 200), "diastolic_bp": _bell(79, 9, 50, 120),
        "admission_date": _days("-2y"), "physician": "name",
    }),
    Domain("sensor readings", ("sensor", "iot", "telemetr", "device", "reading", "temperatur", "humidit", "measure"), {
        "reading_id": _id("R", 9), "device_id": {"type": "bothify", "params": {"text": "DEV-####"}},
        "sensor_type": _of("temperature|humidity|pressure|motion|light"), "timestamp": _moment("-30d"),
        "temperature_c": _bell(21, 4, -40, 85, 1), "humidity_percent": _float(15, 95),
        "battery_percent": _int(1, 100), "latitude": "latitude", "longitude": "longitude",
        "status": _of("ok|warning|fault", [92, 6, 2]),
    }),
    Domain("transactions", ("transaction", "bank", "payment", "financ", "account", "credit card", "fraud", "invoice"), {
        "transaction_id": "uuid4", "account_number": "account_number", "customer_name": "name",
        "transaction_type": "transaction_type", "amount": _price(1, 5_000),
        "currency": _of("USD|EUR|GBP", [80, 12, 8]), "merchant": "company", "timestamp": _moment("-1y"),
        "status": _of("completed|pending|declined", [93, 4, 3]),
        "is_fraud": {"type": "boolean", "params": {"chance_of_getting_true": 1}},
    }),
    Domain("real estate", ("real estate", "propert", "listing", "house", "home", "apartment", "rental", "realtor"), {
        "listing_id": _id("L"), "street_address": "street_address", "city": "city", "state": "state_abbr",
        "postal_code": "postcode",
        "property_type": _of("House|Apartment|Condo|Townhouse|Land", [50, 22, 15, 10, 3]),
        "bedrooms": _int(1, 6), "bathrooms": _int(1, 4), "square_feet": _int(450, 5_200),
        "year_built": {"type": "year", "params": {"min": 1920, "max": 2025}},
        "list_price": {"type": "lognormal", "params": {"median": 380_000, "sigma": 0.5, "min": 40_000,
                                                       "max": 8_000_000, "fraction_digits": 0}},
        "listed_on": _days("-1y"), "status": _of("for sale|pending|sold", [55, 15, 30]), "agent_name": "name",
    }),
    Domain("events", ("event", "conference", "meetup", "webinar", "concert", "festival", "booking", "attendee"), {
        "event_id": _id("EV"), "event_name": "catch_phrase",
        "event_type": _of("Conference|Workshop|Webinar|Concert|Meetup|Trade Show"), "venue": "company", "city": "city",
        "state": "state_abbr", "starts_at": _moment("-1y", "+1y"), "duration_hours": _int(1, 12),
        "capacity": _int(20, 2_000), "ticket_price": _price(0, 400), "organizer_name": "name",
        "organizer_email": "email",
    }),
    Domain("reviews", ("review", "rating", "feedback", "testimonial", "survey", "opinion", "comment"), {
        "review_id": _id("RV"), "product_name": "product_name", "category": "product_category",
        "reviewer_name": "name", "rating": {"type": "random_element", "params": {
            "elements": [1, 2, 3, 4, 5], "weights": [5, 7, 13, 30, 45]}},
        "review_title": {"type": "sentence", "params": {"nb_words": 4}},
        "review_text": {"type": "paragraph", "params": {"nb_sentences": 3}},
        "verified_purchase": {"type": "boolean", "params": {"chance_of_getting_true": 85}},
        "helpful_votes": _int(0, 120), "review_date": _days("-2y"),
    }),
    Domain("support tickets", ("ticket", "support", "helpdesk", "help desk", "incident", "issue", "complaint"), {
        "ticket_id": _id("T"), "subject": {"type": "sentence", "params": {"nb_words": 6}},
        "description": {"type": "paragraph", "params": {"nb_sentences": 3}}, "requester_name": "name",
        "requester_email": "email", "priority": _of("low|medium|high|urgent", [30, 45, 20, 5]),
        "status": _of("new|open|pending|solved|closed", [10, 20, 15, 25, 30]),
        "category": _of("billing|technical|account|shipping|other"), "assignee": "name",
        "created_at": _moment("-1y"), "first_response_minutes": _int(2, 2_880), "satisfaction": _int(1, 5),
    }),
    Domain("companies", ("compan", "business", "organi", "supplier", "vendor", "firm", "b2b"), {
        "company_id": _id("CO"), "company_name": "company", "domain": "domain_name", "industry": "industry",
        "employees": {"type": "lognormal", "params": {"median": 120, "sigma": 1.4, "min": 1, "max": 250_000,
                                                      "fraction_digits": 0}},
        "annual_revenue": {"type": "lognormal", "params": {"median": 4_000_000, "sigma": 1.3, "min": 50_000,
                                                           "max": 5_000_000_000, "fraction_digits": 0}},
        "phone": "phone_number", "city": "city", "state": "state_abbr", "founded": {
            "type": "year", "params": {"min": 1900, "max": 2024}},
    }),
    Domain("leads", ("lead", "prospect", "crm", "pipeline", "opportunit", "deal"), {
        "lead_id": _id("LD"), "first_name": "first_name", "last_name": "last_name", "company": "company",
        "email": "company_email", "job_title": "job_title", "industry": "industry", "phone": "phone_number",
        "source": _of("Web|Referral|Trade Show|Email|Partner"), "score": _int(0, 100),
        "status": _of("New|Contacted|Qualified|Lost", [35, 30, 25, 10]), "estimated_value": _price(500, 90_000),
        "created_on": _days("-1y"),
    }),
    Domain("vehicles", ("vehicle", "car", "fleet", "automobile", "truck", "dealership"), {
        "vehicle_id": _id("V"), "vin": "vin", "make": "vehicle_make", "model": "vehicle_model",
        "year": {"type": "year", "params": {"min": 2005, "max": 2025}}, "fuel": "fuel", "color": "color_name",
        "mileage": _int(0, 220_000), "price": _price(2_500, 95_000), "owner_name": "name",
    }),
    Domain("shipments", ("shipment", "shipping", "logistic", "delivery", "parcel", "freight", "courier"), {
        "shipment_id": _id("SH", 8), "tracking_number": {"type": "bothify", "params": {"text": "1Z########"}},
        "carrier": _of("UPS|FedEx|DHL|USPS"), "origin_city": "city", "origin_state": "state_abbr",
        "destination_city": "city", "destination_state": "state_abbr", "weight_kg": _float(0.2, 60),
        "shipped_on": _days("-1y", "-10d"), "status": _of("in transit|delivered|delayed|lost", [25, 66, 8, 1]),
        "cost": _price(4, 250),
    }),
    Domain("books", ("book", "librar", "author", "novel", "publish"), {
        "isbn": "isbn13", "title": "catch_phrase", "author": "name", "genre": "book_genre", "publisher": "company",
        "published_on": _days("-40y"), "pages": _int(80, 900), "price": _price(5, 60), "copies": _int(0, 40),
    }),
    Domain("web visits", ("web", "traffic", "visit", "click", "session", "log", "page view", "analytics"), {
        "visit_id": "uuid4", "timestamp": _moment("-90d"), "ip_address": "ipv4", "user_agent": "user_agent",
        "page": "uri_path", "referrer": _of("google|newsletter|direct|partner|social", [40, 12, 30, 6, 12]),
        "duration_s": _int(1, 1_800), "country": "country", "status_code": {"type": "random_element", "params": {
            "elements": [200, 301, 404, 500], "weights": [92, 3, 4, 1]}},
    }),
    Domain("insurance claims", ("insurance", "claim", "policy", "policies", "premium"), {
        "claim_id": _id("CL"), "policy_number": {"type": "bothify", "params": {"text": "POL-########"}},
        "claimant_name": "name", "claim_type": _of("Auto|Home|Health|Travel|Life"),
        "incident_date": _days("-2y", "-30d"), "filed_on": _days("-30d"), "claim_amount": _price(100, 60_000),
        "status": _of("submitted|in review|approved|denied|paid", [15, 25, 20, 10, 30]), "adjuster": "name",
    }),
)  # fmt: skip
"""A new domain is one entry here."""
