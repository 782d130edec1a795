"""The contract for those who do not read Python: JSON Schema per event, one AsyncAPI 3 document, golden examples."""
