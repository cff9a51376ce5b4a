from __future__ import annotations

from edge.server.cf import cf_object


def test_values_and_sharing() -> None:
    cf = cf_object(b"gzip")
    assert (cf.colo, cf.country, cf.latitude, cf.asn) == ("DFW", "US", "30.27130", 395747)
    assert cf.botManagement.score == 99
    assert cf.tlsClientAuth.certPresented == "0"
    assert cf.clientAcceptEncoding == "gzip"
    assert cf_object(b"gzip") is cf
    assert cf_object(None).clientAcceptEncoding == ""
    assert not hasattr(cf, "hostMetadata")


def test_what_clients_make_up_does_not_pile_up() -> None:
    from edge.server import cf as module

    for number in range(200):
        cf_object(b"made-up-%d" % number)
    assert len(module._kept) <= module._KEPT_MAX
