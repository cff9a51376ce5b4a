"""`request.cf`: what Cloudflare knows of a client; here the values that wrangler dev uses offline.

Source: spec runtime.md section 4.
"""

from __future__ import annotations

import json
from typing import Any

from edge.js.json_text import parse

_VALUES: dict[str, Any] = {
    "asOrganization": "",
    "asn": 395747,
    "colo": "DFW",
    "city": "Austin",
    "region": "Texas",
    "regionCode": "TX",
    "metroCode": "635",
    "postalCode": "78701",
    "country": "US",
    "continent": "NA",
    "timezone": "America/Chicago",
    "latitude": "30.27130",
    "longitude": "-97.74260",
    "clientTcpRtt": 0,
    "httpProtocol": "HTTP/1.1",
    "requestPriority": "weight=192;exclusive=0",
    "tlsCipher": "AEAD-AES128-GCM-SHA256",
    "tlsVersion": "TLSv1.3",
    "tlsClientAuth": {
        "certIssuerDNLegacy": "",
        "certIssuerDN": "",
        "certIssuerDNRFC2253": "",
        "certIssuerSKI": "",
        "certSubjectDNLegacy": "",
        "certVerified": "NONE",
        "certNotAfter": "",
        "certSKI": "",
        "certSubjectDN": "",
        "certSubjectDNRFC2253": "",
        "certNotBefore": "",
        "certRevoked": "0",
        "certPresented": "0",
        "certSerial": "",
        "certIssuerSerial": "",
        "certFingerprintSHA1": "",
        "certFingerprintSHA256": "",
    },
    "edgeRequestKeepAliveStatus": 0,
    "clientTrustScore": 99,
    "botManagement": {
        "corporateProxy": False,
        "verifiedBot": False,
        "ja3Hash": "25b4882c2bcb50cd6b469ff28c596742",
        "staticResource": False,
        "detectionIds": [],
        "score": 99,
    },
}
_KEPT_MAX = 64

_kept: dict[bytes | None, Any] = {}


def cf_object(accept_encoding: bytes | None) -> Any:
    """The cf object of a client that sent this Accept-Encoding; shared between requests."""
    found = _kept.get(accept_encoding)
    if found is None:
        found = _make(accept_encoding)
        if len(_kept) < _KEPT_MAX:
            _kept[accept_encoding] = found
    return found


def _make(accept_encoding: bytes | None) -> Any:
    told = "" if accept_encoding is None else accept_encoding.decode("latin-1")
    return parse(json.dumps({**_VALUES, "clientAcceptEncoding": told}))
