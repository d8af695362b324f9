"""The blank form of a region as a PDF (F-S09, F-S10, F-P18, F-P34)."""

from services.catalog.forms.typesetting import blank_form, faults

__all__ = ["blank_form", "faults"]
