"""How a person's name and numbers look to staff by default (domain.md 8.4)."""

HIDDEN = "****"
"""What stands where nothing of a value is shown."""


def masked_name(name: str) -> str:
    """Show the first character of a name."""
    return name[:1] + "*" * (len(name) - 1)


def masked_number(number: str) -> str:
    """Show the first and last four characters of a document number, so that the birth date is hidden."""
    if len(number) <= 8:
        return "*" * len(number)
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def masked_phone(phone: str) -> str:
    """Show the first three and last four characters of a phone number, of a short one nothing."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else HIDDEN
