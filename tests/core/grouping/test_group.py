import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.event.fields import (
    EventFields,
    ExceptionValue,
    ExceptionValues,
    Frame,
    LogEntry,
    Mechanism,
    Stacktrace,
    Thread,
    ThreadValues,
)
from errata.core.grouping import explain, group


def frame(function="pay", filename="shop/payments.py", *, in_app=True, **more):
    return Frame(function=function, filename=filename, in_app=in_app, **more)


def error(*frames, type="ValueError", value="boom", platform="python", **more):  # noqa: A002 # The field's name.
    exception = ExceptionValue(type=type, value=value, stacktrace=Stacktrace(frames=list(frames)) if frames else None)
    return EventFields(platform=platform, exception=ExceptionValues(values=[exception]), **more)


def chain(*values, platform="python"):
    return EventFields(platform=platform, exception=list(values))


def message(text=None, *, template=None, **more):
    return EventFields(message=text, logentry=LogEntry(message=template, formatted=text) if template else None, **more)


def same(*events):
    return len({group(event) for event in events}) == 1


def different(*events):
    return len({group(event) for event in events}) == len(events)


# --- stacks


def test_the_languages_own_library_is_known_by_its_whole_path_where_the_client_says_nothing_of_it():
    def inside(version):
        return frame("decode", "json/decoder.py", in_app=None, abs_path=f"/usr/lib/python{version}/json/decoder.py")

    alone = error(frame())
    assert same(alone, error(frame(), inside("3.11")))
    assert same(alone, error(frame(), inside("3.12"), inside("3.12")))


def test_the_same_stack_groups_whatever_the_message():
    assert same(error(frame(), value="order 17"), error(frame(), value="cart is empty"))


def test_another_type_or_another_function_is_another_group():
    assert different(error(frame()), error(frame(), type="KeyError"), error(frame("refund")))


def test_line_numbers_never_split_a_group():
    assert same(error(frame(lineno=10, colno=3)), error(frame(lineno=999, context_line="    raise ValueError")))


def test_library_frames_do_not_count_beside_the_projects_own():
    library = frame("dispatch", "/usr/lib/python3/dist-packages/django/view.py", in_app=False)

    assert same(error(frame()), error(library, frame()), error(library, library, frame()))


def test_library_frames_count_when_there_are_no_others():
    first, second = frame("dispatch", "view.py", in_app=False), frame("render", "template.py", in_app=False)

    assert different(error(first), error(second))


@pytest.mark.parametrize(
    "path",
    ["/app/.venv/lib/python3.11/site-packages/x.py", "/srv/node_modules/express/lib/router.js", "node:internal/timers"],
)
def test_clients_that_do_not_say_which_frames_are_their_own_are_helped(path):
    assert same(error(frame(in_app=None)), error(frame("run", path, in_app=None), frame(in_app=None)))


@pytest.mark.parametrize("depth", [2, 50, 249])
def test_recursion_of_any_depth_is_one_group(depth):
    deep = error(frame("main"), *[frame("walk")] * depth)

    assert same(error(frame("main"), frame("walk")), deep)


def test_mutual_recursion_of_any_depth_is_one_group():
    pair = [frame("expression"), frame("term")]

    assert same(error(*pair * 2), error(*pair * 40))
    assert different(error(*pair * 40), error(*pair * 40, frame("expression")))


def test_an_endless_stack_is_cut_at_its_oldest_end():
    assert same(error(*[frame("walk")] * 300), error(frame("main"), *[frame("walk")] * 1_000))


def test_an_anonymous_function_is_told_apart_by_its_source_line():
    first, second = frame("<lambda>", context_line="  f = lambda: a()"), frame("<lambda>", context_line="lambda: b()")

    assert different(error(first), error(second))
    assert same(error(first), error(frame("<lambda>", context_line="\tf  =  lambda: a()\n")))


def test_comprehension_frames_do_not_count_because_newer_versions_have_none():
    assert same(error(frame()), error(frame(), frame("<listcomp>"), frame("<genexpr>")))


@pytest.mark.parametrize("function", ["?", "<anonymous>", "null.<anonymous>", "Object.<anonymous>", None, ""])
def test_every_clients_word_for_no_name_is_the_same(function):
    nameless = frame(function, "https://shop.example/app.js", context_line="go()")

    assert same(
        error(frame("?", "app.js", context_line="go()"), platform="javascript"), error(nameless, platform="javascript")
    )


@pytest.mark.parametrize(
    "value",
    [
        "Cannot read properties of undefined (reading 'total')",
        "undefined is not an object (evaluating 'cart.total')",
        "cart is undefined",
        'can\'t access property "total", cart is undefined',
    ],
)
def test_browsers_with_other_words_for_it_find_the_same_group(value):
    chrome = error(frame("Object.pay", "https://shop.example/app.js"), type="TypeError", platform="javascript")
    other = error(frame("pay", "https://cdn.example/app.js"), type="TypeError", value=value, platform="javascript")

    assert same(chrome, other)


@pytest.mark.parametrize(
    "filename",
    [
        "https://shop.example/static/app.3f2a1b.js",
        "https://cdn.shop.example/v2.1.0/app-BfK3_a9Q.js?v=7#top",
        "webpack:///./src/app.js",
        "C:\\build\\src\\app.js",
        "app:///app.js",
    ],
)
def test_hosts_builds_and_releases_do_not_split_a_group(filename):
    assert same(
        error(frame("pay", "app.js"), platform="javascript"), error(frame("pay", filename), platform="javascript")
    )


# --- chains


def test_causes_count():
    cause = ExceptionValue(type="KeyError", stacktrace=Stacktrace(frames=[frame("load")]))
    thrown = ExceptionValue(type="ValueError", stacktrace=Stacktrace(frames=[frame()]))

    assert different(chain(cause, thrown), chain(thrown), chain(cause))


def grouped(*members):
    root = ExceptionValue(type="ExceptionGroup", mechanism=Mechanism(exception_id=0, is_exception_group=True))
    children = [
        ExceptionValue(type=name, value="x", mechanism=Mechanism(exception_id=number, parent_id=0))
        for number, name in enumerate(members, 1)
    ]
    return chain(*reversed(children), root)


def test_the_members_of_an_exception_group_count_once_and_in_no_order():
    assert same(grouped("KeyError", "TypeError"), grouped("TypeError", "KeyError", "TypeError"))


def test_an_exception_group_of_one_kind_is_that_kind():
    assert same(grouped("KeyError", "KeyError"), chain(ExceptionValue(type="KeyError", value="x")))


def test_a_synthetic_exception_groups_by_its_message_and_not_by_its_type():
    def synthetic(name, value):
        carried = ExceptionValue(
            type=name, value=value, mechanism=Mechanism(synthetic=True), stacktrace=Stacktrace(frames=[frame()])
        )
        return chain(carried)

    assert same(synthetic("Error", "retry 1"), synthetic("Exception", "retry 2"))
    assert different(synthetic("Error", "retry 1"), synthetic("Error", "gave up"))


def test_without_a_stack_the_type_and_the_parameterised_message_decide():
    assert same(error(value="order 17 is gone"), error(value="order 18 is gone"))
    assert different(
        error(value="order 17 is gone"), error(value="cart 17 is gone"), error(type="E", value="order 1 is gone")
    )


def test_a_stack_that_names_nothing_leaves_it_to_the_message():
    def global_handler(value):
        return error(frame("?", "https://shop.example/app.js"), type="Error", value=value, platform="javascript")

    assert different(global_handler("a failed"), global_handler("b failed"))


def test_the_line_number_is_the_last_resort():
    def nothing_else(lineno):
        return error(frame(None, "app.js", lineno=lineno), type="Error", value=None, platform="javascript")

    assert different(nothing_else(1), nothing_else(2))


# --- messages and the rest


def test_a_template_groups_whatever_its_parameters():
    assert same(message("hello Ada", template="hello %s"), message("hello Bob", template="hello %s"))


def test_a_template_without_words_of_its_own_leaves_it_to_the_message():
    assert different(message("disk full", template="%s"), message("no route", template="%s"))


def test_a_message_groups_without_what_changes_in_it():
    assert same(message("took 3.2 s for user 17"), message("took 11 s for user 4"))
    assert different(message("took long"), message("took off"))


def test_a_message_counts_for_more_than_where_it_was_captured():
    thread = ThreadValues(values=[Thread(current=True, stacktrace=Stacktrace(frames=[frame("log")]))])

    assert different(message("disk full", threads=thread), message("no route", threads=thread))
    assert same(message("disk full", threads=thread), message("disk full"))


def test_a_lone_stack_groups_when_there_is_nothing_else():
    def stack(name):
        return EventFields(platform="php", stacktrace=Stacktrace(frames=[frame(name)]))

    assert different(stack("a"), stack("b"))


def test_an_event_that_says_nothing_groups_by_where_and_how_bad():
    assert different(
        EventFields(), EventFields(level="fatal"), EventFields(logger="db"), EventFields(transaction="/pay")
    )


# --- what the client asks for


def test_a_fingerprint_decides_alone():
    assert same(error(frame(), fingerprint=["checkout"]), message("anything", fingerprint="checkout"))


@pytest.mark.parametrize("default", ["{{ default }}", "{{default}}", "{{  default  }}"])
def test_the_default_fingerprint_is_no_fingerprint(default):
    assert same(error(frame()), error(frame(), fingerprint=[default]), error(frame(), fingerprint=[]))


def test_more_beside_the_default_divides_the_group():
    def tenant(name, **more):
        return error(frame(**more), fingerprint=["{{ default }}", name])

    assert different(error(frame()), tenant("a"), tenant("b"), tenant("a", function="refund"))


@pytest.mark.parametrize(
    ("variable", "more"),
    [
        ("type", {"type": "KeyError"}),
        ("message", {"value": "other"}),
        ("transaction", {"transaction": "/cart"}),
        ("level", {"level": "fatal"}),
        ("logger", {"logger": "db"}),
        ("release", {"release": "2.0"}),
        ("tags.plan", {"tags": {"plan": "gold"}}),
        ("tags.plan", {"tags": [["plan", "gold"]]}),
        ("tags.plan", {"tags": [{"key": "plan", "value": "gold"}]}),
    ],
)
def test_the_variables_of_a_fingerprint_are_filled_in(variable, more):
    asked = [f"{{{{ {variable} }}}}"]

    assert different(error(frame(), fingerprint=asked), error(frame("refund"), fingerprint=asked, **more))
    assert same(error(frame(), fingerprint=asked, **more), error(frame("refund"), fingerprint=asked, **more))


@pytest.mark.parametrize(("variable", "function"), [("function", "refund"), ("stack.function", "refund")])
def test_the_variables_of_a_stack_are_those_of_the_frame_that_failed(variable, function):
    asked = [f"{{{{ {variable} }}}}"]
    library = frame("raise_for_status", "requests.py", in_app=False)

    assert same(error(frame(function), fingerprint=asked), error(frame(function), library, fingerprint=asked))
    assert different(error(frame(function), fingerprint=asked), error(frame(), fingerprint=asked))


def test_a_checksum_decides_where_there_is_no_fingerprint():
    assert same(error(frame(), checksum="abc"), message("x", checksum="abc"))
    assert different(error(frame(), checksum="abc"), error(frame(), checksum="abd"), error(frame()))


# --- a promise


HASHES = ["d98457c0df66317b", "51abf8f419c19385", "5fe41d065540973e", "6250ddc8e30d4ff0"]


def test_the_hashes_of_v1_do_not_change():
    events = [error(frame()), message("took 3 s"), error(frame(), fingerprint=["a", "{{ default }}"]), EventFields()]

    assert [f"{group(event) & (2**64 - 1):016x}" for event in events] == HASHES


# --- any event

symbols = st.none() | st.sampled_from(
    ["pay", "?", "<listcomp>", "a.b.<anonymous>", "lambda$x$1", "\ud800", "\x00", "x" * 900]
)
frames = st.builds(
    Frame,
    function=symbols,
    module=symbols,
    filename=symbols | st.sampled_from(["https://h/a.3f2a1b.js?x#y", "C:\\a\\b.py", "<string>", "/", "index.js"]),
    context_line=symbols,
    lineno=st.none() | st.integers(),
    in_app=st.none() | st.booleans(),
)
stacks = st.none() | st.builds(Stacktrace, frames=st.none() | st.lists(frames, max_size=4))
mechanisms = st.none() | st.builds(Mechanism, synthetic=st.none() | st.booleans(), is_exception_group=st.booleans())
exceptions = st.builds(ExceptionValue, type=symbols, value=symbols, stacktrace=stacks, mechanism=mechanisms)
entries = st.none() | st.builds(LogEntry, message=symbols, formatted=symbols)
events = st.builds(
    EventFields,
    platform=st.sampled_from([None, "python", "javascript", "java", "csharp", "php", "ruby", "go", "native", "cobol"]),
    exception=st.none()
    | st.lists(exceptions, max_size=3)
    | st.builds(ExceptionValues, values=st.none() | st.lists(exceptions)),
    message=symbols | entries,
    logentry=entries,
    threads=st.none() | st.lists(st.builds(Thread, stacktrace=stacks), max_size=2),
    stacktrace=stacks,
    fingerprint=st.none()
    | st.lists(st.sampled_from(["{{ default }}", "a", "{{ tags.x }}", "", "{{ nothing }}", 7]), max_size=3),
    checksum=symbols,
    tags=st.none()
    | st.dictionaries(st.sampled_from("xy"), symbols)
    | st.lists(st.lists(symbols, max_size=3), max_size=2),
)


@settings(max_examples=40)
@given(event=events)
def test_any_event_has_a_group_and_its_explanation_has_the_same_hash(event):
    number = group(event)
    explanation = explain(event)

    assert -(2**63) <= number < 2**63
    assert int(explanation.hash, 16) == number & (2**64 - 1)
    assert explanation.sentence.startswith("Grouped by ")
    assert group(event) == number
    msgspec.to_builtins(explanation)
