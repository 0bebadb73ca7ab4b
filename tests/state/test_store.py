"""The store: values, histories, and who is told what."""

from __future__ import annotations

from vfiotui.state.store import Store


def test_a_change_tells_its_topic_and_no_other() -> None:
    store, told = Store(), list[str]()
    store.subscribe("facts", told.append)
    store.push("facts", 1)
    store.push("virt", 2)
    assert told == ["facts"]
    assert (store.get("facts"), store.get("nothing")) == (1, None)


def test_the_same_again_is_no_news() -> None:
    store, told = Store(), list[str]()
    store.subscribe("facts", told.append)
    store.push("facts", (1, 2))
    store.push("facts", (1, 2))
    assert told == ["facts"]


def test_a_kept_sample_is_news_even_if_equal() -> None:
    store, told = Store(depth=3), list[str]()
    store.subscribe("live", told.append)
    for value in (1, 1, 2, 3):
        store.push("live", value, keep=True)
    assert len(told) == 4
    assert store.history("live") == (1, 2, 3), "the oldest goes"
    assert store.history("live", 2) == (2, 3) and store.history("live", 9) == (1, 2, 3)
    assert store.history("facts") == ()


def test_who_has_left_is_not_told_and_nothing_is_wanted() -> None:
    store, told, wanted = Store(), list[str](), list[frozenset[str]]()
    store.on_wanted(wanted.append)
    leave = store.subscribe("live", told.append)
    assert store.wanted() == {"live"}
    leave()
    leave()
    store.push("live", 1)
    assert told == []
    assert wanted == [frozenset(), frozenset({"live"}), frozenset()]


def test_a_listener_is_told_and_wants_nothing() -> None:
    store, told, wanted = Store(), list[str](), list[frozenset[str]]()
    store.on_wanted(wanted.append)
    store.listen("facts", told.append)
    store.push("facts", 1)
    store.push("facts", 1)
    store.push("virt", 1)
    assert told == ["facts"] and store.wanted() == frozenset() and wanted == [frozenset()]


def test_a_subscriber_may_leave_while_it_is_told() -> None:
    store, told = Store(), list[str]()

    def once(topic: str) -> None:
        told.append(topic)
        leave()

    leave = store.subscribe("facts", once)
    store.subscribe("facts", told.append)
    store.push("facts", 1)
    store.push("facts", 2)
    assert told == ["facts"] * 3
