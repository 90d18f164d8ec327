"""A real WordPress with a real MariaDB in a folder of their own, on free high ports of this machine."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from hark.kernel.time import monotonic, sleep
from tests.venues.dovecot_postfix import free_ports, wait_for

SOURCE = Path("/usr/share/wordpress")
PROGRAMS = ("/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db", "/usr/bin/php", "/usr/share/wordpress/wp-load.php")
CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{folder}/mysql.sock'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', '{url}'); define('WP_SITEURL', '{url}');
define('WP_ENVIRONMENT_TYPE', 'local'); // application passwords over plain http
define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true); define('AUTOMATIC_UPDATER_DISABLED', true);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {{
    define($name . '_KEY', 'made up for the tests');
    define($name . '_SALT', 'made up for the tests');
}}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
INSTALL = """<?php
define('WP_INSTALLING', true);
function wp_new_blog_notification() {}
require __DIR__ . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Plum', 'admin', 'admin@plum.example', true, '', 'a-password-of-the-suite');
$options = ['comment_moderation' => 0, 'comment_previously_approved' => 0, 'permalink_structure' => '',
            'show_avatars' => 0, 'template' => 'plain', 'stylesheet' => 'plain', 'thread_comments' => 1,
            'thread_comments_depth' => 5, 'rss_use_excerpt' => 0];
foreach ($options as $name => $value) update_option($name, $value);
$made = ['site' => get_bloginfo('version')];
foreach (['care' => 'editor', 'tessa' => 'editor', 'guest' => 'subscriber'] as $name => $role) {
    $id = wp_insert_user(['user_login' => $name, 'user_pass' => wp_generate_password(), 'role' => $role,
                          'user_email' => "$name@plum.example", 'display_name' => ucfirst($name)]);
    [$password] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'Hark']);
    $made[$name] = [$id, $password];
}
$made['post'] = wp_insert_post(['post_title' => 'New tariffs', 'post_content' => 'Cheaper, and with more data.',
                                'post_status' => 'publish', 'comment_status' => 'open']);
echo json_encode($made);
"""

# Debian's package brings no theme; WordPress itself draws the thread.
THEME = """<?php while (have_posts()) { the_post(); the_content(); wp_list_comments(['style' => 'ol'],
    get_comments(['post_id' => get_the_ID(), 'status' => 'approve', 'order' => 'ASC'])); }
"""


@dataclass(frozen=True)
class Site:
    """A site that runs: users by name, each with his number and application password; a post that takes comments."""

    folder: Path
    port: int
    version: str = ""
    post: int = 0
    users: tuple[tuple[str, int, str], ...] = ()
    seconds: tuple[tuple[str, float], ...] = ()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def allowed(self) -> list[str]:
        """For HARK_ALLOWED_NETWORKS."""
        return [f"127.0.0.1:{self.port}"]

    def user(self, name: str) -> tuple[int, str]:
        """A user's number and application password."""
        return next((number, password) for who, number, password in self.users if who == name)

    def comment(self, words: str, who: str, *, parent: str = "0", post: int = 0) -> str:
        """What somebody does who fills in the form beneath a post, from an address of his own; his comment's number.

        WordPress takes no second comment from one address within 15 seconds.
        """
        fields = {"author": who.title(), "email": f"{who}@mail.example", "comment": words, "comment_parent": parent}
        body = urlencode({**fields, "comment_post_ID": post or self.post, "submit": "Post Comment"})
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(_address_of(who), 0))
        try:
            line.request("POST", "/wp-comments-post.php", body, {"content-type": "application/x-www-form-urlencoded"})
            answer = line.getresponse()
            said = answer.read()
        finally:
            line.close()
        assert answer.status == 302, (answer.status, said[-400:])
        return (answer.headers["location"] or "").rpartition("#comment-")[2]

    def php(self, code: str) -> str:
        """What somebody does in WordPress's own pages, by the functions that those call."""
        script = self.folder / "site" / "act.php"
        script.write_text(f"<?php require __DIR__ . '/wp-load.php'; {code}")
        return _php(script)

    def page(self, path: str) -> str:
        """A page as a visitor gets it."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("GET", path)
            return line.getresponse().read().decode()
        finally:
            line.close()


def why_not() -> str:
    """Why the site cannot run here; empty where it can."""
    missing = [program for program in PROGRAMS if not Path(program).exists()]
    names = "wordpress, php-cli, php-mysql and mariadb-server"
    return f"not installed: {', '.join(missing)} (`make venues` installs {names})" if missing else ""


@contextmanager
def wordpress_site() -> Iterator[Site]:
    """A site, installed, started and stopped. Skips the test with the reason where it cannot run."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="hark-blog-", dir="/var/tmp"))
    site = Site(folder, *free_ports(1))
    begun = monotonic()
    database = _start_database(folder)
    server = None
    try:
        ready = monotonic()
        _write_site(site)
        made = _installed(site)
        installed = monotonic()
        server = _start_php(site)
        wait_for(site.port)
        made.page("/?rest_route=/")  # the first page of a new site takes long
        seconds = (("MariaDB", ready - begun), ("WordPress installed", installed - ready))
        yield replace(made, seconds=(*seconds, ("PHP's server", monotonic() - installed)))
    finally:
        for process in filter(None, (server, database)):
            end(process)
        shutil.rmtree(folder, ignore_errors=True)


def _start_database(folder: Path) -> "subprocess.Popen[bytes]":
    data, socket = folder / "data", folder / "mysql.sock"
    who = ["--user=root"] if os.geteuid() == 0 else []
    usual = ["--no-defaults", f"--datadir={data}", *who]
    make = ["mariadb-install-db", *usual, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(make, capture_output=True, check=True, timeout=120)
    lean = [
        "--skip-networking",
        "--innodb-buffer-pool-size=32M",
        "--skip-log-bin",
        "--innodb-flush-log-at-trx-commit=0",
    ]
    with (folder / "mariadb.log").open("wb") as log:
        database = subprocess.Popen(
            ["/usr/sbin/mariadbd", *usual, f"--socket={socket}", f"--pid-file={folder}/pid", *lean],
            stdout=log,
            stderr=log,
        )
    until = monotonic() + 60
    while subprocess.run(_client(socket, "SELECT 1"), capture_output=True, check=False, timeout=30).returncode:
        assert monotonic() < until and database.poll() is None, (folder / "mariadb.log").read_text()[-2000:]  # noqa: PT018
        sleep(0.1)
    subprocess.run(_client(socket, "CREATE DATABASE wordpress CHARACTER SET utf8mb4"), check=True, timeout=30)
    return database


def _client(socket: Path, command: str) -> list[str]:
    return ["mariadb", "--no-defaults", "-u", "root", f"--socket={socket}", "-e", command]


def _write_site(site: Site) -> None:
    """A copy, because WordPress takes the folder that a link leads to for its own."""
    shutil.copytree(SOURCE, site.folder / "site", symlinks=False, ignore_dangling_symlinks=True)
    (site.folder / "site" / "wp-config.php").unlink(missing_ok=True)
    theme = site.folder / "site" / "wp-content" / "themes" / "plain"
    theme.mkdir(parents=True, exist_ok=True)
    (theme / "style.css").write_text("/*\nTheme Name: Plain\n*/")
    (theme / "index.php").write_text(THEME)
    (site.folder / "site" / "wp-config.php").write_text(CONFIG.format(folder=site.folder, url=site.url))


def _installed(site: Site) -> Site:
    script = site.folder / "site" / "install-once.php"
    script.write_text(INSTALL)
    said = json.loads(_php(script).rpartition("\n")[2])
    script.unlink()
    users = tuple((name, *said[name]) for name in ("care", "tessa", "guest"))
    return replace(site, version=said["site"], post=said["post"], users=users)


def _php(script: Path) -> str:
    command = ["php", "-d", "display_errors=stderr", "-d", "sendmail_path=/bin/true", str(script)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-2000:]
    return done.stdout.decode().strip()


def _start_php(site: Site) -> "subprocess.Popen[bytes]":
    with (site.folder / "php.log").open("wb") as log:
        command = [
            "php",
            "-d",
            "sendmail_path=/bin/true",
            "-S",
            f"127.0.0.1:{site.port}",
            "-t",
            str(site.folder / "site"),
        ]
        return subprocess.Popen(command, stdout=log, stderr=log)


def end(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    """Stop a server of ours, and wait for it."""
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
        return
    process.kill()
    process.wait(10)


def _address_of(who: str) -> str:
    """Everybody has a loopback address of his own."""
    return f"127.1.{sum(who.encode()) % 250 + 1}.{len(who) % 250 + 1}"
