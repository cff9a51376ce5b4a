"""Certificates for requests that a Worker answers: an authority of the engine's own, which a container may
trust.

Source: Cloudflare's "Handle outbound traffic" of containers: the file in the container, which programs have
to be told to trust.
"""

from __future__ import annotations

import datetime
import ssl
import tempfile
from typing import Any

from edge.containers.engine import StartFailed
from edge.kernel.clock import Clock

#: Where a container finds the certificate of the authority.
CA_FILE = "/etc/cloudflare/certs/cloudflare-containers-ca.crt"
_VALID = datetime.timedelta(days=30)


class Authority:
    """Signs a certificate for each host that is intercepted."""

    def __init__(self, now: datetime.datetime) -> None:
        """`now`: from when on certificates hold. Raises StartFailed without the extra `https`."""
        try:
            from cryptography import x509
            from cryptography.hazmat.primitives.asymmetric import ec
        except ImportError as missing:
            raise StartFailed(
                "interceptOutboundHttps() needs the extra: pip install '/path/to/cortex-edge[https]'"
            ) from missing
        self._now = now
        self._x509 = x509
        self._ec = ec
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Containers CA (cortex-edge)")])
        self._certificate = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0))
        self._contexts: dict[str, ssl.SSLContext] = {}

    @classmethod
    def of(cls, clock: Clock) -> Authority:
        """One whose certificates hold now. Raises StartFailed as the constructor."""
        return cls(datetime.datetime.fromtimestamp(clock.now(), datetime.UTC))

    @property
    def pem(self) -> bytes:
        """Its own certificate."""
        return _pem(self._certificate)

    def context(self, host: str) -> ssl.SSLContext:
        """What serves TLS as `host`."""
        if host not in self._contexts:
            self._contexts[host] = self._context(host)
        return self._contexts[host]

    def _context(self, host: str) -> ssl.SSLContext:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        x509 = self._x509
        key = self._ec.generate_private_key(self._ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host[:64])])
        certificate = self._signed(name, key, x509.SubjectAlternativeName([_subject(x509, host)]))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        with tempfile.NamedTemporaryFile() as file:  # the standard library reads them from files only
            file.write(private + _pem(certificate))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _signed(self, name: Any, key: Any, extension: Any) -> Any:
        from cryptography.hazmat.primitives.hashes import SHA256

        x509 = self._x509
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - _VALID)
            .not_valid_after(self._now + _VALID)
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self._key, SHA256())
        )


def _subject(x509: Any, host: str) -> Any:
    import ipaddress

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(certificate.public_bytes(Encoding.PEM))
