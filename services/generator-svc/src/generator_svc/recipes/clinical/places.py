"""Where patients live: cities with their state, ZIP codes and area codes, so that an address agrees with itself.

Public facts of the postal service and the numbering plan. Each area code stands once: a number decides its city.
A change of any entry or its order changes patients: raise the recipe's version.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A city of the United States."""

    city: str
    state: str
    zips: str
    """ZIP codes of delivery areas, separated by spaces."""
    area_codes: str
    """Telephone area codes, separated by spaces."""


PLACES: tuple[Place, ...] = (
    Place("Anchorage", "AK", "99501 99503 99507 99513 99516", "907"),
    Place("Birmingham", "AL", "35203 35208 35213 35218 35226", "205 659"),
    Place("Mobile", "AL", "36602 36605 36608 36611 36617", "228 251"),
    Place("Little Rock", "AR", "72201 72204 72206 72209 72211", "501"),
    Place("Phoenix", "AZ", "85003 85015 85024 85035 85048", "480 602 623"),
    Place("Tucson", "AZ", "85701 85711 85718 85739 85747", "520"),
    Place("Fresno", "CA", "93650 93703 93706 93720 93723", "559"),
    Place("Los Angeles", "CA", "90001 90014 90026 90039 90057", "213 310 323 424 747 818"),
    Place("Oakland", "CA", "94601 94605 94609 94612 94618", "341 510 925"),
    Place("Sacramento", "CA", "95811 95818 95823 95828 95833", "279 916"),
    Place("San Diego", "CA", "92101 92107 92114 92121 92128", "619 858"),
    Place("Colorado Springs", "CO", "80902 80908 80915 80921 80927", "719"),
    Place("Denver", "CO", "80202 80212 80223 80233 80249", "303 720 983"),
    Place("Hartford", "CT", "06101 06103 06105 06106 06112", "860 959"),
    Place("New Haven", "CT", "06510 06511 06513 06515 06519", "203 475"),
    Place("Washington", "DC", "20001 20006 20011 20018 20036", "202 771"),
    Place("Wilmington", "DE", "19801 19803 19805 19807 19809", "302"),
    Place("Jacksonville", "FL", "32099 32208 32217 32223 32244", "386 904"),
    Place("Miami", "FL", "33122 33135 33155 33170 33182", "305 786"),
    Place("Orlando", "FL", "32801 32808 32817 32824 32831", "321 407 689"),
    Place("Tallahassee", "FL", "32301 32304 32308 32310 32312", "229 448 850"),
    Place("Tampa", "FL", "33602 33607 33613 33618 33626", "656 727 813"),
    Place("Atlanta", "GA", "30303 30311 30319 30336 30345", "404 470 678 770 943"),
    Place("Savannah", "GA", "31401 31405 31408 31411 31419", "912"),
    Place("Honolulu", "HI", "96813 96815 96817 96819 96822", "808"),
    Place("Des Moines", "IA", "50307 50310 50313 50316 50320", "515"),
    Place("Boise", "ID", "83702 83704 83706 83709 83713", "208 986"),
    Place("Chicago", "IL", "60601 60612 60623 60636 60647", "224 312 464 708 773 872"),
    Place("Springfield", "IL", "62701 62702 62703 62704 62707", "217 447"),
    Place("Fort Wayne", "IN", "46802 46805 46808 46815 46819", "260"),
    Place("Indianapolis", "IN", "46201 46216 46224 46234 46250", "317 463"),
    Place("Wichita", "KS", "67202 67207 67212 67217 67226", "316 620"),
    Place("Louisville", "KY", "40202 40208 40214 40220 40242", "502"),
    Place("Baton Rouge", "LA", "70801 70807 70811 70816 70820", "225"),
    Place("New Orleans", "LA", "70112 70116 70121 70125 70129", "504 985"),
    Place("Boston", "MA", "02108 02111 02115 02133 02203", "617 781 857"),
    Place("Worcester", "MA", "01602 01604 01606 01608 01610", "508 774 978"),
    Place("Baltimore", "MD", "21201 21209 21213 21217 21229", "410 443 667"),
    Place("Portland", "ME", "04101 04102 04103 04109", "207"),
    Place("Detroit", "MI", "48201 48207 48213 48219 48227", "248 313 586 947"),
    Place("Grand Rapids", "MI", "49503 49505 49507 49512 49534", "616"),
    Place("Minneapolis", "MN", "55401 55411 55421 55431 55442", "612 651 763 952"),
    Place("Kansas City", "MO", "64101 64114 64127 64138 64155", "816"),
    Place("Saint Louis", "MO", "63101 63110 63119 63128 63137", "314 557 636"),
    Place("Jackson", "MS", "39201 39203 39206 39211 39213", "601 769"),
    Place("Billings", "MT", "59101 59102 59105 59106", "406"),
    Place("Charlotte", "NC", "28202 28208 28214 28244 28273", "704 980"),
    Place("Raleigh", "NC", "27601 27605 27608 27612 27615", "919 984"),
    Place("Fargo", "ND", "58102 58103 58104", "701"),
    Place("Lincoln", "NE", "68502 68506 68512 68520 68524", "531"),
    Place("Omaha", "NE", "68102 68110 68118 68132 68142", "402"),
    Place("Manchester", "NH", "03101 03102 03103 03104 03109", "603"),
    Place("Newark", "NJ", "07102 07103 07104 07105 07106", "201 551 862 908 973"),
    Place("Albuquerque", "NM", "87101 87105 87108 87111 87114", "505"),
    Place("Las Vegas", "NV", "89101 89113 89124 89141 89156", "702 725"),
    Place("Reno", "NV", "89501 89503 89508 89510 89512", "775"),
    Place("Albany", "NY", "12202 12204 12206 12208 12210", "518 838"),
    Place("Buffalo", "NY", "14201 14207 14212 14217 14222", "716"),
    Place("New York", "NY", "10001 10021 10039 10112 10167", "212 347 646 718 917"),
    Place("Rochester", "NY", "14604 14608 14612 14616 14620", "585"),
    Place("Cincinnati", "OH", "45202 45212 45223 45233 45242", "283 513"),
    Place("Cleveland", "OH", "44102 44108 44113 44120 44127", "216 440"),
    Place("Columbus", "OH", "43085 43206 43213 43221 43229", "220 380 614 740"),
    Place("Toledo", "OH", "43601 43606 43609 43612 43615", "419 567 734"),
    Place("Oklahoma City", "OK", "73102 73111 73121 73135 73160", "405 572 580"),
    Place("Tulsa", "OK", "74103 74108 74116 74127 74132", "539 918"),
    Place("Eugene", "OR", "97401 97402 97403 97404 97405", "458 541"),
    Place("Portland", "OR", "97201 97209 97215 97221 97229", "503 971"),
    Place("Philadelphia", "PA", "19102 19114 19125 19135 19145", "215 267 445"),
    Place("Pittsburgh", "PA", "15201 15210 15219 15228 15239", "412 724 878"),
    Place("Providence", "RI", "02903 02904 02905 02906 02907", "401"),
    Place("Charleston", "SC", "29401 29403 29406 29407 29412", "843 854"),
    Place("Sioux Falls", "SD", "57103 57104 57105 57106 57107", "605"),
    Place("Memphis", "TN", "38103 38108 38115 38120 38128", "901"),
    Place("Nashville", "TN", "37201 37206 37210 37214 37218", "615 629"),
    Place("Austin", "TX", "78701 78721 78730 78739 78750", "512 737"),
    Place("Dallas", "TX", "75201 75211 75224 75234 75246", "214 469 945 972"),
    Place("El Paso", "TX", "79901 79905 79910 79922 79928", "915"),
    Place("Houston", "TX", "77002 77021 77040 77060 77079", "281 346 713 832"),
    Place("San Antonio", "TX", "78201 78213 78225 78239 78252", "210 726 830"),
    Place("Salt Lake City", "UT", "84101 84105 84109 84114 84118", "385 435 801"),
    Place("Norfolk", "VA", "23502 23504 23507 23509 23511", "757 948"),
    Place("Richmond", "VA", "23219 23222 23225 23230 23235", "804"),
    Place("Burlington", "VT", "05401 05408", "802"),
    Place("Seattle", "WA", "98101 98108 98119 98134 98158", "206 253 425"),
    Place("Spokane", "WA", "99201 99203 99205 99207 99212", "509"),
    Place("Madison", "WI", "53703 53705 53711 53714 53716", "608"),
    Place("Milwaukee", "WI", "53202 53207 53212 53217 53222", "262 414"),
    Place("Charleston", "WV", "25301 25304 25306 25312 25314", "304 681"),
    Place("Cheyenne", "WY", "82001 82007 82009", "307"),
)
