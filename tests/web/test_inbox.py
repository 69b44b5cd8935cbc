"""The inbox and the pages about what is sent."""

import pytest

from errata.apps.issues import operations as issues
from errata.apps.notices import operations as notices
from errata.apps.notices import queries
from errata.apps.notices.mailing import Unsubscribing, _signed
from errata.apps.notices.models import Delivery
from errata.web.inbox.views import snooze_choices
from tests.apps.notices.shop import deliver, issue_id, later
from tests.conftest import NOW
from tests.web.test_pages import HTMX, page_of


@pytest.fixture
def told(failure, olga, bob):
    """Olga was told of PAY-1. The line's number."""
    notices.listen(at=NOW)
    issues.assign_issue(key="PAY-1", to=olga.email, by=bob, at=NOW)
    notices.listen(at=NOW)
    return queries.inbox(actor=olga, now=NOW).lines[0].id


def test_the_inbox_shows_what_happened_and_why_one_hears_of_it(told, olga, browser):
    page = page_of(browser(olga), "/inbox/")

    assert "Bob Builder assigned it to Olga Owner" in page
    assert "because it was assigned to you" in page
    assert '<span class="badge-number">1</span>' in page


def test_an_empty_inbox_says_that_all_is_read(olga, browser):
    page = page_of(browser(olga), "/inbox/")

    assert "Nothing waits for you" in page
    assert "data-unread hidden" in page


def test_what_is_done_leaves_the_list_and_can_be_taken_back(told, olga, browser):
    here = browser(olga)

    done = here.post("/inbox/act/", {"do": "done", "item": told}, headers=HTMX).content.decode()

    assert f'id="item-{told}"' not in done
    assert 'name="do" value="back"' in done
    back = here.post("/inbox/act/", {"do": "back", "item": told, "view": "inbox"}, headers=HTMX).content.decode()
    assert f'id="item-{told}"' in back


def test_a_snooze_says_until_when(told, olga, browser):
    until = snooze_choices(NOW)[-1].until.isoformat()

    answer = browser(olga).post("/inbox/act/", {"do": "snooze", "item": told, "until": until}, headers=HTMX)

    assert "Snoozed until Monday, 30 November, 09:00" in answer.content.decode()
    assert "snoozed until" in page_of(browser(olga), "/inbox/?view=snoozed")


def test_buttons_work_without_scripts(told, olga, browser):
    here = browser(olga)

    assert here.post("/inbox/act/", {"do": "mute", "item": told}).status_code == 302
    assert "Muted" in page_of(here, "/inbox/?view=done")
    assert here.post("/inbox/act/", {"do": "dance", "item": told}).status_code == 400


def test_opening_the_issue_reads_it(told, olga, browser):
    here = browser(olga)
    assert 'data-notices="/inbox/read/PAY-1/"' in page_of(here, "/issues/PAY-1/")

    here.post("/inbox/read/PAY-1/")

    assert "data-notices" not in page_of(here, "/issues/PAY-1/")
    assert '<span class="badge-number">0</span>' in page_of(here, "/inbox/")


def test_nobody_sees_or_empties_the_inbox_of_another(told, olga, bob, mallory, browser):
    for other in (bob, mallory):
        here = browser(other)
        assert "PAY-1" not in page_of(here, "/inbox/")
        here.post("/inbox/act/", {"do": "done", "item": told}, headers=HTMX)
    assert len(queries.inbox(actor=olga, now=NOW).lines) == 1
    assert browser(mallory).post("/inbox/read/PAY-1/").status_code == 404


def test_how_one_watches_is_chosen_on_the_issues_page(failure, carol, browser):
    here = browser(carol)

    here.post("/issues/PAY-1/watch/", {"mode": "spike"}, headers=HTMX)

    assert queries.watch(actor=carol, key="PAY-1").mode == "spike"
    assert "You hear: Spikes and regressions" in page_of(here, "/issues/PAY-1/")


def test_wishes_are_kept(payments, carol, browser):
    here = browser(carol)
    form = {
        "commented": ["inbox"], "mentioned": ["inbox", "email"], "zone": "Europe/Rome", "quiet_from": "22:00",
        "quiet_to": "07:00", "digest": "daily", "digest_at": "08:30", "issue_max": "3", "channel_max": "9",
    }  # fmt: skip

    assert here.post("/account/notifications/", form).status_code == 302
    kept = queries.preferences(actor=carol)

    assert kept.places["commented"] == ("inbox",)
    assert "mentioned" not in kept.places
    assert (kept.zone, kept.quiet_from, kept.digest, kept.issue_hourly_max) == ("Europe/Rome", "22:00", "daily", 3)
    assert not kept.urgent_wakes
    wrong = here.post("/account/notifications/", form | {"quiet_to": ""})
    assert wrong.status_code == 422
    assert "Quiet hours need a beginning and an end." in wrong.content.decode()


def test_a_project_is_subscribed_to(payments, carol, browser):
    browser(carol).post("/account/notifications/subscribe/", {"project": "payments", "mode": "new"})

    assert [one.mode for one in queries.subscriptions(actor=carol)] == ["new"]


def add(here, **form):
    return here.post(
        "/channels/", {"name": "hook", "kind": "webhook", "address": "https://hooks.example/s3cret"} | form
    )


def test_a_channel_shows_its_secret_once_and_its_address_never(alice, events, browser):
    here = browser(alice)

    made = add(here).content.decode()

    assert "whsec_" in made
    (channel,) = queries.channels(actor=alice)
    for path in ("/channels/", f"/channels/{channel.id}/", "/deliveries/", "/audit/"):
        page = page_of(here, path)
        assert "s3cret" not in page
        assert "whsec_" not in page


def test_an_address_that_leads_nowhere_says_so_at_its_field(alice, browser):
    answer = add(browser(alice), address="hooks.example")

    assert answer.status_code == 422
    assert "must begin with https://" in answer.content.decode()


def test_channels_are_the_admins(bob, alice, mallory, browser):
    assert add(browser(bob)).status_code == 422
    assert browser(bob).get("/channels/").status_code == 403
    add(browser(alice))
    (channel,) = queries.channels(actor=alice)
    assert browser(bob).get(f"/channels/{channel.id}/").status_code == 403
    assert browser(mallory).get(f"/channels/{channel.id}/").status_code == 404
    assert browser(mallory).post(f"/channels/{channel.id}/delete/").status_code == 404


def test_a_channel_of_ones_own_is_nobody_elses(bob, alice, browser):
    add(browser(bob), mine="1")
    (channel,) = queries.channels(actor=bob, mine=True)

    assert "hook" in page_of(browser(bob), f"/channels/{channel.id}/")
    assert browser(alice).get(f"/channels/{channel.id}/").status_code == 404
    assert queries.channels(actor=alice) == []


def test_a_test_is_shown_with_what_came_of_it(alice, events, browser):
    here = browser(alice)
    add(here)
    (channel,) = queries.channels(actor=alice)

    sending = here.post(f"/channels/{channel.id}/test/").content.decode()
    assert "Sending …" in sending
    deliver(later(seconds=20))

    assert "It was not taken." in here.get(f"/deliveries/{Delivery.objects.get().id}/").content.decode()


def test_words_are_previewed_and_a_wrong_placeholder_is_named(alice, browser):
    here = browser(alice)

    good = here.post("/channels/preview/", {"title_words": "Look: {key}", "text_words": "<b>{text}</b>"})
    bad = here.post("/channels/preview/", {"title_words": "{nothing}", "text_words": ""})

    assert "Look: PAY-142" in good.content.decode()
    assert "&lt;b&gt;" in good.content.decode()
    assert "There is no placeholder {nothing}" in bad.content.decode()


def test_a_link_in_a_mail_stops_what_it_says_without_signing_in(told, olga, client):
    token = _signed(Unsubscribing(olga.user_id, issue_id("PAY-1")))

    asked = client.get(f"/unsubscribe/{token}/").content.decode()
    assert "Hear no more of PAY-1" in asked
    assert queries.watch(actor=olga, key="PAY-1").mode == "every"
    client.post(f"/unsubscribe/{token}/", {"List-Unsubscribe": "One-Click"})
    assert queries.watch(actor=olga, key="PAY-1").mode == "none"
    client.post(f"/unsubscribe/{token}/", {"all": "1"})
    assert queries.preferences(actor=olga).mail_off
    assert client.get(f"/unsubscribe/{token}x/").status_code == 404


def test_nobody_is_sent_elsewhere_by_a_form(alice, events, browser):
    here = browser(alice)
    add(here)
    (channel,) = queries.channels(actor=alice)
    number = notices.send_test(channel_id=channel.id, by=alice, at=NOW)

    answer = here.post(f"/deliveries/{number}/resend/", {"back": "https://evil.example/"})

    assert answer.headers["Location"] == "/deliveries/"
