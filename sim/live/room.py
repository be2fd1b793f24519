"""The room: what participants send from their phones. Everything is counted and bounded; nobody here can steer the city."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter, deque
from typing import Any

from sim import RunError
from sim.live.proposals import MOST_EACH, MOST_PROPOSALS, Proposal, checked

#: Phones at once, posts of one phone in ten seconds, and of all together in one.
MOST_PARTICIPANTS = 500
POSTS_IN_TEN_SECONDS = 40
POSTS_A_SECOND = 400
RATINGS = (1, 2, 3, 4, 5)


class Room:
    """Votes for measures (-1, 0, 1), ratings of branches (1 to 5), one of each by participant; proposals and what others think of them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.votes: dict[str, dict[str, int]] = {}
        self.ratings: dict[str, dict[int, int]] = {}
        self.proposals: dict[int, Proposal] = {}
        self.revision = 0
        self.open = True
        self._posts: dict[str, deque[float]] = {}
        self._all: deque[float] = deque()

    def enter(self) -> str:
        """A new participant's secret. Raises RunError when the room is full."""
        with self.lock:
            if len(self._posts) >= MOST_PARTICIPANTS:
                raise RunError("the room is full")
            who = secrets.token_urlsafe(16)
            self._posts[who] = deque()
            return who

    def known(self, who: str) -> bool:
        """Somebody who has entered."""
        return who in self._posts

    def given(self, who: str) -> dict[str, int]:
        """What a participant has sent: votes by measure, ratings by "b" and the branch's number, proposals by "p" and theirs."""
        with self.lock:
            judged = {f"p{n}": one.votes[who] for n, one in self.proposals.items() if who in one.votes}
            return {**self.votes.get(who, {}), **{f"b{n}": v for n, v in self.ratings.get(who, {}).items()}, **judged}

    def vote(self, who: str, measure: str, value: int, measures: frozenset[str]) -> None:
        """For, against, or neither. Raises RunError."""
        self._admit(who)
        if measure not in measures or value not in (-1, 0, 1):
            raise RunError("no such measure or vote")
        with self.lock:
            self.votes.setdefault(who, {})[measure] = value
            self.revision += 1

    def rate(self, who: str, branch: int, value: int, branches: frozenset[int]) -> None:
        """One to five. Raises RunError."""
        self._admit(who)
        if branch not in branches or value not in RATINGS:
            raise RunError("no such branch or rating")
        with self.lock:
            self.ratings.setdefault(who, {})[branch] = value
            self.revision += 1

    def propose(self, who: str, given: dict[str, Any], districts: int) -> Proposal:
        """Take in a proposal. Raises RunError; ValueError, TypeError or KeyError for what is none."""
        self._admit(who)
        with self.lock:
            if (
                sum(one.who == who for one in self.proposals.values()) >= MOST_EACH
                or len(self.proposals) >= MOST_PROPOSALS
            ):
                raise RunError("no more proposals")
            made = checked(who, len(self.proposals) + 1, given, districts)
            self.proposals[made.number] = made
            self.revision += 1
        return made

    def judge(self, who: str, number: int, value: int) -> None:
        """For a proposal, against it, or neither any more. Raises RunError."""
        self._admit(who)
        with self.lock:
            one = self.proposals.get(number)
            if one is None or one.hidden or value not in (-1, 0, 1):
                raise RunError("no such proposal or vote")
            one.votes[who] = value
            self.revision += 1

    def hide(self, number: int, hidden: bool) -> None:
        """Keep a proposal from the phones, or show it again."""
        with self.lock:
            self.proposals[number].hidden = hidden
            self.revision += 1

    def ranked(self) -> list[Proposal]:
        """All proposals, those most wanted first, hidden ones last."""
        with self.lock:
            found = list(self.proposals.values())
        return sorted(found, key=lambda one: (one.hidden, one.tally[1] - one.tally[0], one.number))

    def _admit(self, who: str) -> None:
        now = time.monotonic()
        with self.lock:
            if not self.open:
                raise RunError("votes are closed")
            if who not in self._posts:
                raise RunError("enter first")
            for posts, most, seconds in (
                (self._posts[who], POSTS_IN_TEN_SECONDS, 10.0),
                (self._all, POSTS_A_SECOND, 1.0),
            ):
                while posts and posts[0] < now - seconds:
                    posts.popleft()
                if len(posts) >= most:
                    raise RunError("too many at once")
                posts.append(now)

    def tally(self) -> dict[str, tuple[int, int]]:
        """(for, against) by measure."""
        with self.lock:
            up, down = Counter[str](), Counter[str]()
            for votes in self.votes.values():
                for measure, value in votes.items():
                    up[measure] += value > 0
                    down[measure] += value < 0
        return {m: (up[m], down[m]) for m in {*up, *down}}

    def mean_ratings(self) -> dict[int, tuple[float, int]]:
        """(mean, number) by branch."""
        with self.lock:
            lists: dict[int, list[int]] = {}
            for ratings in self.ratings.values():
                for branch, value in ratings.items():
                    lists.setdefault(branch, []).append(value)
        return {b: (sum(v) / len(v), len(v)) for b, v in lists.items()}

    def voters(self) -> int:
        """Participants who have voted, rated or proposed."""
        with self.lock:
            judges = {who for one in self.proposals.values() for who in (one.who, *one.votes)}
            return len({*self.votes, *self.ratings, *judges})

    def reset(self) -> None:
        """Forget votes and ratings; participants stay."""
        with self.lock:
            self.votes.clear()
            self.ratings.clear()
            self.revision += 1
