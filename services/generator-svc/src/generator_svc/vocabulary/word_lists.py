"""Types that are one of fixed words: what Faker.js has modules for and Python's Faker has not."""

from __future__ import annotations

from collections.abc import Mapping

WORD_LISTS: Mapping[str, Mapping[str, str]] = {
    "airline": {
        "airline_name": "Aegean Airlines|Air Canada|Air France|Air New Zealand|All Nippon Airways|American Airlines|"
        "British Airways|Cathay Pacific|Delta Air Lines|Emirates|Finnair|Iberia|Japan Airlines|KLM|LATAM|Lufthansa|"
        "Qantas|Qatar Airways|Singapore Airlines|Swiss|Turkish Airlines|United Airlines",
        "airport_code": "ATL|LHR|CDG|FRA|JFK|LAX|ORD|DFW|DEN|SEA|AMS|MAD|BCN|FCO|ZRH|VIE|CPH|OSL|HEL|IST|DXB|DOH|DEL|"
        "BOM|SIN|HKG|HND|NRT|ICN|SYD|MEL|AKL|GRU|EZE|MEX|YYZ|YVR|JNB|CAI|NBO",
        "aircraft": "Airbus A220|Airbus A320neo|Airbus A330|Airbus A350|Airbus A380|Boeing 737|Boeing 747|Boeing 777|"
        "Boeing 787|Embraer E190|ATR 72|Bombardier CRJ900",
    },
    "animal": {
        "animal_type": "bear|bird|cat|cow|crocodile|dog|dolphin|elephant|fish|fox|giraffe|horse|insect|lion|monkey|"
        "otter|penguin|rabbit|rodent|sheep|snake|tiger|turtle|whale|wolf",
        "dog_breed": "Beagle|Border Collie|Boxer|Corgi|Dachshund|Dalmatian|German Shepherd|Golden Retriever|"
        "Greyhound|Labrador|Poodle|Pug|Rottweiler|Saint Bernard|Shiba Inu|Siberian Husky",
        "cat_breed": "Abyssinian|Bengal|Birman|British Shorthair|Burmese|Maine Coon|Norwegian Forest|Persian|Ragdoll|"
        "Russian Blue|Siamese|Sphynx",
        "pet_name": "Bella|Buddy|Charlie|Coco|Daisy|Finn|Luna|Max|Milo|Molly|Oscar|Poppy|Rocky|Rosie|Simba|Teddy",
    },
    "book": {
        "book_genre": "Biography|Children|Classic|Crime|Fantasy|Graphic Novel|Historical Fiction|History|Horror|"
        "Mystery|Philosophy|Poetry|Romance|Science|Science Fiction|Thriller|Travel|Young Adult",
        "book_title": "Emma|Hamlet|Middlemarch|Moby-Dick|Dracula|Frankenstein|Jane Eyre|Great Expectations|Ulysses|"
        "Walden|Little Women|The Odyssey|The Iliad|Don Quixote|Candide|Faust|Les Misérables|War and Peace|Persuasion",
        "book_format": "Hardcover|Paperback|E-book|Audiobook",
    },
    "food": {
        "dish": "Caesar Salad|Chicken Curry|Fish and Chips|French Onion Soup|Lasagne|Margherita Pizza|Miso Ramen|"
        "Mushroom Risotto|Pad Thai|Paella|Pho|Ratatouille|Shepherd's Pie|Sushi|Tacos al Pastor|Wiener Schnitzel",
        "fruit": "apple|apricot|banana|blueberry|cherry|fig|grape|kiwi|lemon|lime|mango|melon|orange|papaya|peach|"
        "pear|pineapple|plum|raspberry|strawberry",
        "vegetable": "asparagus|aubergine|beetroot|broccoli|cabbage|carrot|cauliflower|celery|courgette|cucumber|"
        "fennel|kale|leek|onion|parsnip|pea|pepper|potato|pumpkin|spinach|tomato",
        "spice": "basil|cardamom|chilli|cinnamon|clove|coriander|cumin|ginger|nutmeg|oregano|paprika|pepper|rosemary|"
        "saffron|sage|thyme|turmeric|vanilla",
        "meat": "beef|chicken|duck|goat|lamb|pork|salmon|tuna|turkey|venison",
        "cuisine": "American|Chinese|Ethiopian|French|Greek|Indian|Italian|Japanese|Korean|Lebanese|Mexican|Peruvian|"
        "Spanish|Thai|Turkish|Vietnamese",
        "ingredient": "butter|chickpeas|cream|egg|flour|garlic|honey|lentils|milk|mustard|olive oil|parmesan|rice|"
        "soy sauce|sugar|tofu|vinegar|yeast|yoghurt",
    },
    "music": {
        "music_genre": "Blues|Classical|Country|Electronic|Folk|Funk|Hip Hop|Jazz|Latin|Metal|Pop|Punk|Rap|Reggae|"
        "Rock|Soul|World",
        "song_name": "Amazing Grace|Auld Lang Syne|Greensleeves|Danny Boy|Scarborough Fair|Shenandoah|Oh Susanna|"
        "La Marseillaise|Ode to Joy|Swing Low|When the Saints Go Marching In|The Entertainer|Maple Leaf Rag",
        "instrument": "accordion|cello|clarinet|drums|flute|guitar|harp|oboe|piano|saxophone|trombone|trumpet|violin",
    },
    "science": {
        "chemical_element": "Hydrogen|Helium|Lithium|Carbon|Nitrogen|Oxygen|Sodium|Magnesium|Aluminium|Silicon|"
        "Phosphorus|Sulfur|Chlorine|Potassium|Calcium|Titanium|Iron|Nickel|Copper|Zinc|Silver|Tin|Gold|Mercury|Lead",
        "unit": "metre|kilogram|second|ampere|kelvin|mole|candela|hertz|newton|pascal|joule|watt|volt|ohm|lux",
    },
    "vehicle": {
        "vehicle_make": "Audi|BMW|Chevrolet|Fiat|Ford|Honda|Hyundai|Kia|Mazda|Mercedes-Benz|Nissan|Peugeot|Porsche|"
        "Renault|Skoda|Subaru|Tesla|Toyota|Volkswagen|Volvo",
        "vehicle_model": "Accord|Altima|Camry|Civic|Clio|Corolla|Fiesta|Focus|Golf|Impreza|Leaf|Model 3|Mustang|"
        "Octavia|Passat|Polo|Prius|Sentra|Tiguan|Yaris",
        "vehicle_type": "Cargo Van|Convertible|Coupe|Crew Cab Pickup|Estate|Hatchback|Minivan|Saloon|SUV",
        "fuel": "Diesel|Electric|Hybrid|Petrol",
        "bicycle": "Road Bicycle|Mountain Bicycle|City Bicycle|Cargo Bike|Folding Bicycle|Touring Bicycle|Tandem",
    },
    "finance": {
        "account_name": "Checking Account|Savings Account|Credit Card Account|Money Market Account|Home Loan Account|"
        "Investment Account|Personal Loan Account|Auto Loan Account",
        "transaction_type": "deposit|withdrawal|payment|invoice|transfer|refund",
        "payment_method": "Credit Card|Debit Card|PayPal|Bank Transfer|Gift Card|Apple Pay|Google Pay",
    },
    "hacker": {
        "hacker_noun": "alarm|application|array|bandwidth|bus|capacitor|card|circuit|driver|feed|firewall|interface|"
        "matrix|microchip|monitor|panel|pixel|port|program|protocol|sensor|system|transmitter",
        "hacker_verb": "back up|bypass|calculate|compress|connect|copy|generate|hack|index|input|navigate|override|"
        "parse|program|quantify|reboot|synthesize|transmit",
        "hacker_adjective": "1080p|auxiliary|back-end|bluetooth|cross-platform|digital|haptic|mobile|multi-byte|neural|"
        "online|open-source|optical|primary|redundant|solid state|virtual|wireless",
        "hacker_abbreviation": "AI|API|CSS|DNS|EXE|FTP|GB|HTTP|IP|JSON|PNG|RAM|SQL|SSD|SSL|TCP|THX|USB|XML",
    },
    "database": {
        "database_column": "id|title|name|email|phone|token|group|category|password|comment|avatar|status|createdAt",
        "database_engine": "InnoDB|MyISAM|MEMORY|CSV|BLACKHOLE|ARCHIVE",
        "database_type": "int|varchar|text|date|datetime|tinyint|time|timestamp|smallint|float|bigint|enum|binary|blob",
    },
    "location": {
        "direction": "North|East|South|West|Northeast|Northwest|Southeast|Southwest",
        "continent": "Africa|Antarctica|Asia|Europe|North America|Oceania|South America",
    },
    "person": {
        "gender_identity": "Female|Male|Non-binary|Agender|Genderfluid|Genderqueer|Transgender",
        "zodiac_sign": "Aries|Taurus|Gemini|Cancer|Leo|Virgo|Libra|Scorpio|Sagittarius|Capricorn|Aquarius|Pisces",
        "blood_type": "A+|A-|AB+|AB-|B+|B-|O+|O-",
    },
    "git": {"git_branch": "main|develop|feature/login|feature/search|fix/timeout|release/2.4|hotfix/cache"},
    "system": {
        "semver": "0.9.1|1.0.0|1.2.3|1.4.0|2.0.1|2.3.5|3.1.4|4.0.0|5.2.8",
        "cron": "0 * * * *|*/5 * * * *|0 0 * * *|0 6 * * 1|30 2 1 * *",
    },
    "word": {
        "adjective": "able|brave|bright|calm|careful|clever|early|fair|fresh|gentle|happy|honest|kind|large|quick|"
        "quiet|sharp|small|strong|sweet|warm|wise|young",
        "adverb": "almost|always|badly|boldly|calmly|carefully|easily|fast|gently|happily|kindly|loudly|nearly|often|"
        "quickly|quietly|rarely|slowly|softly|well",
        "conjunction": "after|although|and|because|before|but|if|or|since|so|though|unless|until|when|while|yet",
        "interjection": "ah|aw|boo|bravo|eek|gee|hey|hmm|hooray|oh|ouch|phew|pfft|ugh|wow|yay|yikes|yuck",
        "noun": "apple|bridge|candle|castle|cloud|engine|forest|garden|harbour|island|lantern|letter|mirror|mountain|"
        "ocean|pencil|river|shadow|silver|station|thunder|valley|window|winter",
        "preposition": "about|above|across|after|against|along|among|around|at|behind|below|beside|between|by|during|"
        "for|from|in|inside|into|near|of|on|over|through|to|toward|under|with|without",
        "verb": "arrive|bake|bring|build|carry|catch|choose|climb|dance|draw|drive|explain|find|follow|gather|grow|"
        "help|jump|learn|listen|open|paint|play|read|run|sing|speak|swim|teach|travel|walk|write",
    },
}
"""Group → type → its words, separated by `|`."""
