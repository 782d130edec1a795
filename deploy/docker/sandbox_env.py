"""Prints what `.env` needs so that the services in containers use the sandbox as their Salesforce and HubSpot.

docker compose exec -T crm-sandbox python - < deploy/docker/sandbox_env.py >> .env
"""

from __future__ import annotations

import json
from pathlib import Path

handle = json.loads(Path("/data/sandbox.json").read_text(encoding="utf-8"))
salesforce = handle["salesforce"]
private_key = Path(salesforce["private_key_file"]).read_text(encoding="utf-8").strip()

print("SF_LOGIN_URL=http://crm-sandbox:18080")
print("SF_AUDIENCE=https://login.salesforce.com")
print(f"SF_CONSUMER_KEY={salesforce['consumer_key']}")
print(f"SF_USERNAME={salesforce['username']}")
print("SF_PRIVATE_KEY='" + private_key.replace("\n", "\\n") + "'")
print("HUBSPOT_BASE_URL=http://crm-sandbox:18080")
print(f"HUBSPOT_ACCESS_TOKEN={handle['hubspot']['access_token']}")
