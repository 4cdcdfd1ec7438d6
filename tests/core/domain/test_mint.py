"""What is minted is the same as what its class makes."""

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from petiole.core.domain.mint import mint


@dataclass(frozen=True, slots=True)
class Coin:
    metal: str
    worth: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    coins: list[Coin] = field(default_factory=list)


coin, purse = mint(Coin), mint(Purse)


def test_minted_value_is_equal_and_of_the_same_class() -> None:
    minted = coin("gold", 5)

    assert minted == Coin("gold", 5)
    assert type(minted) is Coin
    assert hash(minted) == hash(Coin("gold", 5))
    assert repr(minted) == repr(Coin("gold", 5))


def test_minted_value_is_as_frozen_as_any() -> None:
    minted = coin("gold", 5)

    with pytest.raises(FrozenInstanceError):
        minted.worth = 6  # type: ignore[misc] # it is frozen


def test_minted_value_can_be_replaced() -> None:
    assert replace(coin("gold", 5), worth=6) == Coin("gold", 6)


def test_fields_may_be_named() -> None:
    assert purse(coins=[Coin("gold")]) == Purse(coins=[Coin("gold")])


def test_defaults_do_not_count() -> None:
    with pytest.raises(TypeError, match="worth"):
        coin("gold")


def test_class_that_looks_at_its_values_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Weighed:
        grams: int

        def __post_init__(self) -> None:
            assert self.grams

    with pytest.raises(TypeError, match="__post_init__"):
        mint(Weighed)
