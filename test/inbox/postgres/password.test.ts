import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inboxError, isPassing } from "../../../src/inbox/postgres/failure.ts";
import { PasswordError, type PasswordSource, readPassword } from "../../../src/inbox/postgres/password.ts";
import { secretHider } from "../../../src/protocol/secrets.ts";
import { Folder } from "../../folder.ts";

const PLACE = { PGHOST: "db1", PGPORT: "5432", PGUSER: "bot", PGDATABASE: "bots" };

async function failure(source: PasswordSource, patience?: number): Promise<PasswordError> {
  try {
    await readPassword(source, PLACE, patience);
  } catch (error) {
    assert.ok(error instanceof PasswordError);
    return error;
  }
  assert.fail("there is a password");
}

describe("the password of the database", () => {
  test("without a file and a command there is none", async () => {
    assert.equal(await readPassword({}, PLACE), undefined);
  });

  test("it is what a file holds, without the end of the line, and is hidden from then on", async () => {
    using folder = new Folder();
    assert.equal(await readPassword({ file: folder.write("password", " of-a-file \n") }, PLACE), " of-a-file ");
    assert.equal(secretHider({})("it is  of-a-file !"), "it is <password>!");
  });

  test("it is what a command prints, which knows the place, and counts before a file", async () => {
    const command = 'printf "%s\\n" "$PGUSER@$PGHOST:$PGPORT/$PGDATABASE"';
    assert.equal(await readPassword({ command, file: "/none" }, PLACE), "bot@db1:5432/bots");
    assert.equal(secretHider({})("bot@db1:5432/bots"), "<password>");
  });

  test("a command that fails is told with its last words, without what it printed", async () => {
    const { message } = await failure({
      command: "echo half-a-secret; echo none >&2; echo not half-a-secret >&2; exit 3",
    });
    assert.equal(secretHider({})(message), "--inbox-password-command failed: it ended with 3: not <password>");
  });

  for (const [what, command, says] of [
    ["prints nothing", "true", /^--inbox-password-command failed: it printed nothing$/],
    ["is not there", "no-such-command-at-all", /failed: it ended with 127: .*not found$/],
    ["does not end", "exec sleep 60", /failed: it did not end within 0.2 s$/],
  ] as const) {
    test(`a command that ${what} is told so`, async () => {
      assert.match((await failure({ command }, command.includes("sleep") ? 200 : undefined)).message, says);
    });
  }

  test("a failure is fatal at the start, and passes in use", async () => {
    const error = await failure({ file: "/none/password" });
    assert.deepEqual([isPassing(error, false), isPassing(error, true)], [false, true]);
    assert.match(
      inboxError(error, "postgres://db/bots").message,
      /^the inbox in postgres:\/\/db\/bots: --inbox-password-file cannot be read: ENOENT/,
    );
  });
});
