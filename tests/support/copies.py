"""Records on their way to another topic, altered on the way."""

from shared.chain import Link


class Copy:
    """A record on its way to another topic."""

    def __init__(self, key, value, headers):
        self.key, self.value, self.headers = key, value, headers

    @property
    def sequence(self):
        return int(self.headers["ce_sequence"])

    def link(self, previous):
        texts = {name: value.decode() for name, value in self.headers.items()}
        return Link(
            topic="any",
            key=self.key.decode(),
            event_id=texts["ce_id"],
            type=texts["ce_type"],
            time=texts["ce_time"],
            sequence=self.sequence,
            previous=previous,
            body=self.value,
        )


def sequence_of(record):
    return int(dict(record.headers)["ce_sequence"])
