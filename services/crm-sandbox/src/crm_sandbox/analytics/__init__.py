"""CRM Analytics: datasets, their upload, and SAQL."""
