/** The content of a message, beside its text: files, polls, places, people. */

import type { Invoice, Message, PaidMediaInfo, Poll } from "@grammyjs/types";
import { kindOf } from "./names.ts";
import { act, fileUrl } from "./server.ts";
import { here, tell } from "./state.ts";

export function Content({ message }: { message: Message }) {
  const { photo, video, animation, audio, voice, video_note, document, sticker, poll, location, venue } = message;
  const { contact, dice, invoice, game, paid_media, rich_message } = message;
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
  if (venue !== undefined) return <Card icon="📍" title={venue.title} detail={venue.address} />;
  if (location !== undefined)
    return <Card icon="📍" title="Location" detail={`${location.latitude}, ${location.longitude}`} />;
  if (contact !== undefined) return <Card icon="👤" title={contact.first_name} detail={contact.phone_number} />;
  if (dice !== undefined) return <Card icon={dice.emoji} title={`${dice.value}`} />;
  if (game !== undefined) return <Card icon="🎮" title={game.title} detail={game.description} />;
  if (invoice !== undefined) return <InvoiceCard invoice={invoice} message_id={message.message_id} />;
  if (paid_media !== undefined) return <PaidMedia {...paid_media} message_id={message.message_id} />;
  if (rich_message !== undefined) return <span class="text">{linesIn(rich_message).join("\n")}</span>;
  return message.text === undefined ? <span class="service">{serviceOf(message)}</span> : null;
}

/** A message that tells what has happened in the chat. */
function serviceOf(message: Message): string {
  const { new_chat_members, left_chat_member, new_chat_title, forum_topic_created, successful_payment } = message;
  const names = new_chat_members?.map(({ first_name }) => first_name).join(", ");
  if (names !== undefined) return `${names} joined`;
  if (left_chat_member !== undefined) return `${left_chat_member.first_name} left`;
  if (new_chat_title !== undefined) return `The chat is now called ${new_chat_title}`;
  if (forum_topic_created !== undefined) return `Topic ${forum_topic_created.name} created`;
  if (successful_payment !== undefined) return `Paid ${successful_payment.total_amount} ${successful_payment.currency}`;
  return kindOf(message);
}

function Picture({ file_id, title }: { file_id: string; title: string }) {
  return (
    <a href={fileUrl(file_id)} target="_blank" rel="noopener noreferrer">
      <img class="picture" src={fileUrl(file_id)} alt={title} loading="lazy" />
    </a>
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

function PollCard({ poll, message_id }: { poll: Poll; message_id: number }) {
  const vote = (...options: number[]) => tell(act("vote", { ...here(), message_id, options }));
  if (poll.allows_multiple_answers) return <Ballot poll={poll} vote={vote} />;
  return (
    <fieldset class="poll" disabled={poll.is_closed}>
      <legend>{poll.question}</legend>
      {poll.options.map(({ text, voter_count }, i) => (
        <button type="button" key={i} onClick={() => vote(i)}>
          <span>{text}</span>
          <meter min={0} max={Math.max(1, poll.total_voter_count)} value={voter_count} />
          <span class="quiet">{voter_count}</span>
        </button>
      ))}
      <Votes poll={poll} />
    </fieldset>
  );
}

/** A poll that takes several answers, which one gives at once; none take the vote back. */
function Ballot({ poll, vote }: { poll: Poll; vote: (...options: number[]) => void }) {
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    vote(...new FormData(event.currentTarget as HTMLFormElement).getAll("option").map(Number));
  };
  return (
    <form onSubmit={send}>
      <fieldset class="poll" disabled={poll.is_closed}>
        <legend>{poll.question}</legend>
        {poll.options.map(({ text, voter_count }, i) => (
          <label key={i}>
            <input type="checkbox" name="option" value={i} /> {text} <span class="quiet">{voter_count}</span>
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
    {type === "quiz" ? "Quiz" : "Poll"} · {total_voter_count} votes{is_closed && " · closed"}
  </span>
);
