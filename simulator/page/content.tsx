/** The content of a message, beside its text: files, polls, places, people. */

import type { Checklist, Invoice, LivePhoto, Message, PaidMediaInfo, Poll } from "@grammyjs/types";
import { contentKind } from "../state/content-kind.ts";
import { counted, kindOf, nameOf, summaryOf } from "./names.ts";
import { act, fileUrl } from "./server.ts";
import { chat, here, refresh, tell } from "./state.ts";
import { Text } from "./text.tsx";

export function Content({ message }: { message: Message }) {
  const { photo, video, animation, audio, voice, video_note, document, sticker, poll, location, venue } = message;
  const { contact, dice, invoice, game, paid_media, rich_message, live_photo, checklist } = message;
  // It is a photo as well, for old bots.
  if (live_photo !== undefined) return <Live photo={live_photo} />;
  if (photo !== undefined) return <Picture file_id={photo.at(-1)!.file_id} title="Photo" />;
  if (sticker !== undefined) return <Picture file_id={sticker.file_id} title={`Sticker ${sticker.emoji ?? ""}`} />;
  // A GIF is a picture for browsers.
  if (animation?.mime_type === "image/gif") return <Picture file_id={animation.file_id} title="GIF" />;
  const film = animation ?? video ?? video_note;
  // biome-ignore lint/a11y/useMediaCaption: a user's video has none
  if (film !== undefined) return <video controls preload="metadata" src={fileUrl(film.file_id)} />;
  const sound = voice ?? audio;
  // biome-ignore lint/a11y/useMediaCaption: a user's recording has none
  if (sound !== undefined) return <audio controls preload="metadata" src={fileUrl(sound.file_id)} />;
  if (document !== undefined)
    return <File file_id={document.file_id} name={document.file_name} size={document.file_size} />;
  if (poll !== undefined) return <PollCard poll={poll} message_id={message.message_id} />;
  if (checklist !== undefined) return <Tasks checklist={checklist} />;
  if (venue !== undefined) return <Card icon="📍" title={venue.title} detail={venue.address} />;
  if (location !== undefined)
    return <Card icon="📍" title="Location" detail={`${location.latitude}, ${location.longitude}`} />;
  if (contact !== undefined) return <Card icon="👤" title={contact.first_name} detail={contact.phone_number} />;
  if (dice !== undefined) return <Card icon={dice.emoji} title={`${dice.value}`} />;
  if (game !== undefined) return <Card icon="🎮" title={game.title} detail={game.description} />;
  if (invoice !== undefined) return <InvoiceCard invoice={invoice} message_id={message.message_id} />;
  if (paid_media !== undefined) return <PaidMedia {...paid_media} message_id={message.message_id} />;
  if (rich_message !== undefined) return <span class="text">{linesIn(rich_message).join("\n")}</span>;
  if (message.new_chat_photo !== undefined)
    return <Picture file_id={message.new_chat_photo.at(-1)!.file_id} title="The chat's new photo" />;
  return message.text === undefined ? <span class="service">{serviceOf(message)}</span> : null;
}

/** A message that tells what has happened in the chat. */
function serviceOf(message: Message): string {
  const { new_chat_members, left_chat_member, new_chat_title, forum_topic_created, successful_payment } = message;
  const { pinned_message } = message;
  const names = new_chat_members?.map(({ first_name }) => first_name).join(", ");
  if (names !== undefined) return `${names} joined`;
  if (left_chat_member !== undefined) return `${left_chat_member.first_name} left`;
  if (new_chat_title !== undefined) return `The chat is now called ${new_chat_title}`;
  if (forum_topic_created !== undefined) return `Topic ${forum_topic_created.name} created`;
  if (successful_payment !== undefined) return `Paid ${successful_payment.total_amount} ${successful_payment.currency}`;
  if (pinned_message !== undefined) return `Pinned: ${summaryOf(pinned_message as Message)}`;
  const facts = factsIn(message[contentKind(message) as keyof Message]);
  return facts === "" ? kindOf(message) : `${kindOf(message)}: ${facts}`;
}

/** What a content without a picture of its own holds, in a line. */
function factsIn(content: unknown): string {
  if (content === undefined || content === true) return "";
  if (typeof content !== "object" || content === null) return `${content}`;
  if (Array.isArray(content)) return content.map(factsIn).join(", ");
  const facts = Object.entries(content).map(([name, value]) => [name.replaceAll("_", " "), factsIn(value)]);
  return facts.map(([name, fact]) => (fact === "" ? name : `${name} ${fact}`)).join(", ");
}

function Picture({ file_id, title }: { file_id: string; title: string }) {
  return (
    <a href={fileUrl(file_id)} target="_blank" rel="noopener noreferrer">
      <img class="picture" src={fileUrl(file_id)} alt={title} loading="lazy" />
    </a>
  );
}

/** The picture, and the film behind it. */
function Live({ photo: { photo, file_id } }: { photo: LivePhoto }) {
  const picture = photo?.at(-1)?.file_id;
  return (
    // biome-ignore lint/a11y/useMediaCaption: a live photo has none
    <video
      controls
      preload="none"
      aria-label="Live photo"
      poster={picture && fileUrl(picture)}
      src={fileUrl(file_id)}
    />
  );
}

function Tasks({ checklist: { title, tasks } }: { checklist: Checklist }) {
  return (
    <>
      <b>{title}</b>
      <ul>
        {tasks.map(({ id, text, completion_date, completed_by_user }) => (
          <li key={id}>
            <span role="img" aria-label={completion_date ? "done" : "open"}>
              {completion_date ? "☑" : "☐"}
            </span>{" "}
            {text} {completed_by_user && <span class="quiet">{nameOf(completed_by_user)}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

function File({
  file_id,
  name = "file",
  size,
}: {
  file_id: string;
  name?: string | undefined;
  size?: number | undefined;
}) {
  return (
    <a class="card" href={fileUrl(file_id)} download={name}>
      <span class="icon">📄</span>
      <b>{name}</b>
      <span class="quiet">{size === undefined ? "" : `${Math.ceil(size / 1024)} KB`}</span>
    </a>
  );
}

function Card({ icon, title, detail }: { icon: string; title: string; detail?: string }) {
  return (
    <span class="card">
      <span class="icon">{icon}</span>
      <b>{title}</b>
      {detail && <span class="quiet">{detail}</span>}
    </span>
  );
}

/** Stars have no smaller unit. */
const priceOf = ({ total_amount, currency }: Invoice) =>
  `${currency === "XTR" ? total_amount : total_amount / 100} ${currency}`;

function InvoiceCard({ invoice, message_id }: { invoice: Invoice; message_id: number }) {
  return (
    <>
      <Card icon="🧾" title={invoice.title} detail={invoice.description} />
      <button type="button" onClick={() => tell(act("pay", { ...here(), message_id }))}>
        Pay {priceOf(invoice)}
      </button>
    </>
  );
}

function PaidMedia({ star_count, paid_media, message_id }: PaidMediaInfo & { message_id: number }) {
  return (
    <>
      {paid_media.map((medium, at) => (
        <PaidMedium key={at} medium={medium} />
      ))}
      <button type="button" onClick={() => tell(act("pay", { ...here(), message_id }))}>
        Buy for {star_count} XTR
      </button>
    </>
  );
}

function PaidMedium({ medium }: { medium: PaidMediaInfo["paid_media"][number] }) {
  if (medium.type === "photo") return <Picture file_id={medium.photo.at(-1)!.file_id} title="Photo" />;
  // biome-ignore lint/a11y/useMediaCaption: a bot's video has none
  if (medium.type === "video") return <video controls preload="metadata" src={fileUrl(medium.video.file_id)} />;
  if (medium.type === "live_photo") return <Live photo={medium.live_photo} />;
  return <Card icon="🔒" title={medium.type.replaceAll("_", " ")} />;
}

/** The texts in the blocks of a rich message, each in a line of its own. */
function linesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { text, ...more } = value as { text?: unknown };
  const line = lineIn(text);
  return [...(line === "" ? [] : [line]), ...Object.values(more).flatMap(linesIn)];
}

/** A text of a block: a string, parts of a line, or an object with a text. */
function lineIn(text: unknown): string {
  if (Array.isArray(text)) return text.map(lineIn).join("");
  return typeof text === "object" && text !== null ? lineIn((text as { text?: unknown }).text) : `${text ?? ""}`;
}

interface PollProps {
  poll: Poll;
  /** Results are shown to those who have voted, and when the poll is closed. */
  hasResults: boolean;
  /** The person's vote: positions, from 0. */
  chosen: readonly number[];
  vote: (...options: number[]) => void;
}

function PollCard({ poll, message_id }: { poll: Poll; message_id: number }) {
  const chosen = chat.value?.votes.get(message_id) ?? [];
  const vote = (...options: number[]) => void tell(act("vote", { ...here(), message_id, options }).then(refresh));
  const hasResults = chosen.length > 0 || poll.is_closed;
  const Options = poll.allows_multiple_answers ? Ballot : Choice;
  return (
    <>
      <Options poll={poll} hasResults={hasResults} chosen={chosen} vote={vote} />
      <Verdict poll={poll} hasResults={hasResults} chosen={chosen} />
    </>
  );
}

const isOver = (poll: Poll, chosen: readonly number[]) =>
  poll.is_closed || (chosen.length > 0 && !(poll.allows_revoting ?? poll.type !== "quiz"));

/** A second click takes the vote back, but not in a quiz. */
function Choice({ poll, hasResults, chosen, vote }: PollProps) {
  return (
    <fieldset class="poll" disabled={isOver(poll, chosen)}>
      <legend>{poll.question}</legend>
      {poll.options.map(({ text, voter_count }, i) => (
        <button
          type="button"
          key={i}
          aria-pressed={chosen.includes(i)}
          onClick={() => (chosen.includes(i) ? vote() : vote(i))}
        >
          <span>{text}</span>
          {hasResults && <meter min={0} max={Math.max(1, poll.total_voter_count)} value={voter_count} />}
          {hasResults && <span class="quiet">{voter_count}</span>}
        </button>
      ))}
      <Votes poll={poll} />
    </fieldset>
  );
}

/** A poll that takes several answers, which one gives at once; none take the vote back. */
function Ballot({ poll, hasResults, chosen, vote }: PollProps) {
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    vote(...new FormData(event.currentTarget as HTMLFormElement).getAll("option").map(Number));
  };
  return (
    <form onSubmit={send}>
      <fieldset class="poll" disabled={isOver(poll, chosen)}>
        <legend>{poll.question}</legend>
        {poll.options.map(({ text, voter_count }, i) => (
          <label key={i}>
            <input type="checkbox" name="option" value={i} defaultChecked={chosen.includes(i)} /> {text}{" "}
            {hasResults && <span class="quiet">{voter_count}</span>}
          </label>
        ))}
        <button type="submit">Vote</button>
        <Votes poll={poll} />
      </fieldset>
    </form>
  );
}

const Votes = ({ poll: { type, total_voter_count, is_closed } }: { poll: Poll }) => (
  <span class="quiet">
    {type === "quiz" ? "Quiz" : "Poll"} · {counted(total_voter_count, "vote")}
    {is_closed && " · closed"}
  </span>
);

/** A quiz tells what is right once one has voted, or when it is closed. */
function Verdict({ poll, hasResults, chosen }: Omit<PollProps, "vote">) {
  const { correct_option_ids: right = [], explanation, explanation_entities } = poll;
  if (poll.type !== "quiz" || !hasResults) return null;
  const isRight = chosen.length === right.length && chosen.every((option) => right.includes(option));
  const answer = right.map((option) => poll.options[option]?.text).join(", ");
  return (
    <p class="verdict">
      {chosen.length > 0 && <b class={isRight ? "is-right" : "is-wrong"}>{isRight ? "✓ Right. " : "✗ Wrong. "}</b>}
      {!isRight && <>The answer is {answer}. </>}
      {explanation && <Text text={explanation} entities={explanation_entities} />}
    </p>
  );
}
