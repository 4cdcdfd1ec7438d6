"""One mutant in one suite: what was tried, what killed it, and what is told if nothing did."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from petiole.testing.promises import promises_in
from petiole.testing.zoo.habitats import Habitat
from petiole.testing.zoo.mutant import Mutant


@dataclass(kw_only=True, eq=False)
class Trial:
    """A mutant, set on the tests of a suite until one of them fails.

    `left` counts the tests that have not run yet. `noticed` tells by which test it was killed;
    `seen` names the tests of the broken sentence that ran to their end all the same, and `skipped`
    why others did not.
    """

    name: str
    title: str
    suite: type
    habitat: Habitat
    mutant: Mutant
    begun: bool = False
    infested: bool = False
    left: int = 0
    noticed: str = ""
    spoiled: bool = False
    seen: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Nothing more can be learned."""
        return self.spoiled or bool(self.noticed)

    @property
    def survived(self) -> bool:
        """It lived although a test of its sentence ran."""
        return not self.left and not self.over and bool(self.seen)

    @property
    def untried(self) -> str:
        """Why it tells nothing, or an empty text; also where nobody let its tests run."""
        if self.spoiled:
            return "the suite fails without it too; mend that first"
        if self.noticed or self.seen or self.left:
            return ""
        reasons = "; ".join(sorted(set(self.skipped.values())))
        return reasons or "no test that ran could see it"

    @cached_property
    def killers(self) -> Sequence[str]:
        """Name the tests of the suite that should notice."""
        if self.mutant.seen_by:
            return [self.mutant.seen_by]
        mine = self.mutant.promise
        sentence = mine.sentence
        return sorted(
            {
                test
                for test, promise in promises_in(self.suite)
                if promise.subject is mine.subject and promise.quotes(sentence)
            }
        )

    def counts_on(self, *names: str) -> bool:
        """Tell whether a test, by any of its names, is one that should notice."""
        return any(name in self.killers for name in names)

    @property
    def obituary(self) -> str:
        """Say what should have killed it."""
        promise = self.mutant.promise
        tests = "\n".join(f"    {test}" for test in self.killers) or "    (none in this suite)"
        return (
            f"An adapter that {self.mutant.name} passes {self.suite.__name__}.\n"
            f"It breaks {promise.where}:\n    {promise.sentence}\n"
            f"which is kept by\n{tests}\n"
            "Do your own versions of these tests, or your stand, look away?"
        )
