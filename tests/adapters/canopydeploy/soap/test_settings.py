"""What a realtime connection may be told, and where its calls go."""

import pytest
from pydantic import ValidationError

from petiole.adapters.canopydeploy.soap.settings import reserved_options
from tests.adapters.canopydeploy.made import TOKEN
from tests.adapters.canopydeploy.soap.made import settings


@pytest.mark.parametrize("portal", ["secure", "login"])
def test_calls_go_to_the_portal_of_the_token(portal: str) -> None:
    made = settings(soap_url=None, portal=portal)

    address = f"https://{portal}.myclang.com/app/api/soap/public/index.php"
    assert made.call_url == f"{address}?version=1.24&type=literal"
    assert made.wsdl_url == f"{address}?wsdl&version=1.24"


def test_another_address_keeps_its_own_query() -> None:
    made = settings(soap_url="https://soap.example.org/a?wsdl&version=1.22&brand=7")

    assert made.call_url == "https://soap.example.org/a?version=1.22&type=literal&brand=7"
    assert made.wsdl_url == "https://soap.example.org/a?wsdl&version=1.22&brand=7"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"soap_url": "http://soap.example.org/"}, "use https"),
        ({"soap_url": f"https://soap.example.org/?token={TOKEN}"}, "take `?token=` out"),
        ({"soap_url": f"https://{TOKEN}@soap.example.org/"}, "user and password"),
        ({"portal": "www"}, "'secure' or 'login'"),
        ({"soap_version": "1.24&x=y"}, "pattern"),
        ({"timeout": "0s"}, "greater than"),
        ({"delivery": "post"}, "'execute' or 'membership'"),
        ({"options": {"status": "identifier"}}, "the same name"),
        ({"statuses": {"add": "REMOVED"}}, "the same word"),
        ({"endpoint": "https://webhook.example.org/"}, "Extra inputs"),
        ({"token": TOKEN}, "by reference only"),
    ],
)
def test_nonsense_is_refused_without_repeating_it(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**changes)

    assert told in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_names_of_options_are_reserved_where_options_are_sent() -> None:
    options = {"identifier": "who", "partner_number": "partner"}

    assert reserved_options(settings(options=options)) == {
        "who",
        "identifierType",
        "status",
        "partner",
    }
    assert reserved_options(settings(delivery="membership")) == ()
