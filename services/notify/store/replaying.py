"""What of notify's tables a rebuild from the topics is compared with."""

from shared.replaying import OPEN_NOW, Compared, Tables, newest, shared_tables

OPEN = "state IN ('queued', 'sending')"
NOT_OPEN = "CASE WHEN NOT state IN ('queued', 'sending') THEN {} END"
ONCE_SETTLED = {
    name: (NOT_OPEN.format(name), OPEN_NOW) for name in ("attempts", "text", "segments", "reason")
}

TABLES: Tables = {
    **shared_tables("notify.messages"),
    "recipients": Compared(
        ("application_id",),
        "application_id",
        instead={
            "sealed": (
                "CASE WHEN EXISTS (SELECT FROM person_keys k WHERE k.key_id = t.key_id) THEN sealed END",
                "of an erased person who applied again the topic keeps only the new key; "
                "what nobody can open any more is the same as nothing",
            )
        },
    ),
    "regions": Compared(
        ("region", "version"),
        "region",
        instead={
            "effective_from": (
                "CASE WHEN effective_from > current_date THEN effective_from END",
                "a day that has come is as good as any other; versions of before days were kept have another",
            )
        },
        only=newest("regions", "region"),
    ),
    "messages": Compared(
        ("message_id",),
        "application_id",
        left_out={
            "created_at": "the moment at which this service read the event",
            "due_at": OPEN_NOW,
            "unclear": OPEN_NOW,
            "provider_id": "the provider's name for a text; it may come after the event that tells its fate",
            "read_at": "a mark of the reader's, in no event",
        },
        instead={
            "state": (f"CASE WHEN {OPEN} THEN 'open' ELSE state END", OPEN_NOW),
            "template_version": (
                "CASE WHEN sent_at IS NOT NULL THEN template_version END",
                "the version that counts is the one that was sent",
            ),
            **ONCE_SETTLED,
        },
    ),
    "attempts": "every try of the sending loop; what came of them is in the events about the message",
    "receipts": "what the provider reported, also of texts not known here; what it meant is in the events",
}
