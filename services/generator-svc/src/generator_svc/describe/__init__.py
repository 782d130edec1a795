"""From what a CRM says of an object – a Salesforce describe, a HubSpot property list – to rows it takes."""
