"""The names of the products behind Graph's part numbers."""

from __future__ import annotations

import pytest

from o365_exporter.product_names import PRODUCT_NAMES, product_name


@pytest.mark.parametrize(
    ("part_number", "name"),
    [
        ("ENTERPRISEPREMIUM", "Office 365 E5"),
        ("SPE_E5", "Microsoft 365 E5"),
        ("SPE_F1", "Microsoft 365 F3"),
        ("POWER_BI_STANDARD", "Microsoft Fabric (Free)"),
    ],
)
def test_a_known_part_number_has_microsofts_name(part_number: str, name: str) -> None:
    """A part number of the table is shown by the name Microsoft sells it under, however little the two share."""
    assert product_name(part_number) == name


def test_an_unknown_part_number_stands_for_itself() -> None:
    """A part number the table lacks comes back as Graph spelled it, so a new product is never without a name."""
    assert product_name("Brand_New_Product") == "Brand_New_Product"


def test_the_case_of_a_part_number_does_not_matter() -> None:
    """Graph spells some part numbers in mixed case, and they are found all the same."""
    assert product_name("Microsoft_Teams_Rooms_Pro") == "Microsoft Teams Rooms Pro"


def test_every_part_number_can_be_found() -> None:
    """The keys are in upper case, because the lookup is, and none of them is unreachable."""
    assert [key for key in PRODUCT_NAMES if key != key.upper()] == []


def test_the_table_is_sorted() -> None:
    """The keys stand in order, so that a name is found, and a second one is noticed, by reading."""
    assert list(PRODUCT_NAMES) == sorted(PRODUCT_NAMES)


def test_no_name_is_empty_or_padded() -> None:
    """Every name is text without blanks around it, since it becomes the value of a label."""
    assert [key for key, name in PRODUCT_NAMES.items() if not name or name != name.strip()] == []
