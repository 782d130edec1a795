"""Words of the CRM recipes. A change of any entry or its order changes rows: raise the recipe's version (S2-57)."""

from __future__ import annotations

from collections.abc import Mapping

LOCALES: Mapping[str, tuple[float, str, str, str]] = {
    "en_US": (52, "en", "United States", "USD"),
    "en_GB": (10, "en", "United Kingdom", "GBP"),
    "de_DE": (13, "de", "Germany", "EUR"),
    "fr_FR": (11, "fr", "France", "EUR"),
    "es_ES": (9, "es", "Spain", "EUR"),
    "es_MX": (5, "es", "Mexico", "USD"),
}
"""Where companies are: weight, language (S2-76), country, currency of their deals."""

ROLES = ("Decision Maker", "Influencer", "End User", "Champion")
ROLE_WEIGHTS = (25, 30, 30, 15)

TITLES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("Chief Executive Officer", "VP of Operations", "Managing Director", "Head of Procurement"),
        ("Senior Business Analyst", "IT Architect", "Finance Manager", "Team Lead Operations"),
        ("Operations Specialist", "Sales Representative", "Support Engineer", "Office Coordinator"),
        ("Product Manager", "Innovation Manager", "Customer Success Lead", "Digital Transformation Lead"),
    ),
    "de": (
        ("Geschäftsführer", "Leiter Betrieb", "Vorstand", "Einkaufsleiter"),
        ("Business Analyst", "IT-Architekt", "Finanzleiter", "Teamleiter Betrieb"),
        ("Sachbearbeiter Betrieb", "Vertriebsmitarbeiter", "Supportingenieur", "Büroleiter"),
        ("Produktmanager", "Innovationsmanager", "Leiter Kundenbetreuung", "Leiter Digitalisierung"),
    ),
    "fr": (
        ("Directeur général", "Directeur des opérations", "Président", "Responsable des achats"),
        ("Analyste métier", "Architecte informatique", "Responsable financier", "Chef d'équipe"),
        ("Chargé d'exploitation", "Commercial", "Ingénieur support", "Assistant de direction"),
        ("Chef de produit", "Responsable innovation", "Responsable clientèle", "Responsable transformation"),
    ),
    "es": (
        ("Director general", "Director de operaciones", "Presidente", "Jefe de compras"),
        ("Analista de negocio", "Arquitecto de TI", "Responsable financiero", "Jefe de equipo"),
        ("Especialista de operaciones", "Representante de ventas", "Ingeniero de soporte", "Coordinador"),
        ("Jefe de producto", "Responsable de innovación", "Responsable de clientes", "Responsable digital"),
    ),
}
"""Job titles by language and buyer role."""

INDUSTRIES: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "B2B": (
        ("COMPUTER_SOFTWARE", ("Cloud Migration", "API Platform", "Security Audit", "Data Warehouse")),
        ("FINANCIAL_SERVICES", ("Risk Dashboard", "Compliance Suite", "Payments Gateway", "Fraud Monitoring")),
        ("HOSPITAL_HEALTH_CARE", ("Patient Portal", "Scheduling Suite", "Secure Messaging", "Claims Automation")),
        ("MACHINERY", ("Predictive Maintenance", "Fleet Telemetry", "Quality Inspection", "Spare Parts Portal")),
        (
            "LOGISTICS_AND_SUPPLY_CHAIN",
            ("Route Planning", "Warehouse Robotics", "Customs Filing", "Cold Chain"),
        ),
        ("CONSTRUCTION", ("Site Safety Suite", "Project Controls", "Drone Surveying", "Materials Planning")),
        ("INSURANCE", ("Policy Engine", "Broker Portal", "Loss Analytics", "Document Automation")),
        ("EDUCATION_MANAGEMENT", ("Learning Platform", "Admissions Portal", "Exam Proctoring", "Campus Analytics")),
    ),
    "B2C": (
        ("RETAIL", ("Loyalty Card", "Home Delivery", "Gift Subscription", "Extended Warranty")),
        ("CONSUMER_GOODS", ("Coffee Subscription", "Smart Thermostat", "Water Filter", "Robot Vacuum")),
        ("LEISURE_TRAVEL_TOURISM", ("City Break", "Travel Insurance", "Family Resort", "Rail Pass")),
        ("HEALTH_WELLNESS_AND_FITNESS", ("Gym Membership", "Nutrition Plan", "Yoga Retreat", "Fitness Tracker")),
        ("AUTOMOTIVE", ("Winter Tyres", "Service Plan", "Car Lease", "Charging Box")),
        ("CONSUMER_ELECTRONICS", ("Noise-Cancelling Headphones", "Tablet", "Home Cinema", "Device Protection")),
    ),
}
"""Industries as HubSpot names them, and what is sold to them (S2-50, S2-51)."""

SOURCES: Mapping[str, tuple[str, ...]] = {
    "B2B": (
        "Trade Show - TechExpo 2025 San Francisco", "Trade Show - Hannover Messe 2025", "Webinar - Scaling Operations",
        "Trade Show - Web Summit 2025 Lisbon", "Partner Referral - Northwind", "Whitepaper - Cost of Ownership",
        "Conference - SaaStr Europa 2025", "Outbound - LinkedIn Campaign Q2 2025",
    ),
    "B2C": (
        "Online Shop - Spring Sale 2025", "Social Media - Instagram Campaign May 2025", "In-Store - Flagship Opening",
        "Referral - Friends Program", "Newsletter - Welcome Series", "Fair - Consumer Electronics Days 2025",
        "Search Ad - Brand Campaign 2025", "App - Push Campaign Summer 2025",
    ),
}  # fmt: skip

STAGES = (
    "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin", "contractsent",
    "closedwon", "closedlost",
)  # fmt: skip
"""HubSpot's default pipeline."""

STAGE_WEIGHTS: Mapping[str, tuple[int, ...]] = {
    "hot": (5, 10, 15, 20, 20, 26, 4),
    "warm": (20, 22, 20, 12, 8, 10, 8),
    "cold": (42, 20, 10, 4, 2, 2, 20),
}
STEPS = (1, 2, 3, 4, 5, 5, 3)
"""How many activities a deal of each stage has behind it."""
