"""A writer service upserts to Salesforce/HubSpot and CRM Analytics, with a verdict for every record."""
