"""Keys to the API: made once, kept as a hash, refused when wrong, expired, revoked or their owner left."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from kbsite.models import ApiToken

pytestmark = pytest.mark.django_db


def get(authorization: str):
    return APIClient().get("/api/v1/lists/", HTTP_AUTHORIZATION=authorization)


def test_only_the_hash_of_a_secret_is_stored(curator):
    token, secret = ApiToken.create(curator, "laptop")
    assert secret.startswith("lk_") and len(secret) >= 3 + 22  # 22 characters are 128 bits
    assert token.prefix == secret[:11]
    assert token.digest == hashlib.sha256(secret.encode()).hexdigest()
    stored = ApiToken.objects.filter(pk=token.pk).values().get()
    assert secret not in str(stored)


def test_two_tokens_never_share_a_secret(curator):
    assert len({ApiToken.create(curator, "same")[1] for _ in range(50)}) == 50


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_a_token_opens_the_api_for_its_owner(curator, scheme):
    _, secret = ApiToken.create(curator, "laptop")
    response = APIClient().post("/api/v1/decisions/", {}, HTTP_AUTHORIZATION=f"{scheme} {secret}")
    assert response.status_code == 400  # let in, and then asked for what to decide


def refused(curator) -> dict[str, str]:
    expired = ApiToken.create(curator, "old", expires_at=timezone.now() - timedelta(seconds=1))[1]
    revoked, revoked_secret = ApiToken.create(curator, "lost")
    revoked.revoke()
    good = ApiToken.create(curator, "good")[1]
    return {
        "expired": f"Bearer {expired}",
        "revoked": f"Bearer {revoked_secret}",
        "unknown": "Bearer lk_" + "x" * 43,
        "same beginning": f"Bearer {good[:-1]}{'a' if good[-1] != 'a' else 'b'}",
        "prefix alone": f"Bearer {good[:11]}",
        "nothing": "Bearer",
        "two": f"Bearer {good} {good}",
        "no text": "Bearer \xff\xfe",
        "zero": "Bearer \x00",
    }


def test_a_token_that_is_not_valid_is_refused_even_for_reading(curator):
    for name, authorization in refused(curator).items():
        response = get(authorization)
        assert response.status_code == 401, name
        assert response["WWW-Authenticate"].startswith("Bearer"), name
        assert response.json()["status"] == 401


def test_strangers_do_not_learn_why_a_token_is_refused(curator):
    told = refused(curator)
    assert len({get(told[name]).json()["detail"] for name in ("expired", "revoked", "unknown")}) == 1


def test_a_token_of_somebody_who_left_is_refused(curator):
    _, secret = ApiToken.create(curator, "laptop")
    assert get(f"Bearer {secret}").status_code == 200
    curator.is_active = False
    curator.save()
    assert get(f"Bearer {secret}").status_code == 401


def test_a_token_that_expires_later_is_good_until_then(curator):
    _, secret = ApiToken.create(curator, "week", expires_at=timezone.now() + timedelta(days=7))
    assert get(f"Bearer {secret}").status_code == 200


def test_a_token_gives_no_more_than_its_owner_may_do(reader):
    _, secret = ApiToken.create(reader, "laptop")
    response = APIClient().post("/api/v1/decisions/", {}, HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert response.status_code == 403


def test_other_schemes_are_not_ours_to_judge():
    assert get("Basic dXNlcjpwYXNz").status_code == 200


def test_the_last_use_is_noted_at_most_once_a_minute(curator, django_assert_num_queries):
    token, secret = ApiToken.create(curator, "laptop")
    get(f"Bearer {secret}")
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    get(f"Bearer {secret}")
    token.refresh_from_db()
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    get(f"Bearer {secret}")
    token.refresh_from_db()
    assert token.last_used_at > first - timedelta(seconds=1)


def test_a_revoked_token_stays_revoked_since_the_first_time(curator):
    token, _ = ApiToken.create(curator, "laptop")
    token.revoke()
    first = token.revoked_at
    token.revoke()
    assert token.revoked_at == first


def test_a_session_writes_only_with_its_csrf_token(curator):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(curator)
    response = client.post("/api/v1/decisions/", {})
    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]


def test_the_command_prints_the_secret_once(curator, capsys):
    call_command("create_token", "curator", "--name", "script", "--days", "30")
    printed, said = capsys.readouterr()
    token = ApiToken.objects.get(name="script")
    assert ApiToken.of(printed.strip()) == token
    assert printed.strip() not in said
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() < timedelta(days=31)


@pytest.mark.parametrize(
    "arguments", [["nobody"], ["curator", "--days", "0"], ["curator", "--name", ""], ["curator", "--name", "x" * 101]]
)
def test_the_command_refuses_in_one_line(curator, arguments):
    with pytest.raises(CommandError) as refusal:
        call_command("create_token", *arguments)
    assert "\n" not in str(refusal.value)
    assert not ApiToken.objects.exists()
