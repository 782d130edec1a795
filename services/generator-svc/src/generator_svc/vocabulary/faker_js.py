"""Names of Faker.js, and other spellings people and models use, in our names (decision 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Translation = tuple[str, Mapping[str, Any]]


def _same(names: str) -> dict[str, Translation]:
    """`theirs=ours` pairs without parameters."""
    return {theirs: (ours, {}) for theirs, ours in (pair.split("=") for pair in names.split())}


FAKER_JS: Mapping[str, Translation] = {
    **_same(
        "airline.airline=airline_name airline.airplane=aircraft airline.airport=airport_code "
        "animal.type=animal_type animal.dog=dog_breed animal.cat=cat_breed animal.petName=pet_name "
        "animal.bird=animal_type animal.fish=animal_type animal.horse=animal_type animal.insect=animal_type "
        "book.author=name book.format=book_format book.genre=book_genre book.title=book_title book.publisher=company "
        "book.series=book_title color.human=color_name color.rgb=rgb_css_color color.hsl=color_hsl "
        "color.cssSupportedFunction=color_name color.space=color_name "
        "commerce.department=product_category commerce.product=product commerce.productName=product_name "
        "commerce.productAdjective=product_adjective commerce.productMaterial=product_material "
        "commerce.productDescription=product_description commerce.price=price commerce.isbn=isbn13 "
        "company.name=company company.companyName=company company.companySuffix=company_suffix "
        "company.catchPhrase=catch_phrase company.buzzPhrase=bs company.bs=bs company.buzzNoun=word "
        "company.buzzVerb=verb company.buzzAdjective=adjective "
        "database.column=database_column database.type=database_type database.engine=database_engine "
        "database.collation=word database.mongodbObjectId=mongodb_id "
        "datatype.boolean=boolean datatype.number=random_int datatype.float=random_float datatype.uuid=uuid4 "
        "datatype.string=word datatype.datetime=date_time "
        "date.anytime=date_time date.past=past_datetime date.future=future_datetime date.recent=past_datetime "
        "date.soon=future_datetime date.between=date_time_between date.birthdate=date_of_birth date.month=month_name "
        "date.weekday=day_of_week date.timeZone=timezone "
        "finance.accountName=account_name finance.account=account_number finance.accountNumber=account_number "
        "finance.amount=pydecimal finance.bic=swift finance.iban=iban finance.currencyCode=currency_code "
        "finance.currencyName=currency_name finance.currencySymbol=currency_symbol finance.currency=currency_code "
        "finance.creditCardNumber=credit_card_number finance.creditCardCVV=credit_card_security_code "
        "finance.creditCardIssuer=credit_card_provider finance.transactionType=transaction_type "
        "finance.transactionDescription=sentence finance.routingNumber=aba finance.pin=pin finance.maskedNumber=pin "
        "finance.bitcoinAddress=sha1 finance.ethereumAddress=sha1 finance.litecoinAddress=sha1 "
        "food.dish=dish food.fruit=fruit food.vegetable=vegetable food.spice=spice food.meat=meat "
        "food.ethnicCategory=cuisine food.ingredient=ingredient food.adjective=adjective food.description=sentence "
        "git.branch=git_branch git.commitSha=sha1 git.commitMessage=sentence git.commitDate=past_datetime "
        "hacker.abbreviation=hacker_abbreviation hacker.adjective=hacker_adjective hacker.noun=hacker_noun "
        "hacker.verb=hacker_verb hacker.ingverb=hacker_verb hacker.phrase=sentence "
        "helpers.arrayElement=random_element helpers.arrayElements=random_element helpers.enumValue=random_element "
        "helpers.objectKey=random_element helpers.objectValue=random_element "
        "helpers.weightedArrayElement=random_element "
        "helpers.replaceSymbols=bothify helpers.replaceSymbolWithNumber=bothify helpers.slugify=slug "
        "helpers.rangeToNumber=random_int helpers.maybe=boolean "
        "image.avatar=image_address image.url=image_address image.imageUrl=image_address "
        "image.urlPicsumPhotos=image_address image.urlLoremFlickr=image_address "
        "internet.email=email internet.exampleEmail=email internet.userName=user_name internet.username=user_name "
        "internet.displayName=user_name internet.domainName=domain_name internet.domainWord=domain_word "
        "internet.domainSuffix=tld internet.url=url internet.ip=ipv4 internet.ipv4=ipv4 internet.ipv6=ipv6 "
        "internet.mac=mac_address internet.port=port_number internet.password=password internet.emoji=emoji "
        "internet.httpMethod=http_method internet.httpStatusCode=http_status_code internet.userAgent=user_agent "
        "internet.color=hex_color internet.jwt=sha256 internet.protocol=internet_protocol "
        "location.buildingNumber=building_number location.cardinalDirection=direction location.direction=direction "
        "location.ordinalDirection=direction location.city=city location.cityName=city location.continent=continent "
        "location.country=country location.countryCode=country_code location.county=city location.latitude=latitude "
        "location.longitude=longitude location.nearbyGPSCoordinate=latlng location.secondaryAddress=secondary_address "
        "location.state=state location.stateAbbr=state_abbr location.street=street_name "
        "location.streetName=street_name location.streetAddress=street_address location.streetPrefix=street_suffix "
        "location.streetSuffix=street_suffix location.timeZone=timezone location.zipCode=postcode "
        "location.language=language_name "
        "lorem.word=word lorem.words=words lorem.sentence=sentence lorem.sentences=paragraph lorem.paragraph=paragraph "
        "lorem.paragraphs=paragraph lorem.text=text lorem.lines=paragraph lorem.slug=slug "
        "music.genre=music_genre music.songName=song_name music.artist=name music.album=song_name "
        "number.int=random_int number.float=random_float number.bigInt=random_int number.hex=hex_code "
        "number.binary=boolean number.octal=random_int number.romanNumeral=century "
        "person.firstName=first_name person.lastName=last_name person.middleName=first_name person.fullName=name "
        "person.bio=sentence person.gender=gender_identity person.sex=sex person.sexType=sex person.prefix=prefix "
        "person.suffix=suffix person.jobTitle=job_title person.jobType=job_title person.jobArea=company_department "
        "person.jobDescriptor=adjective person.zodiacSign=zodiac_sign "
        "phone.number=phone_number phone.phoneNumber=phone_number phone.imei=imei "
        "science.chemicalElement=chemical_element science.unit=unit "
        "string.uuid=uuid4 string.nanoid=nanoid string.ulid=ulid string.numeric=digits string.alpha=letters "
        "string.alphanumeric=alphanumeric string.hexadecimal=hex_code string.sample=alphanumeric "
        "string.symbol=alphanumeric "
        "string.binary=digits string.octal=digits "
        "system.fileName=file_name system.commonFileName=file_name system.fileExt=file_extension "
        "system.commonFileExt=file_extension system.filePath=file_path system.directoryPath=file_path "
        "system.mimeType=mime_type system.fileType=file_extension system.commonFileType=file_extension "
        "system.semver=semver system.cron=cron system.networkInterface=unix_device "
        "vehicle.manufacturer=vehicle_make vehicle.model=vehicle_model vehicle.vehicle=vehicle_model "
        "vehicle.type=vehicle_type vehicle.fuel=fuel vehicle.vin=vin vehicle.vrm=license_plate "
        "vehicle.color=color_name vehicle.bicycle=bicycle "
        "word.adjective=adjective word.adverb=adverb word.conjunction=conjunction word.interjection=interjection "
        "word.noun=noun word.preposition=preposition word.sample=word word.verb=verb word.words=words"
    ),
    "date.birthday": ("date_of_birth", {}),
    "color.hex": ("hex_color", {}),
}
"""Every module of Faker.js 9 and 10. Where it has no counterpart that differs from another, the nearest one."""

OLD_MODULES: Mapping[str, str] = {"name": "person", "address": "location", "random": "helpers", "datatype": "datatype"}
"""Modules that Faker.js renamed; models still write them."""

SPELLINGS: Mapping[str, Translation] = {
    **_same(
        "full_name=name fullname=name person_name=name firstname=first_name lastname=last_name surname=last_name "
        "family_name=last_name given_name=first_name username=user_name mail=email email_address=email "
        "safe_email=email ascii_email=email ascii_safe_email=email free_email=email ascii_free_email=email "
        "ascii_company_email=company_email phone=phone_number telephone=phone_number mobile=phone_number "
        "zipcode=postcode zip_code=postcode postalcode=postcode postal_code=postcode administrative_unit=state "
        "street=street_address integer=random_int int=random_int number=random_int pyint=random_int float=random_float "
        "pyfloat=random_float decimal=pydecimal amount=pydecimal bool=boolean pybool=boolean uuid=uuid4 guid=uuid4 "
        "random.choice=random_element random_choice=random_element choice=random_element enum=random_element "
        "random_choices=random_element random_elements=random_element random.randint=random_int randint=random_int "
        "random.uniform=random_float numerify=bothify lexify=bothify datetime=date_time timestamp=date_time "
        "date_object=date birthdate=date_of_birth birthday=date_of_birth dob=date_of_birth job_name=job "
        "company_name=company gender=sex category=product_category department=product_category "
        "lorem=sentence string=word id=row_number auto_increment=row_number website=url domain=domain_name "
        "address.zip_code=postcode commerce.sku=sku product.sku=sku text.word=word"
    ),
}

PARAMETERS: Mapping[str, str] = {
    "minimum": "min", "min_value": "min", "maximum": "max", "max_value": "max", "low": "min", "high": "max",
    "fractionDigits": "fraction_digits", "precision": "fraction_digits", "right_digits": "fraction_digits",
    "decimals": "fraction_digits", "multipleOf": "step", "values": "elements", "options": "elements",
    "choices": "elements", "array": "elements", "ext_word_list": "elements", "from": "start_date", "to": "end_date",
    "start": "start_date", "end": "end_date", "start_datetime": "start_date", "end_datetime": "end_date",
    "datetime_start": "start_date", "datetime_end": "end_date",
    "minAge": "minimum_age", "min_age": "minimum_age", "maxAge": "maximum_age", "max_age": "maximum_age",
    "probability": "chance_of_getting_true", "truth_probability": "chance_of_getting_true", "count": "nb",
    "length": "digits", "wordCount": "nb_words", "sentenceCount": "nb_sentences", "format": "text", "pattern": "text",
    "string": "text", "gender": "sex", "provider": "domain", "std": "sd", "stddev": "sd", "mu": "mean",
    "zeros": "width", "digits": "digits",
}  # fmt: skip
"""Parameters by other names. One is taken where the type has ours and not theirs."""
