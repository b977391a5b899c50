"""How the updater reaches the bot: with the settings the bot itself reads, whatever answers there."""

from __future__ import annotations

import socket
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from config.settings import read_environment
from updater.programs import run
from updater.running_bot import RunningBot, read_settings

if TYPE_CHECKING:
    from pathlib import Path

LINES = """
# PORT=1
PORT=8123 # of the sidecar
export HTTP_HOST='10.0.0.5'
http_token="a token # with spaces"
UPDATE_RESTART=systemctl restart 'file filter'
SESSION=data/bot#1.session
LOG_LEVEL=
"""


@pytest.mark.parametrize("name", ["PORT", "HTTP_HOST", "HTTP_TOKEN", "SESSION", "LOG_LEVEL"])
def test_a_line_of_settings_means_the_same_to_updater_and_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Scenario 134: comments, quotes and small letters that the bot starts with do not fail its update's health."""
    (tmp_path / ".env").write_text(LINES, "utf-8")
    for variable in ("PORT", "HTTP_HOST", "HTTP_TOKEN", "SESSION", "LOG_LEVEL"):
        monkeypatch.delenv(variable, raising=False)

    found, read = read_settings(tmp_path), read_environment({}, tmp_path / ".env")

    assert found.get(name, "") == read.get(name, "")


def test_a_token_in_a_file_of_its_own_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it every update of such an installation would be taken back: figures need the token."""
    monkeypatch.delenv("HTTP_TOKEN", raising=False)
    (tmp_path / "token").write_text("from-a-file-of-its-own\n", "utf-8")
    (tmp_path / ".env").write_text("HTTP_TOKEN_FILE=token\n", "utf-8")

    assert read_settings(tmp_path)["HTTP_TOKEN"] == "from-a-file-of-its-own"


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        *(("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")),
        *(("10.0.0.5", "10.0.0.5"), ("fd00::5", "[fd00::5]"), ("bot.internal", "bot.internal")),
    ],
)
def test_the_bot_is_asked_where_it_listens(tmp_path: Path, host: str, asked: str) -> None:
    """A sidecar that is bound to one address alone does not answer at 127.0.0.1."""
    assert RunningBot(tmp_path, {"HTTP_HOST": host, "PORT": "81"}, 1.0).address == f"http://{asked}:81"


@pytest.mark.parametrize("answer", [b"no http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_whatever_answers_is_a_bot_that_is_not_well(tmp_path: Path, answer: bytes) -> None:
    """Another program on the port, or a bot that dies while it answers, ends in a rollback and not in a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_all, args=(listener, answer), daemon=True).start()
        port = str(listener.getsockname()[1])

        assert not RunningBot(tmp_path, {"PORT": port}, 0.2).becomes_healthy("x")


def test_the_bot_is_not_asked_by_way_of_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for the way out knows nothing of the bot on this machine, and would have every update taken back."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    well = b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"version": "x"}'
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_all, args=(listener, well), daemon=True).start()
        port = str(listener.getsockname()[1])

        assert RunningBot(tmp_path, {"PORT": port}, 10.0).becomes_healthy("x")


def _answer_all(listener: socket.socket, answer: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(4096)
            connection.sendall(answer)


def test_a_restart_that_leaves_a_bot_behind_is_over_when_it_ends(tmp_path: Path) -> None:
    """A script that starts the bot in the background hands it its output, which is open as long as the bot runs."""
    left = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(8)'])"

    run([sys.executable, "-c", left], 5.0, at=tmp_path)
