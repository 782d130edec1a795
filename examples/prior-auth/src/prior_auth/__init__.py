"""Prior authorization on top of the patient data: import, policy index, and whether a patient may have a drug."""
