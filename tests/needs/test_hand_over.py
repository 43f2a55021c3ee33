"""An expert whom no message reaches: her handler passes the link on, and nobody else sees it."""

import pytest

from tests import factories
from zhiqiao.needs.enums import Stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def net():
    return factories.network()


def test_the_handler_is_given_the_link_of_an_expert_whom_no_message_reaches(client, net):
    unreachable = factories.expert(organisation=net.city, phone="")
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[unreachable])
    for person, shown in ((net.clerk, True), (net.leader, False), (net.auditor, False)):
        client.force_login(person)
        assert ("/l/i/" in client.get(need.get_absolute_url()).content.decode()) is shown
