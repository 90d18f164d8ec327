"""A real Dovecot and a real Postfix in a folder of their own, on free high ports of this machine."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hark.kernel.time import monotonic, sleep

PASSWORD = "a-password-of-the-suite"
DOMAINS = ("plum.example", "pear.example", "mail.example")
GONE = "gone@mail.example"  # taken by Postfix, then nobody is there
PROGRAMS = ("/usr/sbin/dovecot", "/usr/sbin/postfix", "/usr/lib/dovecot/lmtp")


@dataclass(frozen=True)
class RealMail:
    """Where the servers listen. `cafile` holds the authority of their certificate."""

    folder: Path
    imap_port: int
    imaps_port: int
    smtp_port: int
    lmtp_port: int
    auth_port: int
    cafile: Path

    @property
    def allowed(self) -> list[str]:
        """For HARK_ALLOWED_NETWORKS."""
        return [f"localhost:{port}" for port in (self.imap_port, self.imaps_port, self.smtp_port)]

    def settings(self, address: str, **more: Any) -> dict[str, Any]:
        """A channel's settings for these servers."""
        imap = {"imap_host": "localhost", "imap_port": self.imap_port, "imap_security": "none"}
        smtp = {"smtp_host": "localhost", "smtp_port": self.smtp_port, "smtp_security": "none"}
        return {**imap, **smtp, "address": address, "user": address, "incoming": "imap", **more}


def why_not() -> str:
    """Why the real servers cannot run here; empty where they can."""
    missing = [program for program in PROGRAMS if not Path(program).exists()]
    if missing:
        return f"not installed: {', '.join(missing)} (`make venues` installs dovecot-imapd, dovecot-lmtpd and postfix)"
    return "" if os.geteuid() == 0 else "Postfix starts as root only"


@contextmanager
def real_mail(introspection: str = "", way: str = "xoauth2") -> Iterator[RealMail]:
    """Both servers, started and stopped. Skips the test with the reason where they cannot run.

    `introspection`: an address (RFC 7662) at which Dovecot asks whether an access token lives, and whose it is; it then
    offers `way` beside passwords.
    """
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="hark-mail-", dir="/var/tmp"))  # Postfix logs below /var only
    folder.chmod(0o755)
    ports = free_ports(5)
    place = RealMail(folder, *ports, cafile=folder / "ca.pem")
    _write_certificate(folder)
    dovecot = _start_dovecot(place, _by_token(folder, introspection, way) if introspection else "")
    try:
        _start_postfix(place)
        for port in ports[:4]:
            wait_for(port)
        yield place
    finally:
        _postfix(place, "stop", check=False)
        dovecot.send_signal(signal.SIGTERM)
        dovecot.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _by_token(folder: Path, introspection: str, way: str) -> str:
    """What lets people in with an access token."""
    (folder / "oauth2.conf").write_text(
        f"introspection_url = {introspection}\nintrospection_mode = post\nusername_attribute = email\n"
        "active_attribute = active\nactive_value = true\n"
    )
    passdb = f"passdb {{\n  driver = oauth2\n  mechanisms = {way}\n  args = {folder}/oauth2.conf\n}}"
    return f"auth_mechanisms = plain {way}\n{passdb}"


def _start_dovecot(place: RealMail, by_token: str) -> "subprocess.Popen[bytes]":
    nobody = pwd.getpwnam("nobody")
    mails = place.folder / "mails"
    mails.mkdir()
    os.chown(mails, nobody.pw_uid, nobody.pw_gid)
    config = place.folder / "dovecot.conf"
    config.write_text(f"""
base_dir = {place.folder}/run
state_dir = {place.folder}/state
log_path = {place.folder}/dovecot.log
protocols = imap lmtp
ssl = yes
ssl_cert = <{place.folder}/cert.pem
ssl_key = <{place.folder}/key.pem
disable_plaintext_auth = no
first_valid_uid = {nobody.pw_uid}
recipient_delimiter = +
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
mail_location = maildir:{mails}/%Lu
{by_token}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={nobody.pw_uid} gid={nobody.pw_gid} home={mails}/%Lu allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {place.imap_port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {place.imaps_port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {place.lmtp_port}
  }}
}}
service auth {{
  inet_listener sasl {{
    address = 127.0.0.1
    port = {place.auth_port}
  }}
}}
""")
    return subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(config)])


def _start_postfix(place: RealMail) -> None:
    config, queue, data = (place.folder / name for name in ("postfix", "queue", "data"))
    for folder in (config, queue, data):
        folder.mkdir()
    owner = pwd.getpwnam("postfix")
    os.chown(data, owner.pw_uid, owner.pw_gid)
    lines = Path("/usr/share/postfix/master.cf.dist").read_text().splitlines()
    services = [line for line in lines if line and not line.startswith("#") and not line.startswith(" ")]
    kept = [_without_chroot(line) for line in services if line.split()[0] not in {"smtp"} or " unix " in line]
    kept.append(f"127.0.0.1:{place.smtp_port} inet n - n - - smtpd")
    kept.append("gone unix - n n - - pipe flags=q user=nobody argv=/bin/false")
    (config / "master.cf").write_text("\n".join(kept) + "\n")
    (config / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {place.folder}/postfix.log
maillog_file_prefixes = /var
myhostname = mx.test.example
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = {", ".join(DOMAINS)}
virtual_mailbox_maps = static:yes
virtual_transport = lmtp:inet:127.0.0.1:{place.lmtp_port}
transport_maps = inline:{{ {GONE}=gone: }}
default_transport = error:nothing leaves this machine
recipient_delimiter = +
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{place.auth_port}
smtpd_tls_cert_file = {place.folder}/cert.pem
smtpd_tls_key_file = {place.folder}/key.pem
smtpd_tls_security_level = may
message_size_limit = 40000000
""")
    _postfix(place, "check", check=False)
    _postfix(place, "start")


def _without_chroot(line: str) -> str:
    """The fifth column of master.cf says whether a service lives in a cage."""
    columns = line.split()
    columns[4] = "n"
    return " ".join(columns)


def _postfix(place: RealMail, command: str, *, check: bool = True) -> None:
    done = subprocess.run(
        ["/usr/sbin/postfix", "-c", str(place.folder / "postfix"), command],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0 or not check, done.stderr.decode()


def _write_certificate(folder: Path) -> None:
    """An authority of our own and a certificate for `localhost`."""
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    where = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", *command.split(), *where], capture_output=True, check=True, timeout=60)
    (folder / "ca.pem").write_bytes((folder / "cert.pem").read_bytes())


def free_ports(count: int) -> list[int]:
    """So many ports on which nobody listens."""
    lines = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [line.getsockname()[1] for line in lines]
    for line in lines:
        line.close()
    return ports


def wait_for(port: int, seconds: float = 30) -> None:
    """Wait until somebody listens there."""
    until = monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert monotonic() < until, f"nobody listens on port {port}"
            sleep(0.1)
        else:
            return
