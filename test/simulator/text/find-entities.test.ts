/** The cases follow `find_entities` in td's MessageEntity.cpp. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { marked } from "./shown.ts";

/** The texts of all entities, which are of this type. */
function found(type: string, text: string): string[] {
  const lines = marked(text);
  assert.ok(
    lines.every((line) => line.startsWith(`${type} `)),
    `${text}: ${lines}`,
  );
  return lines.map((line) => line.slice(type.length + 2, -1));
}

/** Whole texts that are an entity, and texts without one. */
function check(type: string, { whole, none }: { whole: readonly string[]; none: readonly string[] }): void {
  for (const text of whole) assert.deepEqual(found(type, text), [text]);
  for (const text of none) assert.deepEqual(marked(text), [], text);
}

describe("plain text", () => {
  test("several entities are found, in order", () => {
    const text =
      "/start@some_bot hi @durov_x #tag $USD a@b.org https://x.org/a?b. see x.org, not 1/2 or a/b; +1-212-555-0123";
    assert.deepEqual(marked(text), [
      'bot_command "/start@some_bot"',
      'mention "@durov_x"',
      'hashtag "#tag"',
      'cashtag "$USD"',
      'email "a@b.org"',
      'url "https://x.org/a?b"',
      'url "x.org"',
      'phone_number "+1-212-555-0123"',
    ]);
    assert.deepEqual(marked("nothing here"), []);
  });

  test("of overlapping entities the first one counts, and at one place the longest", () => {
    assert.deepEqual(marked("x.org/#tag"), ['url "x.org/#tag"']);
    assert.deepEqual(marked("#tag@some_chat"), ['hashtag "#tag@some_chat"']);
    assert.deepEqual(marked("@some_bot.org"), ['mention "@some_bot"']);
  });

  test("mentions have 4 to 32 signs, but for a few old names", () => {
    check("mention", {
      whole: ["@abcd", "@a_1b", `@${"a".repeat(32)}`, "@gif", "@PIC", "@9999"],
      none: ["@abc", "@", `@${"a".repeat(33)}`, "x@abcd", "é@abcd", "_@abcd", "@abcdé", "@bot"],
    });
    assert.deepEqual(found("mention", "(@abcd),@efgh@ijkl!"), ["@abcd", "@efgh"]);
  });

  test("commands have 1 to 64 signs, and may name the bot", () => {
    check("bot_command", {
      whole: ["/a", "/a_1", `/${"a".repeat(64)}`, "/a@bot", `/a@${"b".repeat(32)}`],
      none: ["/", `/${"a".repeat(65)}`, "/a@b", "/a@", "/@a", "/a/", "/a>", "//a", "<a", "x/a", "/é", "/aé"],
    });
    assert.deepEqual(found("bot_command", "\u2192/a, (/b)"), ["/a", "/b"]);
  });

  test("hashtags have letters, and are cut after 256 signs", () => {
    check("hashtag", {
      whole: ["#a", "#é_1", "#1a", "#a·b", "#a\u200cb", "#\u0d81a", "#a@chat", "#день"],
      none: ["#", "##", "#1", "#_", "a#b", "#a#", "#a@chat#"],
    });
    assert.deepEqual(found("hashtag", `#${"a".repeat(300)}@chat`), [`#${"a".repeat(256)}`]);
    assert.deepEqual(marked(`#${"1".repeat(256)}a`), []);
    assert.deepEqual(found("hashtag", `#a@${"b".repeat(40)} #c@de #f-g`), [`#a@${"b".repeat(32)}`, "#c", "#f"]);
  });

  test("cashtags have 1 to 8 capital letters", () => {
    check("cashtag", {
      whole: ["$A", "$ABCDEFGH", "$USD@chat", "$1INCH"],
      none: ["$", "$a", "$ABCDEFGHI", "$USD1", "$1", "$$USD", "$USD$", "1$USD", "$1INC", "$USDé"],
    });
    assert.deepEqual(found("cashtag", `$A@${"b".repeat(33)} ™$B™`), ["$A", "$B"]);
  });

  test("e-mail addresses are found with and without mailto:", () => {
    check("email", { whole: ["a@b.org", "a.b_c-d@x-y.z9.co"], none: ["a@b", "a@b.c", "@b.org"] });
    assert.deepEqual(found("email", "mailto:a@b.org, <c@d.org>; e@f.org."), ["a@b.org", "c@d.org", "e@f.org"]);
    // The first dot ends what could be a name, and nothing looks back behind it.
    assert.deepEqual(found("email", "a.b+c@d.org"), ["+c@d.org"]);
  });

  test("phone numbers have a plus sign and 7 to 15 digits", () => {
    check("phone_number", {
      whole: ["+12125550123", "+1 (212) 555-0123", "+49.30.123456"],
      none: ["+123456", "+1234567890123456", "2125550123", "1+2345678", "a+12345678", "+12345678a", "+1--2345678"],
    });
  });

  test("a card's number is nothing else, and divides styles, but is not shown", () => {
    assert.deepEqual(marked("4111111111111111.com"), ['url "4111111111111111.com"']);
    assert.deepEqual(marked("<b>No 4111 1111-1111 1111!</b>", "HTML"), [
      'bold "No "',
      'bold "4111 1111-1111 1111"',
      'bold "!"',
    ]);
    assert.deepEqual(marked("<b>4111111111111111 5555555555554444</b>", "HTML"), [
      'bold "4111111111111111"',
      'bold " "',
      'bold "5555555555554444"',
    ]);
    for (const text of ["4111 1111 1111 1112", "+4111111111111111", "4111111111111111a", "41111111111111", "1-1"]) {
      assert.equal(marked(`<b>${text}</b>`, "HTML").filter((line) => line.startsWith("bold")).length, 1, text);
    }
  });
});

describe("URLs", () => {
  test("names with a known top-level domain are found, in most scripts", () => {
    check("url", {
      whole: [
        "x.org",
        "a.b-c.co.uk",
        "x.ORG",
        "пример.рф",
        "ПРИМЕР.РФ",
        "xn--e1afmkfd.xn--p1ai",
        "☃.net",
        "x.ton",
        "_.x.org",
      ],
      none: [
        "x.nope",
        "x.Org",
        "x.o",
        ".x.org",
        "x_.org",
        "x-.org",
        "x..org",
        "a.b",
        "x.org_",
        "x.xn--a",
        "teiegram.org",
      ],
    });
    assert.deepEqual(marked(`${"a".repeat(64)}.org`), []);
  });

  test("after a protocol any name is found", () => {
    check("url", {
      whole: [
        "http://x.nope",
        "HTTPS://x.org",
        "ftp://x.org",
        "tonsite://x.ton",
        "http://a@x.org",
        "http://a:b@x.org:80/",
      ],
      none: ["sftp://x.org", "ftps://x.org", "shttp://x.org", "://x.org", "http://x", "http://@x.org", "http://x.o_g"],
    });
    assert.deepEqual(found("url", "ahttp://x.org"), ["http://x.org"]);
  });

  test("IPv4 addresses have four bytes", () => {
    check("url", {
      whole: ["127.0.0.1", "255.255.255.255:80/x"],
      none: ["1.2.3", "1.2.3.256", "1.2.3.04", "1.2.3.4.5"],
    });
  });

  test("ports lie between 1 and 65535", () => {
    check("url", { whole: ["x.org:1", "x.org:00065535/a"], none: [] });
    for (const text of ["x.org:0", "x.org:65536/a", "x.org:a"]) assert.deepEqual(found("url", text), ["x.org"]);
  });

  test("a path ends in front of closing signs and brackets that close nothing", () => {
    const paths: Record<string, string> = {
      "x.org/a.": "x.org/a",
      "x.org/?!": "x.org/",
      "x.org?": "x.org",
      "x.org#a b": "x.org#a",
      "(x.org/a)": "x.org/a",
      "x.org/a_(b)": "x.org/a_(b)",
      "x.org/([)]": "x.org/([)]",
      "x.org/a]b": "x.org/a",
      "x.org/«a»": "x.org/",
      "x.org/a\u00a0b": "x.org/a",
      "x.org/a—b": "x.org/a—b",
      "x.org...": "x.org",
    };
    for (const [text, url] of Object.entries(paths)) assert.deepEqual(found("url", text), [url], text);
  });

  test("what stands in front of a name may spoil it", () => {
    for (const text of ["_/x.org", "#.x.org", "a@b@x.org"]) assert.deepEqual(marked(text), [], text);
    assert.deepEqual(found("url", "x.org,y.org;(z.org)"), ["x.org", "y.org", "z.org"]);
    assert.deepEqual(marked("http://a[b@c.org"), ['email "b@c.org"']);
  });

  test("links of Telegram's schemes need no dot", () => {
    check("url", {
      whole: ["tg://resolve?domain=x", "ton://a/b", "TG://a", "tonsite://a"],
      none: ["tg://", "tg:a"],
    });
    assert.deepEqual(found("url", "stg://a? tg://b/?!"), ["tg://a", "tg://b/"]);
  });
});
