"""Names in queries."""

from shared.crm import saql


def test_quotes_in_a_field_name_do_not_end_it() -> None:
    assert saql.field("it's \\") == r"'it\'s \\'"


def test_a_page_is_ordered_by_everything_it_reads_and_limited() -> None:
    query = saql.page("0Fb/0Fc", ["A", "B"], offset=20_000)
    assert query == (
        "q = load \"0Fb/0Fc\"; q = foreach q generate 'A' as 'A', 'B' as 'B'; q = order q by ('A' asc, 'B' asc); "
        "q = offset q 20000; q = limit q 10000;"
    )
