from crm_sandbox.salesforce.ids import make_id, to_18


def test_a_short_id_gets_the_checksum_salesforce_gives() -> None:
    assert to_18("003ak00000luKU1") == "003ak00000luKU1AAM"
    assert to_18("003ak00000jvIfp") == "003ak00000jvIfpAAE"


def test_a_long_id_must_check() -> None:
    assert to_18("003ak00000luKU1AAM") == "003ak00000luKU1AAM"
    assert to_18("003ak00000luKU1AAA") is None
    assert to_18("nonsense") is None


def test_later_records_have_greater_ids() -> None:
    ids = [make_id("a00", number) for number in (1, 9, 10, 35, 36, 61, 62, 3843, 3844, 1_000_000)]
    assert ids == sorted(ids)
