"""Run the stories, one after the other, and show each as it ends."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console

from deploy.demo.stories import STORIES, Story, Told, tell
from deploy.demo.timeline import announce, as_line, show
from deploy.demo.world import open_world
from deploy.local.stack import Stack


async def run(
    stack: Stack, only: str | None = None, as_json: bool = False, screen: Console | None = None
) -> bool:
    """Tell the stories, or `only` one, on a running stack; whether all ended as told.

    As JSON it is one object a line. KeyError for a story that nobody knows.
    """
    console = screen or Console(highlight=False)
    stories = [STORIES[only]] if only else list(STORIES.values())
    async with open_world(stack) as world:
        ended = []
        for number, story in enumerate(stories, start=1):
            if not as_json:
                announce(story, console, _place(number, stories))
            told = await tell(story, world)
            _print(told, console, as_json)
            ended.append(told.problem is None)
    return all(ended)


def _print(told: Told, console: Console, as_json: bool) -> None:
    if as_json:
        console.file.write(json.dumps(as_line(told), ensure_ascii=False) + "\n")
        console.file.flush()
    else:
        show(told, console)


def _place(number: int, stories: Sequence[Story]) -> str:
    return f"Story {number} of {len(stories)}: " if len(stories) > 1 else ""
