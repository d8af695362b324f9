"""Recognition standards applied to evidence: what is met, what is not, what was not shown, and why; pure.

It advises. Nothing here decides, and what is unknown is never taken for absent.
"""

from shared.recognition.judging import judge
from shared.recognition.vectors import Vector, failure_of

__all__ = ["Vector", "failure_of", "judge"]
