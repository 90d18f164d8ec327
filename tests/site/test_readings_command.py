"""`hark readings`, as it is typed."""

from pathlib import Path

import pytest

from hark.conversations.models import Reading, Rereading
from tests.site.test_search_command import hark
from tests.workspace.makers import known, make_world, say


@pytest.mark.django_db(transaction=True)
def test_old_messages_are_read_again_here_or_by_the_workers(tmp_path: Path) -> None:
    world = make_world()
    for n in range(3):
        say(
            world.square, known(f"u{n}"), "This is terrible, nobody answers me", ago=600 - n, reads={"mood": "positive"}
        )
    assert "No old messages" in hark(tmp_path, "readings", "show").stdout
    refused = hark(tmp_path, "readings", "again", "--brand", "Pear")
    assert (refused.returncode, refused.stderr) == (2, "hark: There is no brand of that name or key.\n")
    assert "No message fits" in hark(tmp_path, "readings", "again", "--since", "2999-01-01").stderr
    begun = hark(tmp_path, "readings", "again", "--brand", "plum")
    assert begun.returncode == 0, begun.stderr
    assert "3 messages" in begun.stdout
    assert "being read again already" in hark(tmp_path, "readings", "again").stderr
    for word, state in (("pause", "paused"), ("go-on", "running"), ("cancel", "cancelled")):
        assert hark(tmp_path, "readings", word).returncode == 0
        assert Rereading.objects.get().state == state
    done = hark(tmp_path, "readings", "again", "--here")
    assert done.returncode == 0, done.stderr
    assert "Done: 3 of 3 messages, 100 %." in done.stdout
    assert "Sentiment: 3 messages, 100.0 %; 3 positive → negative" in done.stdout
    assert Reading.objects.exclude(model_version="test").count() == 3
