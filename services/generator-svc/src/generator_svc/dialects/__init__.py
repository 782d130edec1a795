"""Pure translation between an ask and the JSON of an API; several providers may speak one dialect."""
