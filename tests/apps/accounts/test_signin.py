"""Who gets in, and who doesn't."""

import pytest
from django.core import mail

from errata.apps.accounts import letters, operations, queries, signin
from errata.apps.accounts.models import PasswordReset, User
from errata.apps.accounts.permissions import Forbidden
from tests.apps.facts import later
from tests.people import NOW, PASSWORD


def sign_in(email="bob@shop.example", password=PASSWORD, ip="192.0.2.1", at=NOW):
    return operations.authenticate(email=email, password=password, ip=ip, at=at)


def ask_for_reset(email="bob@shop.example", at=NOW):
    secrets = []
    operations.request_password_reset(
        email=email, link=lambda secret: secrets.append(secret) or f"https://x/{secret}", ip="192.0.2.1", at=at
    )
    return secrets[0] if secrets else None


def test_the_right_password_lets_in_whatever_the_case_of_the_address(bob):
    assert sign_in(" BOB@Shop.Example ").user_id == bob.user_id
    assert queries.person(actor=bob, who="me").signed_in_at == NOW


@pytest.mark.parametrize(
    ("email", "password"), [("bob@shop.example", "wrong"), ("nobody@shop.example", PASSWORD), ("", "")]
)
def test_everything_else_is_refused_in_the_same_words(bob, email, password):
    with pytest.raises(signin.SignInRefused) as refusal:
        sign_in(email, password)

    assert refusal.value.message == "This e-mail address and password don't belong together."


def test_an_address_has_ten_attempts_a_quarter_of_an_hour_even_with_the_right_password(bob):
    for number in range(10):
        with pytest.raises(signin.SignInRefused):
            sign_in(password="wrong", ip=f"192.0.2.{number}")

    with pytest.raises(signin.TooManyAttempts) as refusal:
        sign_in(ip="192.0.2.99")
    assert refusal.value.status == 429
    assert 0 < refusal.value.data["retry_after_s"] <= 901
    assert sign_in(at=later(minutes=16)).user_id == bob.user_id


def test_a_network_has_a_limit_of_its_own(bob):
    for number in range(50):
        with pytest.raises(signin.SignInRefused):
            sign_in(f"nobody{number}@shop.example", "wrong")

    with pytest.raises(signin.TooManyAttempts):
        sign_in()
    assert sign_in(ip="192.0.2.2").user_id == bob.user_id


def test_success_clears_the_attempts_of_the_address(bob):
    for _ in range(3):
        for _ in range(9):
            with pytest.raises(signin.SignInRefused):
                sign_in(password="wrong", ip="")
        sign_in(ip="192.0.2.1")
        signin.Attempt.objects.filter(subject="ip:").delete()

    assert sign_in(ip="192.0.2.1")


def test_a_deactivated_person_is_a_stranger(bob, olga):
    operations.deactivate_user(user_id=bob.user_id, by=olga, at=NOW)

    with pytest.raises(signin.SignInRefused):
        sign_in()
    assert queries.actor_for_user(bob.user_id) is None


def test_a_reset_link_arrives_and_works_once(bob, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        secret = ask_for_reset()
    letters.wait()

    [letter] = mail.outbox
    assert letter.to == ["bob@shop.example"]
    assert f"https://x/{secret}" in letter.body
    assert operations.reset_password(secret=secret, new="another-long-one", at=NOW).user_id == bob.user_id
    assert sign_in(password="another-long-one")
    with pytest.raises(signin.ResetRefused):
        operations.reset_password(secret=secret, new="a-third-long-one", at=NOW)


def test_an_owner_makes_a_reset_link_where_no_mail_arrives(olga, bob):
    url = operations.make_reset_link(email="Bob@shop.example", link="https://errata/{}".format, by=olga, at=NOW)

    secret = url.removeprefix("https://errata/")
    assert operations.reset_password(secret=secret, new="another-long-one", at=NOW).user_id == bob.user_id
    with pytest.raises(Forbidden):
        operations.make_reset_link(email="olga@shop.example", link=str, by=bob, at=NOW)


def test_a_reset_link_is_stored_as_a_hash_alone(bob):
    secret = ask_for_reset()

    assert secret not in str(list(PasswordReset.objects.values()))


def test_a_reset_link_expires(bob):
    secret = ask_for_reset()

    assert queries.is_reset_open(secret=secret, at=later(minutes=59))
    assert not queries.is_reset_open(secret=secret, at=later(minutes=61))
    with pytest.raises(signin.ResetRefused):
        operations.reset_password(secret=secret, new="another-long-one", at=later(minutes=61))


def test_using_one_reset_link_spends_the_others(bob):
    first, second = ask_for_reset(), ask_for_reset()
    operations.reset_password(secret=first, new="another-long-one", at=NOW)

    with pytest.raises(signin.ResetRefused):
        operations.reset_password(secret=second, new="a-third-long-one", at=NOW)


def test_a_stranger_gets_no_letter_and_no_other_answer(bob, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert ask_for_reset("nobody@shop.example") is None
    letters.wait()

    assert mail.outbox == []


def test_letters_about_one_address_have_a_limit(bob):
    for _ in range(3):
        ask_for_reset()

    with pytest.raises(signin.TooManyAttempts):
        ask_for_reset()


@pytest.mark.parametrize("new", ["short", "password", "12345678901", "bob@shop.example"])
def test_a_weak_password_is_refused_with_the_reason(bob, new):
    with pytest.raises(signin.PasswordRefused) as refusal:
        operations.change_password(current=PASSWORD, new=new, by=bob, at=NOW)

    assert refusal.value.message


def test_changing_a_password_asks_for_the_old_one(bob):
    with pytest.raises(signin.SignInRefused):
        operations.change_password(current="wrong", new="another-long-one", by=bob, at=NOW)

    operations.change_password(current=PASSWORD, new="another-long-one", by=bob, at=NOW)
    assert sign_in(password="another-long-one")


def test_passwords_are_never_stored_in_the_clear(bob):
    assert PASSWORD not in str(list(User.objects.values()))


def test_nul_in_an_address_does_no_harm(bob):
    with pytest.raises(signin.SignInRefused):
        sign_in("bob\0@nowhere.example", "x\0")
