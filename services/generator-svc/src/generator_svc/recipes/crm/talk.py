"""What notes, calls, tasks and tickets say, by language. `{…}` are facts of the record (S2-33 … S2-36)."""

from __future__ import annotations

from collections.abc import Mapping

Lines = Mapping[str, tuple[str, ...]]

NOTE: Lines = {
    "en": (
        "Spoke with {firstname} {lastname} about {product}. {company} has a budget of {amount} {currency} in view. "
        "Next step: {step}.",
        "{firstname} came to us through {source}. As {role} at {company}, the interest is in {product}. "
        "Agreed: {step}.",
        "{company} ({employees} employees) compares us with one other vendor. {firstname} asked for figures on "
        "{product}; the deal stands at {amount} {currency}.",
    ),
    "de": (
        "Gespräch mit {firstname} {lastname} über {product}. {company} plant ein Budget von {amount} {currency}. "
        "Nächster Schritt: {step}.",
        "{firstname} kam über {source} zu uns. Als {role} bei {company} besteht Interesse an {product}. "
        "Vereinbart: {step}.",
        "{company} ({employees} Beschäftigte) vergleicht uns mit einem weiteren Anbieter. {firstname} bat um Zahlen "
        "zu {product}; das Geschäft steht bei {amount} {currency}.",
    ),
    "fr": (
        "Échange avec {firstname} {lastname} au sujet de {product}. {company} prévoit un budget de {amount} "
        "{currency}. Prochaine étape : {step}.",
        "{firstname} nous a trouvés via {source}. En tant que {role} chez {company}, l'intérêt porte sur {product}. "
        "Convenu : {step}.",
        "{company} ({employees} salariés) nous compare à un autre fournisseur. {firstname} a demandé des chiffres sur "
        "{product} ; l'affaire est à {amount} {currency}.",
    ),
    "es": (
        "Conversación con {firstname} {lastname} sobre {product}. {company} prevé un presupuesto de {amount} "
        "{currency}. Siguiente paso: {step}.",
        "{firstname} llegó por {source}. Como {role} en {company}, le interesa {product}. Acordado: {step}.",
        "{company} ({employees} empleados) nos compara con otro proveedor. {firstname} pidió cifras sobre {product}; "
        "la operación está en {amount} {currency}.",
    ),
}
CALL: Lines = {
    "en": ("{firstname} {lastname} of {company} confirmed the interest in {product}. Follow-up: {step}.",
           "Went through the open questions on {product} with {firstname}. {company} decides on {amount} {currency}."),
    "de": ("{firstname} {lastname} von {company} bestätigte das Interesse an {product}. Weiter: {step}.",
           "Offene Fragen zu {product} mit {firstname} geklärt. {company} entscheidet über {amount} {currency}."),
    "fr": ("{firstname} {lastname} de {company} a confirmé l'intérêt pour {product}. Suite : {step}.",
           "Questions sur {product} passées en revue avec {firstname}. {company} tranchera sur {amount} {currency}."),
    "es": ("{firstname} {lastname} de {company} confirmó el interés en {product}. Seguimiento: {step}.",
           "Repasadas las dudas sobre {product} con {firstname}. {company} decidirá sobre {amount} {currency}."),
}  # fmt: skip
CALL_TITLE: Lines = {
    "en": ("Call with {firstname} {lastname} ({company})",),
    "de": ("Anruf bei {firstname} {lastname} ({company})",),
    "fr": ("Appel avec {firstname} {lastname} ({company})",),
    "es": ("Llamada con {firstname} {lastname} ({company})",),
}
TASK: Lines = {
    "en": ("{step} for {company}",),
    "de": ("{step} für {company}",),
    "fr": ("{step} pour {company}",),
    "es": ("{step} para {company}",),
}
TASK_BODY: Lines = {
    "en": ("{firstname} {lastname} expects this for {product}. Deal value {amount} {currency}.",),
    "de": ("{firstname} {lastname} erwartet dies zu {product}. Auftragswert {amount} {currency}.",),
    "fr": ("{firstname} {lastname} l'attend pour {product}. Montant de l'affaire {amount} {currency}.",),
    "es": ("{firstname} {lastname} lo espera para {product}. Valor de la operación {amount} {currency}.",),
}
TICKET: Lines = {
    "en": ("{product}: question about access", "{product}: invoice does not match", "{product}: report is empty"),
    "de": ("{product}: Frage zum Zugang", "{product}: Rechnung stimmt nicht", "{product}: Bericht ist leer"),
    "fr": ("{product} : question d'accès", "{product} : facture erronée", "{product} : rapport vide"),
    "es": ("{product}: duda sobre el acceso", "{product}: la factura no coincide", "{product}: informe vacío"),
}
TICKET_BODY: Lines = {
    "en": ("{firstname} {lastname} ({email}) of {company} reports a problem with {product} and asks for a call back at "
           "{phone}.",),
    "de": ("{firstname} {lastname} ({email}) von {company} meldet ein Problem mit {product} und bittet um Rückruf: "
           "{phone}.",),
    "fr": ("{firstname} {lastname} ({email}) de {company} signale un problème avec {product} et souhaite être rappelé "
           "au {phone}.",),
    "es": ("{firstname} {lastname} ({email}) de {company} comunica un problema con {product} y pide una llamada al "
           "{phone}.",),
}  # fmt: skip
STEP: Lines = {
    "en": ("book a first meeting", "send a qualification summary", "prepare the presentation", "talk to the board",
           "send the contract", "start the onboarding", "ask again in six months"),
    "de": ("Ersttermin vereinbaren", "Bedarfszusammenfassung senden", "Präsentation vorbereiten",
           "mit der Leitung sprechen", "Vertrag senden", "Einführung beginnen", "in sechs Monaten nachfragen"),
    "fr": ("fixer un premier rendez-vous", "envoyer une synthèse des besoins", "préparer la présentation",
           "parler à la direction", "envoyer le contrat", "démarrer le déploiement", "relancer dans six mois"),
    "es": ("acordar una primera reunión", "enviar un resumen de necesidades", "preparar la presentación",
           "hablar con la dirección", "enviar el contrato", "iniciar la puesta en marcha", "insistir en seis meses"),
}  # fmt: skip
"""What comes next, by the deal's stage."""

REASON: Lines = {
    "en": ("Engagement score {score}; {role} at {company}, came through {source}.",),
    "de": ("Engagement-Wert {score}; {role} bei {company}, kam über {source}.",),
    "fr": ("Score d'engagement {score} ; {role} chez {company}, venu par {source}.",),
    "es": ("Puntuación {score}; {role} en {company}, llegó por {source}.",),
}
SALES_NOTES: Lines = {
    "en": ("{role} is on board; price of {amount} {currency} not yet discussed with procurement.",
           "Competitor quoted lower; hold {amount} {currency} and stress {product}."),
    "de": ("{role} ist überzeugt; Preis von {amount} {currency} noch nicht mit dem Einkauf besprochen.",
           "Wettbewerber liegt tiefer; {amount} {currency} halten und {product} betonen."),
    "fr": ("{role} est convaincu ; le prix de {amount} {currency} reste à voir avec les achats.",
           "Un concurrent est moins cher ; tenir {amount} {currency} et insister sur {product}."),
    "es": ("{role} está convencido; falta tratar {amount} {currency} con compras.",
           "Un competidor ofrece menos; mantener {amount} {currency} y destacar {product}."),
}  # fmt: skip
