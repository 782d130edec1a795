"""What a field probably holds, by its name: for built-in designs, repairs, and describes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Guess = tuple[str, Mapping[str, Any]]

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")

# The first rule whose pattern is found in the name decides, so what is narrower stands before what is wider.
_RULES: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    (r"\b(is|has|can|should|opt)\b|\b(active|enabled|verified|subscribed|deleted|do not call|opted out)$",
     "boolean", {}),
    (r"\bbirth|\bdob\b", "date_of_birth", {}),
    (r"\b(due|expir\w*|renewal|delivery|next|end|close|closing|deadline|scheduled|estimated)\b.*\bdates?$|"
     r"\b(deadline|expiry|expiration)$", "date_between", {"start_date": "today", "end_date": "+1y"}),
    (r"\b(timestamp|datetime|date ?time|time ?stamps?)\b|\b\w+ at$", "date_time_between", {"start_date": "-2y"}),
    (r"\bdates?\b|\b(on|since|day)$", "date_between", {"start_date": "-3y"}),
    (r"\b(e ?mail|mailbox)\b", "email", {}),
    (r"\b(phone|mobile|fax|telephone|cell)\b", "phone_number", {}),
    (r"\b(first|given) ?name\b|^first$", "first_name", {}),
    (r"\b(last|family|sur) ?name\b|^last$", "last_name", {}),
    (r"\bmiddle ?name\b", "first_name", {}),
    (r"\b(user ?name|login|nickname|handle)\b", "user_name", {}),
    (r"\b(salutation|name prefix|title prefix)\b", "prefix", {}),
    (r"\b(product|item|article) ?name\b|^products?$|^items?$", "product_name", {}),
    (r"\b(company|account|employer|organi[sz]ation|vendor|supplier|business|manufacturer|brand)( name)?$",
     "company", {}),
    (r"\b(file) ?name\b", "file_name", {}),
    (r"\b(course|event|project|campaign|deal|opportunity) ?name\b", "catch_phrase", {}),
    (r"\b(full ?name|customer|client|patient|employee|student|contact|person|author|owner|manager|agent|assignee|"
     r"reviewer|doctor|physician|teacher|instructor|seller|buyer|guest|passenger|driver|sender|recipient|speaker|assistants?|"
     r"organi[sz]er|attendee|provider|director|actor|artist|"
     r"player|coach|member|applicant|candidate|tenant|owner)( name)?$|^names?$", "name", {}),
    (r"\bsku\b|\b(article|item|product) ?code\b", "sku", {}),
    (r"\buuid\b|\bguid\b", "uuid4", {}),
    (r"\b(ip|ip ?address)\b", "ipv4", {}),
    (r"\bmac( address)?\b", "mac_address", {}),
    (r"\bicd( ?10)?( code)?\b",
     "random_element", {"elements": ["I10", "E11.9", "J45.909", "M54.50", "F41.1", "K21.9"]}),
    (r"\b(currency)( iso)?( code)?$", "random_element", {"elements": ["USD", "EUR", "GBP", "JPY", "CHF", "CAD"]}),
    (r"\btracking\b", "bothify", {"text": "1Z-########-????"}),
    (r"\b(order|invoice|account|transaction|ticket|policy|contract|claim|member|case|serial|reference|registration|"
     r"batch|lot|model|flight|po|purchase order) ?(number|no|nr|code|id)$", "sequence", {"width": 8}),
    (r"\bids?$|\bkey$|\bidentifiers?$", "sequence", {"width": 6}),
    (r"\b(time)$", "time", {}),
    (r"\byears? (of )?(experience|service)\b", "random_int", {"min": 0, "max": 35}),
    (r"\bnumber of employees\b|\bemployees?( count)?$|\bhead ?count\b", "lognormal",
     {"median": 120, "sigma": 1.4, "min": 1, "max": 250_000, "fraction_digits": 0}),
    (r"\byear\b", "year", {"min": 1980, "max": 2025}),
    (r"\bage\b|\bages$", "random_int", {"min": 18, "max": 90}),
    (r"\b(salary|salaries|compensation|income|wage)\b", "lognormal",
     {"median": 62_000, "sigma": 0.4, "min": 24_000, "max": 400_000, "fraction_digits": 0}),
    (r"\b(annual ?)?revenue\b|\bturnover\b", "lognormal",
     {"median": 4_000_000, "sigma": 1.3, "min": 50_000, "max": 5_000_000_000, "fraction_digits": 0}),
    (r"\b(percent\w*|probability|rate|share|utili[sz]ation|discount|humidity)\b", "random_float",
     {"min": 0, "max": 100, "fraction_digits": 1}),
    (r"\b(price|cost|amount|total|balance|budget|fee|value|spend|spent|spending|payment|deposit|rent|copay|premium|"
     r"subtotal|tax|msrp|purchases?|sales|charges?|bill)s?\b", "price", {"min": 1, "max": 1_000}),
    (r"\b(stock|inventory|on hand)( level| quantity| count)?s?\b", "random_int", {"min": 0, "max": 500}),
    (r"\b(quantity|qty|units|order count|orders|visits|clicks|views|count|seats|capacity|attendance|attendees|"
     r"participants|items count)\b", "random_int", {"min": 1, "max": 50}),
    (r"\b(rating|stars)\b", "random_int", {"min": 1, "max": 5}),
    (r"\b(gpa)\b", "random_float", {"min": 2, "max": 4, "fraction_digits": 2}),
    (r"\b(score|scores|marks|points)\b", "random_int", {"min": 0, "max": 100}),
    (r"\b(grade)s?\b", "random_element", {"elements": ["A", "B", "C", "D", "F"], "weights": [25, 35, 25, 10, 5]}),
    (r"\btemperature\b", "normal", {"mean": 21, "sd": 4, "min": -40, "max": 60, "fraction_digits": 1}),
    (r"\bpressure\b", "normal", {"mean": 1013, "sd": 8, "min": 900, "max": 1_100, "fraction_digits": 1}),
    (r"\bheart ?rate\b|\bpulse\b", "normal", {"mean": 74, "sd": 10, "min": 40, "max": 180, "fraction_digits": 0}),
    (r"\bheight\b", "normal", {"mean": 170, "sd": 10, "min": 120, "max": 220, "fraction_digits": 0}),
    (r"\bweight\b", "normal", {"mean": 75, "sd": 14, "min": 1, "max": 250, "fraction_digits": 1}),
    (r"\bbattery\b|\blevels?\b|\breadings?\b|\bmeasurements?\b|\bhumidity\b", "random_float",
     {"min": 0, "max": 100, "fraction_digits": 1}),
    (r"\b(bedrooms?|beds)\b", "random_int", {"min": 1, "max": 6}),
    (r"\b(bathrooms?|baths)\b", "random_int", {"min": 1, "max": 4}),
    (r"\b(sq(uare)? ?(ft|feet|footage|meters|metres)|area|size|floor space)\b",
     "random_int", {"min": 450, "max": 5_200}),
    (r"\b(duration|minutes|hours|length|days)\b", "random_int", {"min": 1, "max": 120}),
    (r"\b(latitude|lat)\b", "latitude", {}),
    (r"\b(longitude|lon|lng)\b", "longitude", {}),
    (r"\b(zip|postal|postcode)( ?code)?s?\b", "postcode", {}),
    (r"\bcountry code\b", "country_code", {}),
    (r"\bcountr(y|ies)\b|\bnationality\b", "current_country", {}),
    (r"\b(state|province|region) ?(code|abbr\w*)\b", "state_abbr", {}),
    (r"\b(states?|province|region|territory)\b", "state", {}),
    (r"\b(street|street address|address line.*)$", "street_address", {}),
    (r"\bwarehouse\b|\b(bin|shelf|storage) location\b", "warehouse_location", {}),
    (r"\b(city|cities|town|locations?|venue|place|site|branch)\b", "city", {}),
    (r"\baddress(es)?\b", "address", {}),
    (r"\b(website|web ?site|url|link|homepage)s?\b", "url", {}),
    (r"\bdomain\b", "domain_name", {}),
    (r"\b(gender|sex)\b", "sex", {}),
    (r"\bblood ?(type|group)\b", "blood_type", {}),
    (r"\bdiagnos[ei]s\b|\bconditions?\b|\bdiseases?\b", "random_element",
     {"elements": ["Hypertension", "Type 2 Diabetes", "Asthma", "Migraine", "Arthritis", "Anxiety Disorder", "GERD"]}),
    (r"\b(medications?|drugs?|prescriptions?|treatments?|therapy)\b", "random_element",
     {"elements": ["Metformin", "Lisinopril", "Atorvastatin", "Albuterol", "Omeprazole", "Sertraline", "Ibuprofen"]}),
    (r"\b(insurance|insurer|payer)\b", "random_element",
     {"elements": ["Blue Ridge Health", "Harbor Mutual", "Summit Care", "Prairie Health Plan", "Lakeside Insurance"]}),
    (r"\ballerg(y|ies)\b",
     "random_element", {"elements": ["None", "Penicillin", "Peanuts", "Latex", "Pollen", "Sulfa"]}),
    (r"\b(priority|severity|urgency)\b", "random_element",
     {"elements": ["Low", "Medium", "High", "Critical"], "weights": [30, 45, 20, 5]}),
    (r"\b(order|shipping|shipment|delivery|fulfil\w*) status\b", "random_element",
     {"elements": ["Pending", "Processing", "Shipped", "Delivered", "Returned"], "weights": [8, 12, 20, 55, 5]}),
    (r"\b(status|state)\b", "random_element",
     {"elements": ["Active", "Inactive", "Pending"], "weights": [70, 15, 15]}),
    (r"\b(purchase|order|buying|shopping) history\b|\bpurchase frequency\b", "random_int", {"min": 1, "max": 40}),
    (r"\b(payment|card) ?(method|type)\b", "payment_method", {}),
    (r"\b(loyalty|membership|tier|plan|subscription)( tier| level| plan| type)?$", "random_element",
     {"elements": ["Bronze", "Silver", "Gold", "Platinum"], "weights": [50, 30, 15, 5]}),
    (r"\b(product|favorite|favourite|item)? ?categor(y|ies)\b|\bgenres?\b", "product_category", {}),
    (r"\b(department|division|team)s?\b", "company_department", {}),
    (r"\b(industry|sector)\b", "industry", {}),
    (r"\b(job|position|role|occupation|profession|designation)s?( title)?\b|\bjob ?title\b", "job_title", {}),
    (r"\b(major|subject|course|program|class)(es|s)?\b", "random_element",
     {"elements": ["Mathematics", "Biology", "History", "Computer Science", "Economics", "Literature", "Physics"]}),
    (r"\b(colou?rs?)\b", "color_name", {}),
    (r"\bmaterials?\b", "product_material", {}),
    (r"\blanguages?\b", "language_name", {}),
    (r"\b(iban)\b", "iban", {}),
    (r"\b(ssn|social security)\b", "ssn", {}),
    (r"\b(vin)\b", "vin", {}),
    (r"\blicense plate\b|\bplate\b", "license_plate", {}),
    (r"\bmakes?\b", "vehicle_make", {}),
    (r"\bmodels?\b", "vehicle_model", {}),
    (r"\b(source|channel)s?\b", "random_element",
     {"elements": ["Web", "Referral", "Email", "Trade Show", "Social", "Partner"]}),
    (r"\bfeedback\b|\breviews?\b|\b(comment|note|description|summary|remark|message|body|text|bio|detail|content|"
     r"complaint|symptom)s?\b", "sentence", {"nb_words": 10}),
    (r"\b(subject|headline|title|topic)s?\b", "catch_phrase", {}),
    (r"\bsensor( type)?\b", "random_element", {"elements": ["temperature", "humidity", "pressure", "motion", "light"]}),
    (r"\b(type|kind|class|group)s?$", "random_element", {"elements": ["Standard", "Premium", "Basic"]}),
    (r"\bversion\b", "semver", {}),
    (r"\bcodes?$", "bothify", {"text": "??-####"}),
    (r"\b(number|no|num)s?$", "random_number", {"digits": 6, "fix_len": True}),
    (r"\bnames?$", "catch_phrase", {}),
)  # fmt: skip
_COMPILED = tuple((re.compile(rule), name, parameters) for rule, name, parameters in _RULES)


def guessed(name: str) -> Guess | None:
    """The type and parameters that a field of this name probably has; None where nothing can be told."""
    plain = spaced(name)
    for rule, kind, parameters in _COMPILED:
        if rule.search(plain):
            return kind, parameters
    return None


def spaced(name: str) -> str:
    """`BillingCity`, `billing_city`, `Billing City` and `Billing_City__c` are `billing city`."""
    plain = re.sub(r"__[a-z]$", "", name)
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", plain)
    return _NOT_LETTERS.sub(" ", plain.lower()).strip()
