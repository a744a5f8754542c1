// Speaks to the sandbox: requests with the token of this run, and the stream of news.

const KEPT = "diana-sandbox-token";
const LOST = "The sandbox does not answer. Look whether “make run” still runs.";

/** The sandbox refused a request; the message names the cure. Status 0: it did not answer at all. */
export class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Take the token from the address into this tab's memory and out of the address bar; say whether there is one. */
export function takeToken() {
  const given = decodeURIComponent(location.hash.slice(1));
  if (given && !document.getElementById(given)) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname);
  }
  return Boolean(sessionStorage.getItem(KEPT));
}

/** Return the answer to a GET. */
export const read = async (path) => (await request(path)).json();

/** Return the answer to a POST of an object. */
export const send = async (path, body = {}) =>
  (await request(path, { method: "POST", body: JSON.stringify(body) })).json();

/** Return a file as a Blob. */
export const readFile = async (id) => (await request(`/chat/files/${encodeURIComponent(id)}`)).blob();

async function request(path, options = {}) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(KEPT) ?? ""}` };
  if (options.body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError(0, LOST);
  }
  if (!response.ok) throw new RequestError(response.status, await reason(response));
  return response;
}

async function reason(response) {
  const body = await response.json().catch(() => ({}));
  return body.error ?? `The sandbox answered with status ${response.status}. Its log says more.`;
}

/** Yield `{id, event, data}` for each piece of news after a sequence number, until the connection ends. */
export async function* readNews(after, signal) {
  const response = await request(`/chat/news?after=${after}`, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  yield { id: after, event: "open", data: {} };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/u);
    rest = blocks.pop();
    for (const block of blocks) {
      const news = parse(block);
      if (news) yield news;
    }
  }
}

function parse(block) {
  const fields = { id: "", event: "message", data: "" };
  for (const line of block.split(/\r?\n/u)) {
    const [, name, value] = /^(\w+): ?(.*)$/u.exec(line) ?? [];
    if (name in fields) fields[name] = name === "data" ? fields.data + value : value;
  }
  // A comment keeps the connection open and says nothing.
  return fields.data ? { id: Number(fields.id), event: fields.event, data: JSON.parse(fields.data) } : null;
}
