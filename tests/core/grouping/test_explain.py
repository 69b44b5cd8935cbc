import msgspec

from errata.core.event.fields import EventFields, ExceptionValue, Frame, LogEntry, Mechanism, Stacktrace
from errata.core.grouping import Explanation, explain

LIBRARY = Frame(function="dispatch", filename="django/views.py", in_app=False)
OWN = Frame(function="pay", module="shop.payments", in_app=True)
COMPREHENSION = Frame(function="<listcomp>", module="shop.payments", in_app=True)


def error(*frames, value="order 17", **more):
    exception = ExceptionValue(type="ValueError", value=value, stacktrace=Stacktrace(frames=list(frames)), **more)
    return EventFields(platform="python", exception=[exception])


def test_it_says_which_frames_counted_and_why_the_others_did_not():
    explanation = explain(error(LIBRARY, OWN, OWN, COMPREHENSION, OWN))

    frames = explanation.exceptions[0].frames
    assert [frame.counted for frame in frames] == [False, True, False, False, False]
    assert frames[0].reason == "a library's code"
    assert (frames[1].place, frames[1].name) == ("shop.payments", "pay")
    assert frames[2].reason == "repeated (recursion)"
    assert "versions of the language" in frames[3].reason


def test_it_says_that_the_message_did_not_count_beside_a_stack():
    part = explain(error(OWN)).exceptions[0].message

    assert part is not None
    assert not part.counted
    assert part.template == "order <int>"


def test_its_sentence_is_for_people():
    explanation = explain(error(LIBRARY, OWN))

    assert explanation.variant == "in-app stack"
    assert (
        explanation.sentence
        == "Grouped by the stack trace: 1 in-app frame of ValueError, failing in shop.payments.pay."
    )


def test_it_shows_what_changes_in_a_message():
    text = "user 17 from 10.0.0.1"

    explanation = explain(EventFields(message=text))

    assert explanation.sentence == "Grouped by the message: user <int> from <ip>."
    assert explanation.message is not None
    assert [text[span.start : span.end] for span in explanation.message.spans] == ["17", "10.0.0.1"]
    assert [span.kind for span in explanation.message.spans] == ["int", "ip"]


def test_it_shows_a_template_as_it_is():
    explanation = explain(EventFields(logentry=LogEntry(message="hello %s", formatted="hello Ada")))

    assert explanation.sentence == "Grouped by the message: hello %s."


def test_a_fingerprint_is_shown_with_what_it_came_to_and_the_rest_does_not_count():
    event = error(OWN)
    event.fingerprint = ["{{ type }}", "checkout"]

    explanation = explain(event)

    assert explanation.variant == "fingerprint"
    assert [part.value for part in explanation.fingerprint] == ["ValueError", "checkout"]
    assert "{{ type }}, checkout" in explanation.sentence
    assert not any(frame.counted for frame in explanation.exceptions[0].frames)


def test_beside_the_default_the_frames_count_too():
    event = error(OWN)
    event.fingerprint = ["{{ default }}", "tenant-7"]

    explanation = explain(event)

    assert explanation.exceptions[0].frames[0].counted
    assert "For {{ default }}: by the stack trace" in explanation.sentence


def test_a_captured_text_is_named_by_its_words():
    sentence = explain(error(OWN, value="hello there", mechanism=Mechanism(synthetic=True))).sentence

    assert sentence == "Grouped by the stack trace: 1 in-app frame of “hello there”, failing in shop.payments.pay."


def test_an_explanation_survives_being_stored():
    explanation = explain(error(LIBRARY, OWN))

    assert msgspec.json.decode(msgspec.json.encode(explanation), type=Explanation) == explanation
