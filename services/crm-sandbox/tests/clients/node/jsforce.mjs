// jsforce as it is on npm, against the sandbox: prints one JSON object of what it got.
import fs from "node:fs";
import jsforce from "jsforce";

const handle = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const connection = new jsforce.Connection({
  instanceUrl: handle.http,
  accessToken: handle.salesforce.access_token,
  version: "62.0",
});

const identity = await connection.identity();
const created = await connection.sobject("Claim__c").create({ Patient_Name__c: "From jsforce 🙂" });
const many = await connection.sobject("Claim__c").upsert(
  [1, 2, 3].map((n) => ({ Claim_Number__c: `jsforce-${n}`, Patient_Name__c: `Patient ${n}` })),
  "Claim_Number__c",
  { allowRecursive: true },
);
const found = await connection.query("SELECT Id, Patient_Name__c FROM Claim__c WHERE Claim_Number__c LIKE 'jsforce-%'");
const every = await connection.query("SELECT Id FROM Claim__c WHERE Claim_Number__c LIKE 'HC-%'").run({ autoFetch: true, maxFetch: 10000 });
const described = await connection.describe("Claim__c");
const limits = await connection.request("/limits");

connection.bulk2.pollInterval = 50;
connection.bulk2.pollTimeout = 30000;
const loaded = await connection.bulk2.loadAndWaitForResults({
  object: "Claim__c",
  operation: "upsert",
  externalIdFieldName: "Claim_Number__c",
  input: [
    { Claim_Number__c: "jsforce-bulk-1", Patient_Name__c: "one, \"two\"" },
    { Claim_Number__c: "jsforce-bulk-2", Patient_Name__c: "" },
  ],
});
const stream = await connection.bulk2.query("SELECT Id, Patient_Name__c FROM Claim__c WHERE Claim_Number__c LIKE 'jsforce-bulk-%'");
const read = await stream.toArray();
await connection.sobject("Claim__c").destroy(created.id);

console.log(
  JSON.stringify({
    username: identity.username,
    created: created.success,
    upserted: many.map((one) => one.created),
    found: found.records.map((one) => one.Patient_Name__c).sort(),
    every: every.records.length,
    fields: described.fields.length,
    remaining: limits.DailyApiRequests.Remaining,
    successful: loaded.successfulResults.map((one) => one.Patient_Name__c),
    failed: loaded.failedResults.map((one) => one.sf__Error),
    unprocessed: loaded.unprocessedRecords.length,
    read: read.map((one) => one.Patient_Name__c),
  }),
);
