"""A deadline in working days, paused, restarted and extended without gaining or losing a day; pure.

The rule: a working day is used up if it lies after the start day (N-13) and the clock was running when
the day ended (24:00, Asia/Shanghai). So the day of a pause is not used up, the day of a resumption is, and
a pause moves the due date by exactly the working days that ended inside it. Nothing but the acts is stored:
what is used up and when the clock runs out are worked out from the acts and a calendar, so a year that is
loaded later corrects every clock.
"""

from shared.clock.account import Account, Day, Due, Pause, Why, due, explain, is_overdue, remaining
from shared.clock.acts import (
    SHANGHAI,
    Act,
    Clock,
    ClockJson,
    Entry,
    extend,
    from_json,
    pause,
    restart,
    resume,
    shanghai_date,
    start,
    stop,
    to_json,
)

__all__ = [
    "SHANGHAI",
    "Account",
    "Act",
    "Clock",
    "ClockJson",
    "Day",
    "Due",
    "Entry",
    "Pause",
    "Why",
    "due",
    "explain",
    "extend",
    "from_json",
    "is_overdue",
    "pause",
    "remaining",
    "restart",
    "resume",
    "shanghai_date",
    "start",
    "stop",
    "to_json",
]
