"""A pytest fixture: a simulated Telegram for each test, and people who talk to the bot.

    async def test_the_bot_greets(telegram):
        async with running_bot(telegram.url, telegram.token):
            ann = await telegram.user("Ann")
            await ann.send("/start")
            assert (await ann.next())["text"] == "Hello, Ann!"

One `asgigram simulator` serves all tests of a session. Each test has a token, and with it a Telegram, of its own. It needs nothing but
Python's standard library and Node.js: `npm install --save-dev asgigram`, or the variable ASGIGRAM with the command.
"""

import asyncio
import json
import os
import re
import secrets
import subprocess
import urllib.error
import urllib.request

import pytest


@pytest.fixture(scope="session")
def simulator_url():
    command = os.environ.get("ASGIGRAM", "npx asgigram").split()
    arguments = [*command, "simulator", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        # The first line says where it is.
        yield re.search(r"http://[\w.:]+\d", process.stdout.readline())[0]
        process.terminate()


@pytest.fixture
def telegram(simulator_url):
    return Telegram(simulator_url, f"{secrets.randbelow(10**9) + 1}:{secrets.token_urlsafe(16)}")


class Telegram:
    def __init__(self, url, token):
        self.url = url
        self.token = token

    async def user(self, name):
        return User(self, await self.perform("user", name=name))

    async def calls(self, method=None):
        """The bot's calls, each with its parameters and its result or error."""
        return await self.perform("calls", **({"method": method} if method else {}))

    async def perform(self, action, **parameters):
        """Any action of /simulator/openapi.json. In a thread of its own: the bot goes on meanwhile."""
        return await asyncio.to_thread(self._post, action, parameters)

    def _post(self, action, parameters):
        url = f"{self.url}/simulator/bot{self.token}/{action}"
        request = urllib.request.Request(url, json.dumps(parameters).encode(), {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["error"]) from None


class User:
    def __init__(self, telegram, user):
        self.telegram = telegram
        self.id = user["id"]

    async def send(self, text, **more):
        return await self.telegram.perform("send", user_id=self.id, content={"text": text}, **more)

    async def press(self, button, **more):
        """Presses a button by its text, or by its number from 1."""
        return await self.telegram.perform("press", user_id=self.id, button=button, **more)

    async def next(self, type="message", timeout=5):
        """The bot's next message in the private chat, as a dictionary; for other types the event: edited, callback-answer, …"""
        event = await self.telegram.perform("next", chat_id=self.id, type=type, timeout=int(timeout * 1000))
        return event["message"] if type == "message" else event
