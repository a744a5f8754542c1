"""Wrong passwords in a row, by address."""

from diana.flower.tries import FORGOTTEN_SECONDS, FREE_TRIES, MOST_ADDRESSES, PAUSE_SECONDS, Tries

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def after(failures: int, address: str = HERE, now: float = 0.0) -> Tries:
    """Return what is known after so many wrong passwords at once."""
    tries = Tries()
    for _ in range(failures):
        tries.failed(address, now)
    return tries


def test_some_are_free_then_there_is_one_in_a_minute() -> None:
    assert after(FREE_TRIES - 1).seconds_to_wait(HERE, 0) == 0
    tries = after(FREE_TRIES)
    assert tries.seconds_to_wait(HERE, 0) == PAUSE_SECONDS
    assert tries.seconds_to_wait(HERE, PAUSE_SECONDS - 0.5) == 1
    assert tries.seconds_to_wait(HERE, PAUSE_SECONDS) == 0
    tries.failed(HERE, PAUSE_SECONDS)
    assert tries.seconds_to_wait(HERE, PAUSE_SECONDS) == PAUSE_SECONDS


def test_addresses_are_kept_apart_but_those_of_one_network_of_ipv6_are_one() -> None:
    assert after(FREE_TRIES).seconds_to_wait(ELSEWHERE, 0) == 0
    tries = after(FREE_TRIES, "2001:db8::1")
    assert tries.seconds_to_wait("2001:db8::ffff:2", 0) == PAUSE_SECONDS
    assert tries.seconds_to_wait("2001:db8:0:1::1", 0) == 0


def test_a_right_password_and_time_make_good() -> None:
    tries = after(FREE_TRIES)
    tries.succeeded(HERE)
    assert tries.seconds_to_wait(HERE, 0) == 0
    tries = after(FREE_TRIES)
    assert tries.seconds_to_wait(HERE, FORGOTTEN_SECONDS) == 0
    tries.failed(HERE, FORGOTTEN_SECONDS)
    assert tries.seconds_to_wait(HERE, FORGOTTEN_SECONDS) == 0


def test_it_keeps_no_more_than_so_many_addresses() -> None:
    tries = after(FREE_TRIES)
    for number in range(MOST_ADDRESSES):
        tries.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 1.0)
    assert len(tries) == MOST_ADDRESSES
    assert tries.seconds_to_wait(HERE, 1) == 0


def test_what_is_no_address_is_counted_too() -> None:
    assert after(FREE_TRIES, "").seconds_to_wait("", 0) == PAUSE_SECONDS
