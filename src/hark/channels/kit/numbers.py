"""Telephone numbers in international form (E.164), by the library `phonenumbers`."""


def phone_number(value: str, region: str) -> str:
    """A phone number in international form, empty when it cannot be one; `region`: the country of one without code."""
    import phonenumbers

    try:
        read = phonenumbers.parse(value[:80], region.upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    possible = phonenumbers.is_possible_number(read)
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164) if possible else ""


def number_of_network(value: str, region: str) -> str:
    """The same for what a telephone network says, which often leaves the plus of an international number away."""
    import phonenumbers

    said = value.strip()
    if said.startswith("00"):
        said = f"+{said[2:]}"
    if not said.startswith("+") and said.isascii() and said.isdigit():
        here, abroad = phone_number(said, region) if region else "", phone_number(f"+{said}", "")
        found = [one for one in (here, abroad) if one and phonenumbers.is_valid_number(phonenumbers.parse(one))]
        return found[0] if found else ""
    return phone_number(said, region)
