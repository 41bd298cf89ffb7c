/**
 * OpenTelemetry traces of the server: a span for each update from its arrival to its end, in it a span for each
 * delivery to a worker, and in that a span for each Bot API call of the application.
 *
 *   NODE_OPTIONS="--import ./opentelemetry.ts" asgigram bot.ts
 *
 * This example prints the spans; replace the exporter by a real one, such as @opentelemetry/exporter-trace-otlp-http.
 */
import { isMainThread } from "node:worker_threads";
import { ROOT_CONTEXT, type Span, SpanKind, type SpanOptions, SpanStatusCode, trace } from "@opentelemetry/api";
import { BasicTracerProvider, ConsoleSpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { type EventFields, subscribe } from "asgigram/diagnostics";

const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())] });
const tracer = provider.getTracer("asgigram");

/** The spans of an event until it is settled. */
interface Spans {
  update: Span;
  delivery?: Span;
}

function traceServer(): void {
  const open = new Map<string, Spans>();
  const keyOf = ({ server, seq }: { server: number; seq: number | undefined }) => `${server}:${seq}`;

  function begin(event: EventFields): Spans {
    const { kind, scope, update_id } = event;
    const attributes = { "asgigram.scope": scope, "asgigram.update_id": update_id };
    const spans = { update: tracer.startSpan(kind, { kind: SpanKind.CONSUMER, attributes }, ROOT_CONTEXT) };
    open.set(keyOf(event), spans);
    return spans;
  }

  subscribe("asgigram:received", begin);

  subscribe("asgigram:posted", (event) => {
    // An event from an earlier process has no update span yet.
    const spans = open.get(keyOf(event)) ?? begin(event);
    // The previous delivery did not end: its worker died.
    if (spans.delivery !== undefined) end(spans.delivery, "the worker died");
    const attributes = { "asgigram.worker": event.worker, "asgigram.attempt": event.attempt };
    spans.delivery = child(spans.update, "delivery", { attributes });
  });

  subscribe("asgigram:send", (call) => {
    const startTime = Date.now() - call.duration;
    const attributes = { "asgigram.outcome": call.outcome, "asgigram.lane": call.lane };
    // A call that the application did not await may end after its event.
    const parent = open.get(keyOf(call))?.delivery;
    end(child(parent, call.method, { kind: SpanKind.CLIENT, attributes, startTime }), call.error?.message);
  });

  subscribe("asgigram:settled", (event) => {
    const spans = open.get(keyOf(event));
    open.delete(keyOf(event));
    const error = event.outcome === "settled" ? undefined : (event.error ?? event.outcome);
    if (spans?.delivery !== undefined) end(spans.delivery, error);
    if (spans !== undefined) end(spans.update, error);
  });
}

function child(parent: Span | undefined, name: string, options: SpanOptions): Span {
  return tracer.startSpan(name, options, parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent));
}

function end(span: Span, error: string | undefined): void {
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  span.end();
}

// --import loads this file in every thread; diagnostics are published in the main thread.
if (isMainThread) traceServer();
