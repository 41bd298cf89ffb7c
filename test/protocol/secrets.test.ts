import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { learnSecret, secretHider, tokenFinder } from "../../src/protocol/secrets.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";
const HALF = TOKEN.split(":")[1]!;

describe("a token", () => {
  const hide = secretHider({ token: TOKEN });

  test("a token is hidden everywhere: whole or its secret half, encoded or not", () => {
    assert.equal(hide(`POST /bot${TOKEN}/getMe`), "POST /bot<token>/getMe");
    assert.equal(hide(`/bot${encodeURIComponent(TOKEN)}/getMe`), "/bot<token>/getMe");
    assert.equal(hide(`/bot${encodeURIComponent(encodeURIComponent(TOKEN))}/`), "/bot<token>/");
    assert.equal(hide(`its secret is ${HALF}.`), "its secret is <token>.");
    assert.equal(hide(`${TOKEN} ${TOKEN}`), "<token> <token>");
  });

  test("a token of another bot is hidden, too", () => {
    const hideAny = secretHider({});
    for (const text of [TOKEN, encodeURIComponent(TOKEN), encodeURIComponent(encodeURIComponent(TOKEN))]) {
      assert.equal(hideAny(`bot${text}`), "bot<token>");
    }
  });

  test("a number of any length stays, and is read once", () => {
    const number = "1".repeat(1_000_000);
    assert.equal(hide(number), number);
  });

  test("a token that is too short to be real is hidden as a whole, and other text stays", () => {
    const hide = secretHider({ token: "1:x" });
    assert.equal(hide("/bot1:x/getMe: an exact example"), "/bot<token>/getMe: an exact example");
  });

  test("a line of JSON without the token is still JSON", () => {
    const line = { url: "//a", mail: "b@c", msg: `"${TOKEN}" \\ //user:word@proxy`, token: TOKEN };
    assert.deepEqual(JSON.parse(hide(JSON.stringify(line))), {
      url: "//a",
      mail: "b@c",
      msg: '"<token>" \\ //<credentials>@proxy',
      token: "<token>",
    });
  });
});

describe("a proxy's password", () => {
  const hide = secretHider({ token: TOKEN, proxy: 'http://ann:open%20"sesame@127.0.0.1:3128' });

  test("a password is hidden in the URL of this and any other proxy", () => {
    assert.equal(hide("via http://ann:open@127.0.0.1:3128"), "via http://<credentials>@127.0.0.1:3128");
    assert.equal(hide("socks5://bob@proxy"), "socks5://<credentials>@proxy");
  });

  test("a password is hidden on its own: plain, in JSON, in a URL, in a header", () => {
    assert.equal(hide('open "sesame'), "<password>");
    assert.equal(hide(JSON.stringify('open "sesame')), '"<password>"');
    assert.equal(hide("open%20%22sesame"), "<password>");
    const basic = Buffer.from('ann:open "sesame').toString("base64");
    assert.equal(hide(`Proxy-Authorization: Basic ${basic}`), "Proxy-Authorization: Basic <password>");
  });

  test("a password that may be a common word is hidden only in URLs", () => {
    const hide = secretHider({ proxy: "http://ann:me@proxy" });
    assert.equal(hide("meet me at http://ann:me@proxy"), "meet me at http://<credentials>@proxy");
  });

  test("a password with an invalid percent code is hidden", () => {
    assert.equal(secretHider({ proxy: "http://ann:100%sesame@proxy" })("is 100%sesame"), "is <password>");
  });
});

describe("a database's password", () => {
  test("a password in the address of the inbox is hidden anywhere, decoded or not", () => {
    const hide = secretHider({ inbox: "postgres://bot:top%3Asecret@db1,db2:5433/bots" });
    for (const password of ["top:secret", "top%3Asecret"])
      assert.equal(hide(`it is ${password}.`), "it is <password>.");
    assert.equal(hide("postgres://bot:top%3Asecret@db1,db2/bots"), "postgres://<credentials>@db1,db2/bots");
    assert.equal(secretHider({ inbox: "/data/bot.sqlite" })("top:secret"), "top:secret");
  });

  test("a password that is read later is hidden by every hider, also by one of before", () => {
    const hide = secretHider({});
    learnSecret('read"later');
    assert.equal(hide('it is read"later, or read\\"later'), "it is <password>, or <password>");
    learnSecret("short");
    assert.equal(hide("short"), "short");
  });
});

test("text without a secret stays as it is", () => {
  const hide = secretHider({ token: TOKEN, proxy: false });
  for (const text of [
    "bot 123456789 serves 127.0.0.1:8082 since 2026-05-01T14:30:00.123Z",
    "at file:///home/ann/bot/node_modules/@scope/name/index.js:12:34",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "https://core.telegram.org/bots/api#getme, ann@example.com",
  ]) {
    assert.equal(hide(text), text);
  }
});

test("the token is found in a text, whole or its secret half; other text has none", () => {
  const isSecret = tokenFinder(TOKEN);
  assert.deepEqual([TOKEN, `a ${HALF} b`, "123456789:", "text"].map(isSecret), [true, true, false, false]);
});
