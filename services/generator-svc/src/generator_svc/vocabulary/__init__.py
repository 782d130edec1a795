"""What cells can hold: names, addresses, prices, dates, texts – whole columns at a time, in every locale of Faker.

`resolving.resolved` is the way in: a name and parameters become a type that is on the allow-list, or are refused.
"""
